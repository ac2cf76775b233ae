//! A tariff to come as one operation: what is refused first, what is read back, and what a box that stops half-way knows
//! afterwards (EMOP §22). The meters are simulated.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gatelodge::domain::units::Span;
use gatelodge::domain::{Duty, Quantity};
use gatelodge::meter::driver::Command;
use gatelodge::meter::emop::MeterTime;
use gatelodge::meter::emop::dialect::Request;
use gatelodge::meter::emop::identity::MeterType;
use gatelodge::meter::simulator::{Faults, Setup, TcpMeter};
use gatelodge::meter::tariffs::{Absent, NewTariff, TariffError, TariffWriteShown, WriteState};
use gatelodge::meter::{Config, Deps, Meters, MetersError};
use gatelodge::store::{Options, Store};
use jiff::{SignedDuration, Timestamp};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::driver::{entry, id, operator, quick};
use super::fixture::{SERIAL, never, object, serve, station};

/// A running room with one meter.
struct Fixture {
    room: Arc<Meters>,
    store: Store,
    stop: CancellationToken,
    task: JoinHandle<()>,
    _meters: JoinSet<()>,
    _folder: tempfile::TempDir,
}

fn config() -> Config {
    Config {
        timeout: Span(Duration::from_secs(2)),
        allow_inferred_writes: true,
        ..quick()
    }
}

fn room(folder: &Path, address: std::net::SocketAddr) -> (Arc<Meters>, Store) {
    let store = Store::open(Options::new(folder.join("store"))).unwrap();
    let room = Meters::with_deps(config(), vec![entry(address)], store.clone(), Deps::default()).unwrap();
    (room, store)
}

impl Fixture {
    async fn with(setup: Setup, faults: Faults, now: Timestamp) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let mut meters = JoinSet::new();
        let address = serve(station(setup, faults, &now.to_string()), &mut meters).await;
        let (room, store) = room(folder.path(), address);
        let stop = CancellationToken::new();
        let task = tokio::spawn({
            let (room, stop) = (Arc::clone(&room), stop.clone());
            async move { room.run(stop).await.unwrap() }
        });
        Fixture {
            room,
            store,
            stop,
            task,
            _meters: meters,
            _folder: folder,
        }
    }

    async fn prepaid(faults: Faults) -> Fixture {
        Fixture::with(setup(), faults, Timestamp::now()).await
    }

    async fn write(&self, new: &NewTariff) -> Result<TariffWriteShown, TariffError> {
        self.room.write_tariff(&id(), new, &operator()).await?;
        let until = Instant::now() + Duration::from_secs(60);
        Ok(self.room.settled_tariff_write(&id(), until).await.unwrap().unwrap())
    }

    async fn refused(&self, new: &NewTariff) -> String {
        let refused = self.room.write_tariff(&id(), new, &operator()).await;
        let words = refused.unwrap_err().to_string();
        assert_eq!(self.room.tariff_write(&id()).unwrap(), None, "{words}");
        words
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
        self.store.close().await;
    }
}

/// A prepaying meter with an emergency credit of five pounds.
fn setup() -> Setup {
    let mut setup = Setup::new(SERIAL);
    setup.prepay = true;
    setup.tariff.emergency_credit = "5".parse().unwrap();
    setup
}

fn in_hours(hours: i64) -> String {
    let at = Timestamp::now() + SignedDuration::from_hours(hours);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn new() -> NewTariff {
    NewTariff {
        unit_rate: "0.2345".to_owned(),
        standing_charge: "0.5".to_owned(),
        emergency_credit: None,
        ecredit_availability: None,
        debt_recovery_rate: Some("0.3".to_owned()),
        from: in_hours(48),
        why: "prices of April".to_owned(),
        absent: Absent::Kept,
    }
}

#[tokio::test]
async fn a_tariff_is_written_read_back_and_shown_with_units() {
    let fixture = Fixture::prepaid(Faults::default()).await;
    let new = new();
    let write = fixture.write(&new).await.unwrap();
    assert_eq!(
        (write.state, write.written, write.of),
        (WriteState::Done, 11, 11),
        "{write:?}"
    );
    assert_eq!(write.why, new.why);
    // What was not given is what is in force.
    assert_eq!(write.emergency_credit.words, "£5.00");
    let shown = fixture.room.tariffs(&id()).unwrap();
    let future = shown.future.unwrap();
    assert_eq!(future.unit_rate.unwrap().words, "23.450 p/kWh");
    assert_eq!(future.unit_rate_element_b.unwrap().gbp, "0.2345");
    assert_eq!(future.standing_charge.unwrap().words, "50.000 p/day");
    assert_eq!(future.emergency_credit.unwrap().words, "£5.00");
    assert_eq!(future.debt_recovery_rate.unwrap().words, "30.000 p/day");
    assert_eq!(future.begins.unwrap(), new.from.trim_end_matches('Z'));
    assert!(shown.note.contains("left as they are"));
    assert!(
        shown.active.is_none() && shown.time_switches.is_none(),
        "nobody read them"
    );
    let read = fixture.room.read_tariffs(&id()).await.unwrap();
    assert_eq!(read.active.unwrap().unit_rate.unwrap().words, "23.812 p/kWh");
    let switches = read.time_switches.unwrap();
    assert_eq!(switches.element_a_or_single.unwrap(), "00".repeat(80));
    fixture.stop().await;
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_before_anything_is_written() {
    let fixture = Fixture::prepaid(Faults::default()).await;
    for (change, words) in [
        (
            (|new| new.from = in_hours(-1)) as fn(&mut NewTariff),
            "has passed by the meter's own clock, where it is 20",
        ),
        (|new| new.unit_rate = "0.234567".to_owned(), "at most 5 digits"),
        (|new| new.standing_charge = "-0.1".to_owned(), "not below zero"),
        (|new| new.ecredit_availability = Some("99999".to_owned()), "cannot hold"),
        (|new| new.why = String::new(), "a reason is needed"),
    ] {
        let mut new = new();
        change(&mut new);
        let said = fixture.refused(&new).await;
        assert!(said.contains(words), "{said}");
    }
    fixture.room.set_duty(&id(), Duty::Off).await.unwrap();
    let off = fixture.refused(&new()).await;
    assert!(off.contains("is not served"), "{off}");
    fixture.stop().await;
}

#[tokio::test]
async fn a_moment_with_an_offset_is_an_instant_by_the_meters_own_clock() {
    let fixture = Fixture::prepaid(Faults::default()).await;
    let on = Command::Ask(Request::Write(object("daylight_savings_correction_flag"), vec![1]));
    fixture.room.carry_out(&id(), on, &operator(), never()).await.unwrap();
    let summer = Timestamp::now().strftime("%Y").to_string().parse::<i16>().unwrap() + 1;
    let at = |from: String| NewTariff { from, ..new() };
    for (given, begins) in [
        (
            format!("{summer}-07-01T00:00:00+01:00"),
            format!("{summer}-07-01T00:00:00"),
        ),
        (format!("{summer}-07-01T00:00:00Z"), format!("{summer}-07-01T01:00:00")),
        (format!("{summer}-07-01T00:00:00"), format!("{summer}-07-01T00:00:00")),
    ] {
        let write = fixture.write(&at(given.clone())).await.unwrap();
        assert_eq!(write.state, WriteState::Done, "{write:?}");
        let future = fixture.room.tariffs(&id()).unwrap().future.unwrap();
        assert_eq!(future.begins, Some(begins), "{given}");
    }
    for (given, words) in [
        ("2027-03-28T01:30:00", "does not exist by the meter's own clock"),
        ("2027-10-31T01:30:00", "comes twice by the meter's own clock"),
    ] {
        let refused = fixture
            .room
            .write_tariff(&id(), &at(given.to_owned()), &operator())
            .await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(words) && !refused.contains("UTC"), "{refused}");
    }
    fixture.stop().await;
}

#[tokio::test]
async fn a_dry_run_is_refused_for_what_the_meter_said_last() {
    let whole = || NewTariff {
        emergency_credit: Some("5".to_owned()),
        ecredit_availability: Some("2".to_owned()),
        ..new()
    };
    let now = Timestamp::now();
    let fixture = Fixture::with(setup(), Faults::default(), now - SignedDuration::from_secs(90)).await;
    fixture.room.plan_tariff(&id(), &whole()).unwrap();
    let clock = Command::Ask(Request::Read(object("time")));
    fixture
        .room
        .carry_out(&id(), clock, &operator(), never())
        .await
        .unwrap();
    let off = fixture.room.plan_tariff(&id(), &whole()).unwrap_err();
    assert!(matches!(off, TariffError::MeterClock { .. }), "{off}");
    fixture.stop().await;

    // What begins soon is not written over, and so not planned.
    let fixture = Fixture::prepaid(Faults::default()).await;
    let soon = Timestamp::now() + SignedDuration::from_mins(4);
    let from = soon.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    assert_eq!(
        fixture.write(&NewTariff { from, ..whole() }).await.unwrap().state,
        WriteState::Done
    );
    let planned = fixture.room.plan_tariff(&id(), &whole()).unwrap_err();
    assert!(matches!(planned, TariffError::Imminent { .. }), "{planned}");
    let written = fixture
        .room
        .write_tariff(&id(), &whole(), &operator())
        .await
        .unwrap_err();
    assert_eq!(planned.to_string(), written.to_string());
    fixture.stop().await;
}

#[tokio::test]
async fn a_meter_that_is_not_as_it_should_be_is_not_written_to() {
    let none = Faults::default();
    let late = Timestamp::now() - SignedDuration::from_secs(90);
    let fixture = Fixture::with(setup(), none, late).await;
    let said = fixture.refused(&new()).await;
    assert!(said.contains("s off") && said.contains("set it first"), "{said}");
    fixture.stop().await;

    let mut credit = setup();
    credit.prepay = false;
    let fixture = Fixture::with(credit, none, Timestamp::now()).await;
    let said = fixture.refused(&new()).await;
    assert!(said.contains("debt_recovery_rate counts only where"), "{said}");
    let plain = NewTariff {
        debt_recovery_rate: None,
        ..new()
    };
    assert_eq!(fixture.write(&plain).await.unwrap().state, WriteState::Done);
    fixture.stop().await;

    let mut three = Setup::new(SERIAL);
    three.three_phase = Some(MeterType::AxWholeCurrent);
    let fixture = Fixture::with(three, none, Timestamp::now()).await;
    let said = fixture.refused(&new()).await;
    assert!(said.contains("three phase meter"), "{said}");
    fixture.stop().await;

    let another = Setup::new("EML2137580999");
    let fixture = Fixture::with(another, none, Timestamp::now()).await;
    let said = fixture.refused(&new()).await;
    assert!(
        said.contains("another meter answers") && said.contains("EML2137580999"),
        "{said}"
    );
    fixture.stop().await;
}

#[tokio::test]
async fn what_the_meter_holds_otherwise_is_told_and_does_not_begin() {
    // It takes a price without a word and keeps the old one: the moment is not written then.
    let deaf = Faults {
        deaf_to: Some(object("tariff_future_standing_charge")),
        ..Faults::default()
    };
    let fixture = Fixture::prepaid(deaf).await;
    let write = fixture.write(&new()).await.unwrap();
    assert_eq!((write.state, write.written), (WriteState::Differs, 10), "{write:?}");
    assert_eq!(write.differs[0].object, "tariff_future_standing_charge");
    assert_eq!(write.differs[0].wanted, "50.000 p/day");
    assert_eq!(write.differs[0].held, "0.000 p/day");
    assert!(write.words.ends_with("it does not begin"), "{}", write.words);
    let held = fixture.room.show(&id()).unwrap();
    let held = held.value(Quantity::TariffsFuture).unwrap();
    assert_eq!(held["activation_datetime"], "2000-01-01T00:00:00");
    assert_eq!(held["unit_rate_element_a"], "0.2345", "what was read back is known");
    fixture.stop().await;

    // An older tariff to come is still there: what is half-written would begin with it, and that is said.
    let fixture = Fixture::prepaid(deaf).await;
    let older = Timestamp::now() + SignedDuration::from_hours(24);
    let older = MeterTime::of(older).unwrap().to_bytes().to_vec();
    let older = Command::Ask(Request::Write(object("tariff_future_activation_datetime"), older));
    fixture
        .room
        .carry_out(&id(), older, &operator(), never())
        .await
        .unwrap();
    let write = fixture.write(&new()).await.unwrap();
    assert!(
        write.words.contains("the meter still begins what it holds at"),
        "{}",
        write.words
    );
    fixture.stop().await;

    // It refuses one object.
    let refuses = Faults {
        nak_object: Some(object("tariff_future_gas")),
        ..Faults::default()
    };
    let fixture = Fixture::prepaid(refuses).await;
    let write = fixture.write(&new()).await.unwrap();
    assert_eq!((write.state, write.written), (WriteState::Differs, 8), "{write:?}");
    assert!(write.trouble.unwrap().contains("tariff_future_gas: "));
    fixture.stop().await;

    // It refuses all.
    let refuses = Faults {
        nak_writes: true,
        ..Faults::default()
    };
    let fixture = Fixture::prepaid(refuses).await;
    let write = fixture.write(&new()).await.unwrap();
    assert_eq!((write.state, write.written), (WriteState::Differs, 0), "{write:?}");
    fixture.stop().await;
}

#[tokio::test]
async fn a_meter_that_goes_silent_is_gone_on_with_and_one_that_forgot_does_not_begin() {
    let folder = tempfile::tempdir().unwrap();
    let mut meters = JoinSet::new();
    let slow = Faults {
        slow: Duration::from_millis(60),
        ..Faults::default()
    };
    let now = Timestamp::now().to_string();
    let address = serve(station(setup(), slow, &now), &mut meters).await;
    let (room, store) = room(folder.path(), address);
    let new = new();
    room.write_tariff(&id(), &new, &operator()).await.unwrap();
    // A part of it by another way would be overwritten, or overwrite.
    let gas = Request::Write(object("tariff_future_gas"), vec![0; 4]);
    let part = room.carry_out(&id(), Command::Ask(gas), &operator(), never()).await;
    assert!(matches!(part, Err(MetersError::TariffUnderWay(_))), "{part:?}");
    while room.tariff_write(&id()).unwrap().unwrap().written < 5 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    meters.shutdown().await;
    let until = Instant::now() + Duration::from_secs(60);
    let halted = room.settled_tariff_write(&id(), until).await.unwrap().unwrap();
    assert_eq!(halted.state, WriteState::Halted, "{halted:?}");
    assert!(
        halted.trouble.is_some() && (5..11).contains(&halted.written),
        "{halted:?}"
    );

    // The same serial at the same place, but nothing of what was written is there any more.
    let forgetful = station(setup(), Faults::default(), &now);
    let again = TcpMeter::listen(address, forgetful).await.unwrap();
    meters.spawn(async move { again.run().await.unwrap() });
    let begun = room.write_tariff(&id(), &new, &operator()).await.unwrap();
    assert_eq!(begun.written, halted.written, "it goes on where it was");
    let differs = room.settled_tariff_write(&id(), until).await.unwrap().unwrap();
    assert_eq!(
        (differs.state, differs.written),
        (WriteState::Differs, 10),
        "{differs:?}"
    );
    // Then it begins anew.
    room.write_tariff(&id(), &new, &operator()).await.unwrap();
    let done = room.settled_tariff_write(&id(), until).await.unwrap().unwrap();
    assert_eq!((done.state, done.written), (WriteState::Done, 11), "{done:?}");
    store.close().await;
}

#[tokio::test]
async fn a_dry_run_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (room, store) = room(folder.path(), listener.local_addr().unwrap());
    let unknown = room.plan_tariff(&id(), &new());
    assert!(matches!(unknown, Err(TariffError::NotKnown { .. })), "{unknown:?}");
    let whole = NewTariff {
        emergency_credit: Some("5".to_owned()),
        ecredit_availability: Some("2".to_owned()),
        ..new()
    };
    let frames = room.plan_tariff(&id(), &whole).unwrap();
    assert_eq!(frames.len(), 11);
    assert_eq!(frames[3].means, "23.450 p/kWh");
    assert!(frames[3].frame.starts_with("7e"), "{}", frames[3].frame);
    assert!(frames[3].frame.contains("01fff83901"), "{}", frames[3].frame);
    assert_eq!(frames[10].object, "tariff_future_activation_datetime");
    let heard = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
    assert!(heard.is_err(), "nobody was asked");
    assert_eq!(room.tariff_write(&id()).unwrap(), None);
    store.close().await;
}
