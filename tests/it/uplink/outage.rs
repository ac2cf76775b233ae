//! Boxes and brokers that go away in the middle, and what arrives all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use gatelodge::domain::{Event, MeterNews, Quantity, Seq};
use gatelodge::meter::emop::dialect::InferredWrites;
use gatelodge::meter::emop::{Dialect, Inferred};
use gatelodge::meter::simulator::{Faults, Now, Setup, SimulatedMeter, Station, TcpMeter};
use gatelodge::store::{Delivery, Options, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::broker::{Broker, Witness};
use super::clock::{Shifted, options};
use super::fixture::{Fixture, SERIAL, written};
use super::platform::{Platform, Taken};
use crate::support::{TestBox, eventually};

/// The numbers of readings that arrived, by meter, each at its first arrival.
fn arrived(witness: &Witness) -> BTreeMap<String, Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut arrived: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for heard in witness.heard() {
        let Some(rest) = heard.topic.strip_prefix("emop/lodge-1/meter/") else {
            continue;
        };
        let Some(meter) = rest.strip_suffix("/reading") else {
            continue;
        };
        let number = heard.json()["seq"].as_str().unwrap().to_owned();
        if seen.insert(number.clone()) {
            arrived.entry(meter.to_owned()).or_default().push(number);
        }
    }
    arrived
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reading_arrives_in_order_while_the_broker_comes_and_goes() {
    let mut broker = Broker::start();
    let witness = broker.witness();
    let folder = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::start(folder.path(), &broker.section());
    for round in 0..6 {
        tokio::join!(fixture.many(SERIAL, 150), fixture.many("EML2", 150));
        match round % 3 {
            0 => broker.stop(),
            1 => broker.run(),
            _ => {
                fixture.stop().await;
                fixture.many("EML3", 20).await;
                fixture.run();
            }
        }
    }
    fixture.drained().await;
    let wanted = written(&fixture.store).await;
    assert_eq!(wanted.values().map(Vec::len).sum::<usize>(), 6 * 300 + 2 * 20);
    eventually("everything arrived", || (arrived(&witness) == wanted).then_some(()));
}

/// Every so often of a day.
const STEP: SignedDuration = SignedDuration::from_mins(5);
const STEPS: i32 = 24 * 60 / 5;

/// Time and value of each reading of a meter in the journal, in order.
async fn dated(store: &Store, meter: &str) -> Vec<(Timestamp, Value)> {
    let (mut tail, mut found) = (store.tail(Seq::ZERO), Vec::new());
    while found.len() <= STEPS.unsigned_abs() as usize {
        let Delivery::Entry(entry) = tail.next().await.unwrap() else {
            panic!("nothing was pruned")
        };
        for event in &entry.events {
            if let Event::Meter {
                meter: of,
                news: MeterNews::Read { values },
            } = event
                && of.as_str() == meter
            {
                found.push((entry.at, values.values().next().unwrap().clone()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_values_of_a_day_without_a_link_arrive_in_order_with_their_own_times() {
    // For so long the link is really refused, in seconds; the day is one by the clock of the book.
    let refused: u64 = std::env::var("GATELODGE_TEST_UPLINK_REFUSED").map_or(0, |text| text.parse().unwrap());
    let mut broker = Broker::start();
    let witness = broker.witness();
    broker.stop();
    let folder = tempfile::tempdir().unwrap();
    let (clock, now) = (Arc::new(Shifted::default()), Timestamp::now());
    clock.set(now - STEP * STEPS);
    let section = broker.section().replace("kind = \"mqtt\"", "kind = \"cumulocity\"");
    let fixture = Fixture::start_with(options(folder.path(), &clock), &section);
    let mut pace = tokio::time::interval(Duration::from_millis(
        (refused * 1_000 / STEPS.unsigned_abs() as u64).max(1),
    ));
    for step in 0..=STEPS {
        clock.set(now - STEP * (STEPS - step));
        fixture
            .says(SERIAL, &[(Quantity::Voltage, json!(step))], Vec::new())
            .await;
        fixture
            .says("EML2", &[(Quantity::Csq, json!(STEPS - step))], Vec::new())
            .await;
        pace.tick().await;
    }
    clock.set_right();
    let shown = fixture.uplink.shown();
    assert!(
        shown.sessions == 0 && shown.faults.iter().all(|fault| fault.kind == "tcp"),
        "{shown:?}"
    );
    assert!(
        shown.backlog_rows > 2 * STEPS.unsigned_abs() as u64 && shown.oldest_s > 86_000,
        "{shown:?}"
    );
    broker.run();
    // The next try comes after three minutes at most, and is the last; one may just have been refused.
    let most = fixture.uplink.shown().faults.len() + 1;
    while fixture.uplink.shown().connected_since.is_none() {
        let shown = fixture.uplink.shown();
        assert!(shown.faults.len() <= most, "{shown:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    fixture.drained().await;
    for (meter, series) in [(SERIAL, "voltage"), ("EML2", "csq")] {
        let wanted: Vec<(String, String)> = dated(&fixture.store, meter)
            .await
            .into_iter()
            .map(|(at, value)| (format!("{at:.3}"), value.to_string()))
            .collect();
        let child = format!("lodge-1-meter-{}", meter.to_lowercase());
        let mut platform = Platform::default();
        eventually("all of it arrived, each with its time", || {
            platform.look(&broker, &witness);
            let of_series = |taken: &&Taken| {
                taken.child == child && !taken.transient && taken.fields.get(4).is_some_and(|is| is == series)
            };
            let taken = platform.lines.iter().filter(of_series);
            let arrived: Vec<_> = taken
                .map(|taken| (taken.fields[2].clone(), taken.fields[5].clone()))
                .collect();
            (arrived == wanted).then_some(())
        });
        let moment = |place: usize| wanted[place].0.parse::<Timestamp>().unwrap();
        assert!(moment(wanted.len() - 1).duration_since(moment(0)) >= SignedDuration::from_hours(24) - STEP);
    }
}

/// Meters that answer for as long as the set lives, as sections of a configuration.
pub(super) async fn fleet(count: usize, running: &mut JoinSet<()>) -> String {
    let mut sections = String::from("[meters]\nrequest_gap = \"1ms\"\nbackfill = \"1h\"\n");
    for number in 0..count {
        let serial = format!("EML900000{number:04}");
        let dialect = Dialect::new(Inferred::default(), InferredWrites::Allowed).unwrap();
        let meter = SimulatedMeter::new(Setup::new(&serial), dialect, &Faults::default());
        let station = Station::new(
            meter,
            Faults::default(),
            Now::Frozen("2026-02-10T12:00:00Z".parse().unwrap()),
        );
        let meter = TcpMeter::listen("127.0.0.1:0".parse().unwrap(), station).await.unwrap();
        sections += &format!(
            "[[meter]]\nserial = \"{serial}\"\nlink = \"tcp://{}\"\n",
            meter.address()
        );
        running.spawn(async move {
            let _ = meter.run().await;
        });
    }
    sections
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reading_arrives_in_order_though_box_and_broker_are_killed_in_turn() {
    let kills: usize = std::env::var("GATELODGE_TEST_UPLINK_KILLS").map_or(4, |kills| kills.parse().unwrap());
    let mut running = JoinSet::new();
    let meters = fleet(4, &mut running).await;
    let (heard, running) = tokio::task::spawn_blocking(move || killed_in_turn(&meters, kills))
        .await
        .unwrap();
    let store = Store::open(Options::new(running.dir.join("data/store"))).unwrap();
    let wanted = written(&store).await;
    assert!(
        wanted.len() == 4 && wanted.values().all(|readings| !readings.is_empty()),
        "{wanted:?}"
    );
    eventually("everything arrived", || (arrived(&heard.1) == wanted).then_some(()));
}

/// Traffic, kills, and then quiet; the box is stopped at the end.
fn killed_in_turn(meters: &str, kills: usize) -> ((Broker, Witness), TestBox) {
    let mut broker = Broker::start();
    let witness = broker.witness();
    let mut running = TestBox::start_with(&(broker.section() + meters));
    let poll = |running: &TestBox| {
        for number in 0..4 {
            let serial = format!("EML900000{number:04}");
            running.command(&["mediators", "sync", &serial]);
        }
    };
    for kill in 0..kills {
        let before = witness.heard().len();
        poll(&running);
        // Every other time in the middle of it, else before anything was said.
        if kill % 4 > 1 {
            eventually("something is heard", || (witness.heard().len() > before).then_some(()));
        }
        if kill % 2 == 0 {
            running.kill();
            running.run();
        } else {
            broker.stop();
            poll(&running);
            running.kill();
            running.run();
            poll(&running);
            eventually("it waits", || {
                running.json(&["uplink", "status"])["backlog_rows"]
                    .as_u64()
                    .filter(|rows| *rows > 0)
            });
            broker.run();
        }
    }
    poll(&running);
    running.stop();
    // Now nothing more is asked, and what is known is told.
    running.configure(&broker.section());
    running.run();
    eventually("nothing waits", || {
        let shown = running.json(&["uplink", "status"]);
        (shown["backlog_rows"] == 0 && shown["connected_since"].is_string()).then_some(())
    });
    running.stop();
    ((broker, witness), running)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_journal_could_not_keep_is_told_as_lost_and_the_rest_arrives() {
    let mut broker = Broker::unstarted();
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        journal_bytes: 256 << 10,
        segment_bytes: 32 << 10,
        ..Options::new(folder.path().join("book"))
    };
    let fixture = Fixture::start_with(options, &broker.section());
    fixture.many(SERIAL, 3_000).await;
    broker.run();
    let witness = broker.witness();
    fixture.drained().await;
    let readings = format!("emop/lodge-1/meter/{SERIAL}/reading");
    witness.until(&readings, |heard| heard.json()["power_w"] == 2_999);
    let powers: Vec<u64> = witness
        .on(&readings)
        .iter()
        .map(|heard| heard.json()["power_w"].as_u64().unwrap())
        .collect();
    assert!(powers.len() < 3_000 && powers.is_sorted(), "{} arrived", powers.len());
    let lost = witness
        .until("emop/lodge-1/alarm/uplink_DataLoss/appliance", |_| true)
        .json();
    assert_eq!((&lost["active"], &lost["lane"]), (&true.into(), &"measurement".into()));
    assert!(fixture.uplink.shown().lost > 0);
}
