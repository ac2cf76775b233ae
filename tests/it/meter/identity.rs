//! Which meter answers on a line: another one, one that is exchanged, and what `meter add` says of it.

use std::sync::Arc;
use std::time::Duration;

use gatelodge::domain::units::Span;
use gatelodge::domain::{Health, Lane, MeterNews, Quality, Quantity, Register};
use gatelodge::meter::driver::Command;
use gatelodge::meter::emop::dialect::Request;
use gatelodge::meter::emop::identity::MeterType;
use gatelodge::meter::simulator::{Faults, Setup};
use gatelodge::meter::{Config, Every, Meters, MetersError, Polling};
use gatelodge::store::readings::Readings;
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::command::Simulation;
use super::driver::{entry, id, operator, quick};
use super::fixture::{SERIAL, never, object, serve, station};
use super::half_hours::{Fixture, ago, running, store};
use super::polling::{news_until, read, shown_when};
use crate::support::TestBox;
use crate::support::test_box::CONFIG;

const OTHER: &str = "EML2137580952";

/// Everything is polled.
fn config() -> Config {
    Config {
        polling: Polling {
            half_hours: Every::Each(Span::seconds(10)),
            ..Polling::default()
        },
        timeout: Span(Duration::from_secs(5)),
        ..quick()
    }
}

fn stored(fixture: &Fixture) -> usize {
    let readings = Readings::new(fixture.store.clone());
    let all = Register::ALL.iter();
    all.map(|register| readings.between(&id(), *register, ago(24 * 60), Timestamp::MAX).count())
        .sum()
}

#[tokio::test]
async fn nothing_of_another_meter_is_filed_and_the_right_one_is_believed_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let mut meters = JoinSet::new();
    let mut setup = Setup::new(OTHER);
    setup.twin = true;
    let address = serve(station(setup, Faults::default(), "2026-02-10T12:00:00Z"), &mut meters).await;
    let fixture = Fixture::start(&store, address, config());
    let says = |news: &MeterNews| matches!(news, MeterNews::Another { says } if says == OTHER);
    let heard = news_until(&store, |heard| heard.iter().any(|(_, news)| says(news))).await;
    assert!(heard.iter().all(|(lane, _)| *lane == Lane::Critical), "{heard:?}");
    let shown = shown_when(&fixture.room, |shown| shown.identity.is_some()).await;
    assert!(shown.values.is_empty() && shown.half_hours.is_none(), "{shown:?}");
    assert_eq!(shown.health, Health::Unhealthy);
    assert!(
        shown.health_details.contains(OTHER) && shown.health_details.contains(SERIAL),
        "{}",
        shown.health_details
    );
    // Who asks the line gets its answer, and it is not filed; a token is not given to another flat's meter.
    let balance = Command::Ask(Request::Read(object("prepay_balance")));
    fixture
        .room
        .carry_out(&id(), balance, &operator(), never())
        .await
        .unwrap();
    let token = Request::Write(object("prepay_token_send"), b"71466394621589161020".to_vec());
    let refused = fixture
        .room
        .carry_out(&id(), Command::Ask(token), &operator(), never())
        .await;
    assert!(matches!(refused, Err(MetersError::Another { .. })), "{refused:?}");
    assert!(fixture.room.show(&id()).unwrap().values.is_empty());
    assert_eq!(stored(&fixture), 0);

    meters.shutdown().await;
    let right = station(Setup::new(SERIAL), Faults::default(), "2026-02-10T12:00:00Z");
    let back = gatelodge::meter::simulator::TcpMeter::listen(address, right)
        .await
        .unwrap();
    meters.spawn(async move { back.run().await.unwrap() });
    fixture.room.poll_now(&id()).unwrap();
    let heard = news_until(&store, |heard| read(heard, Quantity::Balance).is_some()).await;
    assert!(
        heard
            .iter()
            .any(|(lane, news)| *lane == Lane::Critical && *news == MeterNews::Itself)
    );
    let shown = shown_when(&fixture.room, |shown| shown.health == Health::Healthy).await;
    assert!(
        shown
            .identity
            .is_some_and(|identity| !identity.another && identity.right.is_some())
    );
    fixture.stop().await;
    store.close().await;
}

#[tokio::test]
async fn a_three_phase_meter_is_known_by_the_serial_that_people_know() {
    for kind in [MeterType::AxWholeCurrent, MeterType::CxCtOperated] {
        for (serial, right) in [(SERIAL, true), (OTHER, false)] {
            let folder = tempfile::tempdir().unwrap();
            let store = store(&folder);
            let mut meters = JoinSet::new();
            let mut setup = Setup::new(serial);
            setup.three_phase = Some(kind);
            let address = serve(station(setup, Faults::default(), "2026-02-10T12:00:00Z"), &mut meters).await;
            let fixture = Fixture::start(&store, address, config());
            // The object of single phase meters answers, in another form.
            let asked = Command::Ask(Request::Read(object("serial")));
            let said = fixture
                .room
                .carry_out(&id(), asked, &operator(), never())
                .await
                .unwrap();
            assert!(said[5..].starts_with(b"EMP1"), "{said:?}");
            let shown = shown_when(&fixture.room, |shown| shown.identity.is_some()).await;
            assert_eq!(shown.identity.unwrap().another, !right, "{kind:?} {serial}");
            fixture.stop().await;
        }
    }
}

#[tokio::test]
async fn a_meter_that_is_exchanged_is_noticed_by_its_registers_and_what_came_since_is_not_vouched_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let mut meters = JoinSet::new();
    let address = serve(running(20, Faults::default()), &mut meters).await;
    let mut only = config();
    only.polling = Polling {
        half_hours: Every::Each(Span::seconds(10)),
        reads: Every::Each(Span::seconds(3_600)),
        ..Polling::off()
    };
    let fixture = Fixture::start(&store, address, only);
    shown_when(&fixture.room, |shown| {
        let fetched = shown.half_hours.is_some_and(|half_hours| half_hours.open == 0);
        fetched && shown.value(Quantity::ImportA).is_some()
    })
    .await;
    let before = stored(&fixture);
    assert!(before > 0);
    // Another takes its place on the same line; its registers stand elsewhere.
    meters.shutdown().await;
    let faults = Faults {
        exchange_after: Some(0),
        ..Faults::default()
    };
    let back = gatelodge::meter::simulator::TcpMeter::listen(address, running(20, faults))
        .await
        .unwrap();
    meters.spawn(async move { back.run().await.unwrap() });
    fixture.room.poll_now(&id()).unwrap();
    let shown = shown_when(&fixture.room, |shown| {
        shown.identity.as_ref().is_some_and(|identity| identity.another)
    })
    .await;
    // Where the meter itself said nothing new since it was last certain, what it said stands.
    let import = &shown.values[&Quantity::ImportA];
    assert!(import.quality == Quality::Gap, "{import:?}");
    // What was read since the last certain word is in the book as nobody's word.
    let readings = Readings::new(fixture.store.clone());
    let all = readings.between(&id(), Register::ImportA, ago(30), Timestamp::MAX);
    assert!(
        all.map(|reading| reading.unwrap())
            .all(|reading| reading.quality == Quality::Estimated)
    );
    assert_eq!(stored(&fixture), before, "nothing of the other is among them");
    fixture.stop().await;
    store.close().await;
}

#[tokio::test]
async fn no_answer_is_no_other_meter() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let mut meters = JoinSet::new();
    let faults = Faults {
        drop_rate: gatelodge::meter::simulator::Rate::ALWAYS,
        ..Faults::default()
    };
    let address = serve(station(Setup::new(OTHER), faults, "2026-02-10T12:00:00Z"), &mut meters).await;
    let room = Meters::new(config(), vec![entry(address)], store.clone()).unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&room).run(stop.clone()));
    let shown = shown_when(&room, |shown| shown.health == Health::Unhealthy).await;
    assert_eq!(shown.identity, None);
    stop.cancel();
    running.await.unwrap().unwrap();
    store.close().await;
}

#[test]
fn a_meter_is_asked_who_it_is_before_it_is_added() {
    let (_right, printed) = Simulation::start(&["--listen", "127.0.0.1:0", "--serial", SERIAL], 1);
    let link = format!("tcp://{}", printed[0]["address"].as_str().unwrap());
    let running = TestBox::start_with(&format!("{CONFIG}[meters]\nrequest_gap = \"10ms\"\ntimeout = \"2s\"\n"));
    let add = |serial: &str, link: &str| {
        let output = running.command(&["meter", "add", serial, "--link", link]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, _, said) = add(OTHER, &link);
    assert_eq!(code, Some(5), "{said}");
    assert!(
        said.contains(&format!("another meter answers: {SERIAL}, expected {OTHER}")),
        "{said}"
    );
    assert_eq!(
        running.json(&["meter", "list"]),
        serde_json::json!([]),
        "nothing was changed"
    );
    let (code, said, _) = add(SERIAL, &link);
    assert_eq!(code, Some(0));
    assert!(said.contains(&format!("answers as {SERIAL}")), "{said}");
    // One line leads to one meter.
    let (code, _, said) = add(OTHER, &link);
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains(&format!("is the one of meter {SERIAL}")), "{said}");
    // A meter without a line is in the registry, and it is said.
    let nobody = format!("tcp://127.0.0.1:{}", crate::support::pebble::free_port());
    let (code, said, _) = add(OTHER, &nobody);
    assert_eq!(code, Some(0));
    assert!(said.contains("it does not answer"), "{said}");
    assert_eq!(running.json(&["meter", "list"]).as_array().unwrap().len(), 2);
}

#[test]
fn two_meters_on_one_line_are_a_fault_of_the_configuration() {
    let entry = |serial: &str| format!("[[meter]]\nserial = \"{serial}\"\nlink = \"tcp://10.0.0.7:8080\"\n");
    let running = TestBox::unstarted(&(entry(SERIAL) + &entry(OTHER)));
    let output = running.command(&["check-config"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(&format!("{OTHER} has the link of {SERIAL}")), "{said}");
}
