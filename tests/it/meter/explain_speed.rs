//! What it costs to explain a year, beside reading the same rows from the book:
//! `cargo test --release --test it meter::explain_speed -- --ignored --nocapture`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gatelodge::domain::{MeterNews, MeterState, Reading, Register, WattHours};
use gatelodge::meter::explain::{Detail, Period, StatementShown};
use gatelodge::meter::{Entry, Meters};
use gatelodge::store::meter_money::{MoneySeen, Terms, TermsRead};
use gatelodge::store::meters::{Meters as Registry, MetersWriter, Note};
use gatelodge::store::readings::{Batch, Readings, ReadingsWriter};
use gatelodge::store::{Options, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::driver::{entry, id, quick};
use crate::book::clock::SetClock;

const BEGINS: &str = "2025-01-01T00:00:00Z";
const DAYS: i64 = 365;
const HALF_HOURS: i64 = DAYS * 48;
/// Days on which another tariff begins.
const TARIFFS: [i64; 4] = [0, 90, 181, 273];
const ROUNDS: usize = 21;
/// How many times longer than reading the rows it may take.
const MOST: f64 = 3.0;

fn after(hours: i64) -> Timestamp {
    BEGINS.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
}

fn tariff(number: usize) -> TermsRead {
    let rate = format!("0.23{number}17");
    let tariff = json!({
        "standing_charge": "0.51083", "unit_rate_element_a": rate, "unit_rate_element_b": rate,
        "threshold_mask": { "rate1": 0 }, "threshold_values": { "th1": 0 }, "prepayment_debt_recovery_rate": "0.33331",
        "element_b_tou_rate": 0, "block_rate": 0,
    });
    let begins = after(24 * TARIFFS[number]);
    TermsRead {
        at: begins + SignedDuration::from_hours(1),
        seen: begins,
        plan: (number > 0).then_some(begins),
        terms: Terms {
            tariff: tariff.as_object().unwrap().clone(),
            daylight: Some(true),
            prepay: Some(true),
        },
    }
}

/// A balance at six each morning, a payment by the meter's own log each week, and the tariffs.
async fn write_money(store: &Store) {
    let writer = MetersWriter::new(store.clone());
    for day in 0..DAYS {
        let units = 5_000_000 - 330_000 * day + 2_400_000 * (day / 7);
        let paid = MeterNews::Logged {
            at: after(24 * day),
            id: 48,
            set: 7,
            name: None,
            alarm: false,
        };
        let money = MoneySeen {
            balances: vec![(after(24 * day + 6), units)],
            terms: TARIFFS.iter().position(|begins| *begins == day).map(tariff),
        };
        let note = Note {
            meter: id(),
            state: MeterState::default(),
            news: if day > 0 && day % 7 == 0 {
                vec![paid]
            } else {
                Vec::new()
            },
            money,
        };
        writer.note(vec![note]).await.unwrap();
    }
}

async fn write_registers(store: &Store) {
    let readings = (0..=HALF_HOURS).map(|slot| {
        let at = after(0) + SignedDuration::from_mins(30 * slot);
        Reading::measured(at, WattHours(1_000 + 251 * slot.unsigned_abs()), at)
    });
    let batch = Batch {
        meter: id(),
        register: Register::ImportA,
        readings: readings.collect(),
    };
    ReadingsWriter::new(store.clone()).record(vec![batch]).await.unwrap();
    store.seal_readings().await.unwrap();
}

/// The same rows, as the book gives them: half-hours, balances and payments, tariffs.
fn read(store: &Store) -> usize {
    let (readings, registry) = (Readings::new(store.clone()), Registry::new(store.clone()));
    let (from, to) = (after(0), after(24 * DAYS));
    let halves = readings.between(&id(), Register::ImportA, from, to);
    let halves = halves
        .filter(|reading| reading.as_ref().unwrap().value > WattHours(0))
        .count();
    let money = registry.money(&id(), from..to).unwrap();
    assert_eq!((money.balances.len(), money.payments.len()), (365, 52));
    assert_eq!(registry.terms(&id()).unwrap().len(), TARIFFS.len());
    halves
}

fn explained(room: &Meters, detail: Detail) -> StatementShown {
    let period = Period {
        from: "2025-01-01".parse().unwrap(),
        to: "2025-12-31".parse().unwrap(),
        as_far_as_fetched: false,
    };
    let money = room.explain(&id(), (period, detail), &(Timestamp::MIN..Timestamp::MAX));
    money.unwrap().statement.unwrap()
}

fn took<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let done = work();
    (began.elapsed(), done)
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; see tests/README.md"]
async fn a_year_is_explained_in_a_few_times_what_its_rows_take_to_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(folder.path());
    options.clock = Arc::new(SetClock::new("2026-01-02T00:00:00Z", true));
    let store = Store::open(options).unwrap();
    write_money(&store).await;
    write_registers(&store).await;
    let one = Entry {
        hardware: Some("EMA1.w".to_owned()),
        ..entry("127.0.0.1:1".parse().unwrap())
    };
    let room = Meters::new(quick(), vec![one], store.clone()).unwrap();
    let (mut reading, mut lines, mut halves) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (rows, many) = took(|| read(&store));
        assert!(many as i64 >= HALF_HOURS);
        let (short, statement) = took(|| explained(&room, Detail::Lines));
        let of = |kind: &str| statement.lines.iter().filter(|line| line.kind == kind).count();
        assert_eq!((of("step"), of("not_computed")), (52, 0));
        let (long, statement) = took(|| explained(&room, Detail::HalfHours));
        // From the first balance, at six, to the last.
        let counted: usize = statement.lines.iter().map(|line| line.half_hours.len()).sum();
        assert_eq!(counted, (DAYS as usize - 1) * 48);
        reading.push(rows.as_secs_f64() * 1_000.0);
        lines.push(short.as_secs_f64() / rows.as_secs_f64());
        halves.push(long.as_secs_f64() / rows.as_secs_f64());
    }
    let (reading, lines, halves) = (median(reading), median(lines), median(halves));
    println!(
        "a year of one meter, {HALF_HOURS} half-hours, {DAYS} balances, 52 top-ups, {} tariffs: rows read in {reading:.2} ms, \
         explained in {lines:.2} times as long (at most {MOST}), with every half-hour in {halves:.2}",
        TARIFFS.len()
    );
    store.close().await;
    assert!(lines <= MOST, "{lines:.2}");
}
