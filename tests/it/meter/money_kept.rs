//! What is kept of a meter's money (EMOP §23.1): written by the room as it polls, bounded, told apart, and let go.

use std::sync::Arc;
use std::time::Duration;

use gatelodge::domain::{MeterNews, MeterState};
use gatelodge::meter::simulator::{Faults, Setup};
use gatelodge::meter::{Config, Meters, Polling};
use gatelodge::store::meter_money::{MoneySeen, Terms, TermsRead};
use gatelodge::store::meters::{Meters as Registry, MetersWriter, Note};
use gatelodge::store::{Options, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::book::clock::SetClock;

use super::driver::{entry, id, quick};
use super::fixture::{SERIAL, serve, station};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn note(money: MoneySeen, news: Vec<MeterNews>) -> Note {
    Note {
        meter: id(),
        state: MeterState::default(),
        news,
        money,
    }
}

fn terms(rate: &str, daylight: Option<bool>) -> Terms {
    let Value::Object(tariff) = json!({ "unit_rate_element_a": rate }) else {
        unreachable!("it is one")
    };
    Terms {
        tariff,
        daylight,
        prepay: None,
    }
}

async fn read(writer: &MetersWriter, seen: &str, plan: Option<&str>, terms: Terms) {
    let terms = TermsRead {
        at: at(seen) + SignedDuration::from_secs(5),
        seen: at(seen),
        plan: plan.map(at),
        terms,
    };
    let money = MoneySeen {
        terms: Some(terms),
        ..MoneySeen::default()
    };
    writer.note(vec![note(money, Vec::new())]).await.unwrap();
}

#[tokio::test]
async fn a_meter_that_is_polled_leaves_its_balances_and_its_tariff_in_the_book() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(folder.path())).unwrap();
    let mut meters = JoinSet::new();
    let mut setup = Setup::new(SERIAL);
    setup.prepay = true;
    let address = serve(station(setup, Faults::default(), "2026-02-10T12:00:00Z"), &mut meters).await;
    let config = Config {
        polling: Polling::default(),
        ..quick()
    };
    let room = Meters::new(config, vec![entry(address)], store.clone()).unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&room).run(stop.clone()));
    let registry = Registry::new(store.clone());
    let begun = Timestamp::now() - SignedDuration::from_mins(5);
    let mut found = None;
    for _ in 0..3_000 {
        let terms = registry.terms(&id()).unwrap();
        let balances = registry.money(&id(), begun..Timestamp::now()).unwrap().balances;
        let whole = terms
            .first()
            .is_some_and(|one| one.terms.daylight.is_some() && one.terms.prepay.is_some());
        if whole && !balances.is_empty() {
            found = Some((terms, balances));
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (terms, balances) = found.expect("both are written down");
    assert_eq!(
        terms.len(),
        1,
        "the flags that were read later are the same tariff's: {terms:?}"
    );
    let tariff = &terms[0].terms;
    assert_eq!((tariff.daylight, tariff.prepay), (Some(false), Some(true)));
    assert_eq!(tariff.tariff["unit_rate_element_a"], "0.23812");
    assert_eq!(tariff.tariff["threshold_mask"]["rate1"], 0, "all of it, as it was read");
    assert!(balances.iter().all(|(_, units)| *units == 1_000_000), "{balances:?}");
    // What is read again is one more balance, and the same tariff seen later.
    room.poll_now(&id()).unwrap();
    let mut again = Vec::new();
    for _ in 0..3_000 {
        let read = registry.money(&id(), begun..Timestamp::now()).unwrap().balances;
        again = registry.terms(&id()).unwrap();
        if read.len() > balances.len() && again[0].seen > terms[0].seen {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(
        again.len() == 1 && again[0].seen > terms[0].seen && again[0].since == terms[0].since,
        "{again:?}"
    );
    stop.cancel();
    running.await.unwrap().unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_tariff_is_one_row_until_it_is_another_and_begins_when_it_was_to_begin() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(folder.path())).unwrap();
    let (writer, registry) = (MetersWriter::new(store.clone()), Registry::new(store.clone()));
    read(&writer, "2026-02-01T09:00:00Z", None, terms("0.2", None)).await;
    read(&writer, "2026-02-02T09:00:00Z", None, terms("0.2", Some(true))).await;
    // Nobody knows when the next began; of the one after it was said.
    read(&writer, "2026-02-04T09:00:00Z", None, terms("0.3", Some(true))).await;
    read(
        &writer,
        "2026-02-06T09:00:00Z",
        Some("2026-02-05T00:00:00Z"),
        terms("0.4", Some(true)),
    )
    .await;
    // A moment before the last reading of the one before cannot be its beginning.
    read(
        &writer,
        "2026-02-07T09:00:00Z",
        Some("2026-02-03T00:00:00Z"),
        terms("0.2", Some(true)),
    )
    .await;
    let rows = registry.terms(&id()).unwrap();
    let of: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.since,
                row.seen,
                row.planned,
                &row.terms.tariff["unit_rate_element_a"],
            )
        })
        .collect();
    let expected = [
        (
            at("2026-02-01T09:00:00Z"),
            at("2026-02-02T09:00:00Z"),
            false,
            &json!("0.2"),
        ),
        (
            at("2026-02-04T09:00:00Z"),
            at("2026-02-04T09:00:00Z"),
            false,
            &json!("0.3"),
        ),
        (
            at("2026-02-05T00:00:00Z"),
            at("2026-02-06T09:00:00Z"),
            true,
            &json!("0.4"),
        ),
        (
            at("2026-02-07T09:00:00Z"),
            at("2026-02-07T09:00:00Z"),
            false,
            &json!("0.2"),
        ),
    ];
    assert_eq!(of, expected, "{rows:?}");
    assert_eq!(rows[0].terms.daylight, Some(true), "what was not known at first");
    // A flag that is another is another row.
    let flag = Terms {
        prepay: Some(false),
        ..terms("0.2", Some(false))
    };
    read(&writer, "2026-02-07T09:00:00Z", None, flag).await;
    assert_eq!(registry.terms(&id()).unwrap().len(), 5);
    store.close().await;
}

#[tokio::test]
async fn balances_and_payments_are_found_by_day_and_go_when_they_are_old() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(folder.path());
    options.clock = Arc::new(SetClock::new("2026-02-10T12:00:00Z", true));
    let store = Store::open(options).unwrap();
    let (writer, registry) = (MetersWriter::new(store.clone()), Registry::new(store.clone()));
    let begins = at("2026-01-01T06:00:00.123Z");
    for day in 0..40 {
        let read = begins + SignedDuration::from_hours(24 * day);
        let money = MoneySeen {
            balances: vec![(read, 1_000 - day), (read + SignedDuration::from_hours(3), 900 - day)],
            terms: None,
        };
        let logged = |id: u8| MeterNews::Logged {
            at: read,
            id,
            set: 7,
            name: None,
            alarm: false,
        };
        // The same log twice is one payment.
        for _ in 0..2 {
            writer
                .note(vec![note(money.clone(), vec![logged(48), logged(39)])])
                .await
                .unwrap();
        }
    }
    let all = registry.money(&id(), Timestamp::UNIX_EPOCH..Timestamp::MAX).unwrap();
    assert_eq!((all.balances.len(), all.payments.len()), (80, 40));
    assert_eq!((all.balances[0], all.payments[0]), ((begins, 1_000), begins));
    let some = registry
        .money(&id(), at("2026-01-03T23:00:00Z")..at("2026-01-04T01:00:00Z"))
        .unwrap();
    assert_eq!(some.balances.len(), 4, "days are whole");
    assert_eq!(registry.first_balance(&id()).unwrap(), Some(begins));
    let other = "EML1".parse().unwrap();
    assert_eq!(registry.first_balance(&other).unwrap(), None);
    assert!(store.clock_is_trusted());
    let gone = writer.forget_money_before(at("2026-02-01T12:00:00Z")).await.unwrap();
    assert_eq!(
        (gone, registry.first_balance(&id()).unwrap()),
        (31, Some(at("2026-02-01T06:00:00.123Z")))
    );
    store.close().await;
}
