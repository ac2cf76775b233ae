//! What a meter cannot mean is measured by nobody: half-hours and live values that stand for none, dates of other years,
//! registers that leap.

use std::time::Duration;

use gatelodge::domain::{Doubt, HALF_HOUR, Measure, MeterNews, Quality, Quantity, Register};
use gatelodge::meter::emop::identity::MeterType;
use gatelodge::meter::simulator::{Faults, Setup, SlotOfDay};
use gatelodge::meter::{Every, Polling, Span, Totals};
use gatelodge::store::readings::Readings;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::driver::{id, quick};
use super::fixture::{SERIAL, serve, station};
use super::half_hours::{Fixture, ago, config, running, store};
use super::polling::{news_until, read, shown_when};

/// A half-hour some hours ago: when it began, and as the simulator takes it.
fn slot(hours: i64) -> (Timestamp, SlotOfDay) {
    let at = ago(hours).as_second();
    let begins = Timestamp::from_second(at - at.rem_euclid(HALF_HOUR)).unwrap();
    (begins, begins.strftime("%H:%M").to_string().parse().unwrap())
}

/// Fetches all that a meter with these faults holds. Answers the day's imports and how many half-hours are still open.
async fn fetched(faults: Faults, three: Option<MeterType>) -> (Totals, Totals, Fixture, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let mut meters = JoinSet::new();
    let mut station = running(20, faults);
    if three.is_some() {
        let mut setup = Setup::new(SERIAL);
        setup.three_phase = three;
        setup.log_start = gatelodge::meter::emop::MeterTime::of(ago(20)).unwrap();
        station = super::fixture::station(setup, faults, "2026-02-10T12:00:00Z");
        station.set_now(gatelodge::meter::simulator::Now::Running);
    }
    let address = serve(station, &mut meters).await;
    let fixture = Fixture::start(&store, address, config());
    let is_done =
        |shown: &gatelodge::meter::MeterShown| shown.half_hours.is_some_and(|half_hours| half_hours.open == 0);
    shown_when(&fixture.room, is_done).await;
    let span = Span {
        from: ago(16),
        to: Timestamp::now(),
    };
    let totals = |measure| {
        let registers = fixture.room.registers_of(&id(), measure, None).unwrap();
        fixture.room.totals(&id(), registers, span).unwrap()
    };
    let (import, export) = (totals(Measure::Import), totals(Measure::Export));
    (import, export, fixture, folder)
}

/// The half-hours of the day that have no energy, but for the last two, which the meter may not have written yet.
fn gaps(totals: &Totals) -> Vec<Timestamp> {
    let many = totals.intervals.len() - 2;
    let gaps = totals.intervals[..many].iter().filter(|one| one.energy.is_none());
    gaps.map(|one| one.from).collect()
}

#[tokio::test]
async fn a_half_hour_that_stands_for_no_value_is_two_gaps_and_nothing_else() {
    for three in [None, Some(MeterType::AxWholeCurrent), Some(MeterType::CxCtOperated)] {
        let (begins, no_value_at) = slot(5);
        let faults = Faults {
            no_value_at: Some(no_value_at),
            ..Faults::default()
        };
        let (import, export, fixture, _folder) = fetched(faults, three).await;
        let before = begins - SignedDuration::from_secs(HALF_HOUR);
        for totals in [&import, &export] {
            assert_eq!(gaps(totals), [before, begins], "{three:?}");
            let known = totals.intervals.iter().filter_map(|one| one.energy);
            assert!(known.clone().count() >= 27 && known.clone().all(|energy| energy.0 <= 350));
        }
        // Not even the reading stands in the book.
        let registers = Register::ALL.iter().copied();
        let at_it = registers.flat_map(|register| {
            let next = begins + SignedDuration::from_secs(1);
            Readings::new(fixture.store.clone()).between(&id(), register, begins, next)
        });
        assert_eq!(at_it.count(), 0);
        fixture.stop().await;
    }
}

#[tokio::test]
async fn a_record_of_another_year_costs_its_own_two_half_hours() {
    let (begins, misdated_at) = slot(5);
    let faults = Faults {
        misdated_at: Some(misdated_at),
        ..Faults::default()
    };
    let (import, export, fixture, _folder) = fetched(faults, None).await;
    let before = begins - SignedDuration::from_secs(HALF_HOUR);
    for totals in [&import, &export] {
        assert_eq!(gaps(totals), [before, begins]);
    }
    // Nothing is filed under a time that has not been.
    let later = Timestamp::now() + SignedDuration::from_hours(48);
    for register in Register::ALL {
        let ahead = Readings::new(fixture.store.clone()).between(&id(), *register, later, Timestamp::MAX);
        assert_eq!(ahead.count(), 0, "{register:?}");
    }
    fixture.stop().await;
}

#[tokio::test]
async fn live_values_that_stand_for_none_are_gaps_with_a_reason_and_a_debt_is_a_debt() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let mut meters = JoinSet::new();
    let faults = Faults {
        no_value_rate: gatelodge::meter::simulator::Rate::ALWAYS,
        ..Faults::default()
    };
    let address = serve(station(Setup::new(SERIAL), faults, "2026-02-10T12:00:00Z"), &mut meters).await;
    let mut config = quick();
    config.timeout = gatelodge::domain::units::Span(Duration::from_secs(5));
    let hour = Every::Each(gatelodge::domain::units::Span::seconds(3_600));
    config.polling = Polling {
        reads: hour,
        power: hour,
        voltage: hour,
        prepay_balance: hour,
        ..Polling::off()
    };
    let mut entry = super::driver::entry(address);
    entry.hardware = Some("EMA1.w".into());
    let room = gatelodge::meter::Meters::new(config, vec![entry], store.clone()).unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn(std::sync::Arc::clone(&room).run(stop.clone()));
    let heard = news_until(&store, |heard| {
        let doubts =
            |news: &MeterNews| matches!(news, MeterNews::Doubtful { values } if values.contains_key(&Quantity::Power));
        heard.iter().any(|(_, news)| doubts(news)) && read(heard, Quantity::Balance).is_some()
    })
    .await;
    for quantity in [Quantity::ImportA, Quantity::Power, Quantity::Voltage] {
        assert_eq!(read(&heard, quantity), None, "{quantity:?}");
    }
    // All ones in a signed amount: an amount.
    assert_eq!(read(&heard, Quantity::Balance).unwrap(), "-0.00001");
    // One register that is none leaves the others.
    assert!(read(&heard, Quantity::ExportA).is_some_and(|value| value.is_u64()));
    let shown = shown_when(&room, |shown| shown.values.contains_key(&Quantity::Power)).await;
    for quantity in [Quantity::ImportA, Quantity::Power, Quantity::Voltage] {
        let value = &shown.values[&quantity];
        assert_eq!(
            (value.quality, value.why),
            (Quality::Gap, Some(Doubt::NoValue)),
            "{quantity:?}"
        );
        assert!(value.value.is_null(), "{quantity:?}");
    }
    stop.cancel();
    running.await.unwrap().unwrap();
    store.close().await;
}
