//! How fast the outbox is drained, beside `mosquitto_pub` on the same listener of the same broker. By hand:
//! `cargo test --release --test it uplink::speed -- --ignored --nocapture --test-threads 1`.
//!
//! Wanted: messages of quality of service 1 at no less than half the rate of `mosquitto_pub -l`; 100,000 lines a second
//! where lines share messages; a week of half-hours of 500 meters in 64 MiB, drained at 20 times real time or more, with
//! the newest values there within 2 s meanwhile. Broker, box and clients share the machine's cores.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use gatelodge::domain::Quantity;
use gatelodge::store::{Options, Store};
use serde_json::json;

use super::broker::Broker;
use super::fixture::{Fixture, SERIAL};

const ROUNDS: usize = 3;
/// Changes that are written side by side, so that they share groups.
const TOGETHER: u32 = 100;
const METERS: u32 = 500;
/// Half-hours of a week.
const WEEK: u32 = 7 * 48;

/// A broker that logs nothing but faults: a line a message would be most of what is measured.
fn quiet_broker() -> Broker {
    let broker = Broker::unstarted();
    let file = broker.pki.dir.join("mosquitto.conf");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("log_type all", "log_type error")).unwrap();
    broker
}

/// So many readings, a change each.
async fn fill(fixture: &Fixture, count: u32) {
    for begin in (0..count).step_by(TOGETHER as usize) {
        let says = (begin..(begin + TOGETHER).min(count)).map(|number| async move {
            fixture
                .says(SERIAL, &[(Quantity::Power, json!(number))], Vec::new())
                .await;
        });
        join_all(says).await;
    }
}

/// How long it takes until nothing waits.
async fn drain(fixture: &Fixture) -> Duration {
    while fixture.uplink.shown().connected_since.is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let began = Instant::now();
    while fixture.uplink.shown().backlog_rows > 0 {
        assert!(
            began.elapsed().as_secs() < 300,
            "not drained: {:?}",
            fixture.uplink.shown()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    began.elapsed()
}

/// How long `mosquitto_pub -l` takes for so many messages like ours.
fn yardstick(broker: &Broker, count: u32, line: &str) -> Duration {
    let mut child = broker
        .client("mosquitto_pub")
        .args(["-t", "emop/lodge-1/meter/EML1/reading", "-l"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let mut input = BufWriter::new(child.stdin.take().unwrap());
    for _ in 0..count {
        writeln!(input, "{line}").unwrap();
    }
    drop(input);
    assert!(child.wait().unwrap().success());
    began.elapsed()
}

fn rate(count: u32, took: Duration) -> f64 {
    f64::from(count) / took.as_secs_f64()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures, for people to read"]
async fn messages_beside_mosquitto_pub() {
    const COUNT: u32 = 20_000;
    let line = r#"{"at":"2026-02-10T12:00:00.123456Z","seq":"0123456789abcdef.123456.0","power":123456}"#;
    let mut broker = quiet_broker();
    let folder = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::start(folder.path(), &(broker.section() + "live_first = false\n"));
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        fixture.stop().await;
        fill(&fixture, COUNT).await;
        if round == 0 {
            broker.run();
        }
        fixture.run();
        let ours = rate(COUNT, drain(&fixture).await);
        let theirs = rate(COUNT, yardstick(&broker, COUNT, line));
        println!(
            "ours {ours:.0}/s, mosquitto_pub {theirs:.0}/s, ratio {:.2}",
            ours / theirs
        );
        ratios.push(ours / theirs);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "messages, quality of service 1: ratio {:.2} (wanted: 0.5)",
        ratios[ROUNDS / 2]
    );
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures, for people to read"]
async fn lines_that_share_messages() {
    const COUNT: u32 = 200_000;
    let mut broker = quiet_broker();
    let folder = tempfile::tempdir().unwrap();
    let section = broker.section().replace("kind = \"mqtt\"", "kind = \"cumulocity\"");
    let mut fixture = Fixture::start(folder.path(), &(section + "live_first = false\n"));
    broker.run();
    for _ in 0..ROUNDS {
        fixture.stop().await;
        fill(&fixture, COUNT).await;
        fixture.run();
        let lines = rate(COUNT, drain(&fixture).await);
        println!("lines that share messages: {lines:.0}/s (wanted: 100,000/s)");
    }
    fixture.stop().await;
}

/// Hears one topic, line by line.
struct Ear(Child, mpsc::Receiver<String>);

impl Ear {
    fn on(broker: &Broker, topic: &str) -> Ear {
        let mut child = broker
            .client("mosquitto_sub")
            .args(["-t", topic])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (said, heard) = mpsc::channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .take_while(|line| said.send(line.clone()).is_ok())
                .for_each(drop);
        });
        Ear(child, heard)
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The slowest of values said a few times a second for as long as something waits, or `most` of them.
async fn live(fixture: &Fixture, ear: &Ear, most: u32) -> Duration {
    let mut slowest = Duration::ZERO;
    for number in 0..most {
        let value = 1_000_000 + number;
        let began = Instant::now();
        fixture
            .says("EML3", &[(Quantity::Power, json!(value))], Vec::new())
            .await;
        loop {
            let line = ear.1.recv_timeout(Duration::from_secs(30)).expect("it is told");
            if line.contains(&value.to_string()) {
                break;
            }
        }
        slowest = slowest.max(began.elapsed());
        if fixture.uplink.shown().backlog_rows < 10 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    slowest
}

fn mib(store: &Store) -> f64 {
    store.bytes() as f64 / f64::from(1 << 20)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures, for people to read"]
async fn a_week_of_half_hours_of_500_meters() {
    let mut broker = quiet_broker();
    let folder = tempfile::tempdir_in(".").unwrap();
    let usual = broker.section().replace("replay_rate = \"off\"\n", "");
    let serials: Vec<String> = (0..METERS)
        .map(|number| format!("EML{:010}", 2_100_000_000 + number))
        .collect();
    let start = |section: &str| Fixture::start_among(Options::new(folder.path().join("book")), section, &serials);
    let mut fixture = start(&usual);
    let before = mib(&fixture.store);
    for half_hour in 0..WEEK {
        let watt_hours = 1_000_000 + 100 * half_hour;
        for some in serials.chunks(TOGETHER as usize) {
            let says = some.iter().map(|serial| {
                let fixture = &fixture;
                async move {
                    let values = [(Quantity::ImportA, json!(watt_hours))];
                    fixture.says(serial, &values, Vec::new()).await;
                }
            });
            join_all(says).await;
        }
    }
    println!(
        "a week of half-hours of {METERS} meters: {} entries wait in {:.1} MiB (wanted: 64)",
        fixture.uplink.shown().backlog_rows,
        mib(&fixture.store) - before
    );
    // What is younger when its turn comes is not taken for a replay.
    tokio::time::sleep(Duration::from_secs(11)).await;
    broker.run();
    let ear = Ear::on(&broker, "emop/lodge-1/meter/EML3/state");
    while fixture.uplink.shown().connected_since.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (waiting, began) = (fixture.uplink.shown().backlog_rows, Instant::now());
    let slowest = live(&fixture, &ear, 40).await;
    let sent = waiting - fixture.uplink.shown().backlog_rows;
    let of_real_time = |sent: u64, took: Duration| {
        let entries = u32::try_from(sent).unwrap();
        f64::from(entries) * 1800.0 / f64::from(METERS) / took.as_secs_f64()
    };
    println!(
        "at the usual replay rate: {:.0} times real time (wanted: 20), newest values within {slowest:?} (wanted: 2 s)",
        of_real_time(sent, began.elapsed())
    );
    fixture.stop().await;
    let store = fixture.store.clone();
    drop(fixture);
    store.close().await;
    drop(store);

    let mut fixture = start(&broker.section());
    while fixture.uplink.shown().connected_since.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (waiting, began) = (fixture.uplink.shown().backlog_rows, Instant::now());
    let slowest = live(&fixture, &ear, u32::MAX).await;
    println!(
        "without a limit: {waiting} entries in {:?}, {:.0} times real time, newest values within {slowest:?}",
        began.elapsed(),
        of_real_time(waiting, began.elapsed())
    );
    fixture.stop().await;
}
