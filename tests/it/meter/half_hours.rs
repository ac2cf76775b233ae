//! Half-hours from a meter's memory into the book: a new meter, an outage of the box, bad lines, a meter that was off.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use gatelodge::domain::units::Span;
use gatelodge::domain::{Event, Interval, Quality, Quantity, Register, Removal, Seq, SpaceId};
use gatelodge::meter::emop::MeterTime;
use gatelodge::meter::emop::identity::MeterType;
use gatelodge::meter::simulator::{Faults, Now, Setup, Station};
use gatelodge::meter::{Config, Every, Meters, Polling};
use gatelodge::store::readings::Readings;
use gatelodge::store::{Delivery, Options, Store};
use jiff::{SignedDuration, Timestamp};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::driver::{entry, id, quick};
use super::fixture::{SERIAL, serve, station};

/// Half-hours and nothing else.
pub fn config() -> Config {
    Config {
        polling: Polling {
            half_hours: Every::Each(Span::seconds(10)),
            ..Polling::off()
        },
        attempts: 5,
        timeout: Span(Duration::from_secs(5)),
        ..quick()
    }
}

pub fn ago(hours: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(hours)
}

/// A meter whose memory begins so many hours ago and goes on as time does.
pub fn running(since_hours: i64, faults: Faults) -> Station {
    let mut setup = Setup::new(SERIAL);
    setup.twin = true;
    setup.log_start = MeterTime::of(ago(since_hours)).unwrap();
    let mut station = station(setup, faults, "2026-02-10T12:00:00Z");
    station.set_now(Now::Running);
    station
}

pub struct Fixture {
    pub store: Store,
    pub room: Arc<Meters>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Fixture {
    pub fn start(store: &Store, address: std::net::SocketAddr, config: Config) -> Fixture {
        let room = Meters::new(config, vec![entry(address)], store.clone()).unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn({
            let (room, stop) = (Arc::clone(&room), stop.clone());
            async move { room.run(stop).await.unwrap() }
        });
        Fixture {
            store: store.clone(),
            room,
            stop,
            task,
        }
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// Waits until the book has so many half-hours of a register in the last `hours`.
    async fn until(&self, register: Register, hours: i64, many: usize) -> Vec<Interval> {
        let mut found = Vec::new();
        for _ in 0..600 {
            found = held(&self.store, register, hours);
            if found.len() >= many {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} of {many} half-hours of {register:?} arrived", found.len());
    }
}

fn held(store: &Store, register: Register, hours: i64) -> Vec<Interval> {
    let all = Readings::new(store.clone()).intervals(&id(), register, ago(hours), Timestamp::now());
    let all = all.map(|interval| interval.unwrap());
    all.filter(|interval| interval.energy.is_some()).collect()
}

/// How many readings of each register the journal has told of.
async fn told(store: &Store) -> BTreeMap<Register, usize> {
    // Changes of rows alone tell nothing, so the end is marked.
    let end = Event::SpaceRemoved {
        space: SpaceId::from_random([7; 16]),
        why: Removal::Deleted,
    };
    let mark = end.clone();
    let marked = store.write(move |page| {
        page.record(mark);
        Ok::<_, Infallible>(())
    });
    marked.await.unwrap();
    let (mut tail, mut told) = (store.tail(Seq::ZERO), BTreeMap::new());
    while let Delivery::Entry(entry) = tail.next().await.unwrap() {
        for event in entry.events {
            match event {
                Event::ReadingsRecorded { register, count, .. } => {
                    *told.entry(register).or_default() += count as usize;
                }
                event if event == end => return told,
                _ => {}
            }
        }
    }
    panic!("nothing was pruned");
}

pub fn store(folder: &tempfile::TempDir) -> Store {
    Store::open(Options::new(folder.path())).unwrap()
}

#[tokio::test]
async fn all_registers_of_a_new_meter_are_fetched_back_to_where_its_memory_begins() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let mut meters = JoinSet::new();
    let address = serve(running(48, Faults::default()), &mut meters).await;
    let fixture = Fixture::start(&store, address, config());
    let wanted = [
        (Register::ImportA, 250),
        (Register::ImportB, 100),
        (Register::ExportA, 40),
        (Register::ExportB, 11),
        (Register::ReactiveImportA, 13),
        (Register::ReactiveExportB, 3),
    ];
    for (register, energy) in wanted {
        let found = fixture.until(register, 100, 95).await;
        assert!(found.len() <= 96, "nothing is older than the meter's memory");
        let right =
            |interval: &&Interval| interval.energy.unwrap().0 == energy && interval.quality == Quality::Measured;
        assert_eq!(found.iter().filter(right).count(), found.len(), "{register:?}");
    }
    fixture.stop().await;
    store.close().await;
}

#[tokio::test]
async fn what_the_box_missed_is_fetched_when_it_is_back_however_bad_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let mut meters = JoinSet::new();
    // The meter's time stands still half a day ago: that is when the box goes away.
    let mut early = running(36, Faults::default());
    early.set_now(Now::Frozen(ago(12)));
    let address = serve(early, &mut meters).await;
    let fixture = Fixture::start(&store, address, config());
    let before = fixture.until(Register::ImportA, 40, 47).await;
    assert!(before.len() <= 48);
    fixture.stop().await;
    meters.shutdown().await;
    let faults = Faults {
        drop_rate: "0.1".parse().unwrap(),
        bad_crc_rate: "0.1".parse().unwrap(),
        late_rate: "0.05".parse().unwrap(),
        garbage: true,
        ..Faults::default()
    };
    let address = serve(running(36, faults), &mut meters).await;
    let mut impatient = config();
    impatient.timeout = Span(Duration::from_millis(300));
    let fixture = Fixture::start(&store, address, impatient);
    let after = fixture.until(Register::ImportA, 40, 71).await;
    assert!(after.iter().all(|interval| interval.energy.unwrap().0 == 250));
    fixture.stop().await;
    store.close().await;
}

#[tokio::test]
async fn nothing_is_fetched_or_told_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let mut meters = JoinSet::new();
    let address = serve(running(12, Faults::default()), &mut meters).await;
    let fixture = Fixture::start(&store, address, config());
    fixture.until(Register::ExportB, 12, 23).await;
    let open = || {
        fixture
            .room
            .show(&id())
            .unwrap()
            .half_hours
            .map(|progress| progress.open)
    };
    while open() != Some(0) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for _ in 0..3 {
        fixture.room.poll_now(&id()).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    fixture.stop().await;
    let readings = Readings::new(store.clone());
    let stored = Register::ALL.iter().map(|register| {
        (
            *register,
            readings.between(&id(), *register, ago(20), Timestamp::MAX).count(),
        )
    });
    let stored: BTreeMap<_, _> = stored.filter(|(_, many)| *many > 0).collect();
    assert_eq!(told(&store).await, stored);
    store.close().await;
}

#[tokio::test]
async fn three_phase_meters_give_their_totals_as_intervals() {
    for kind in [MeterType::AxWholeCurrent, MeterType::CxCtOperated] {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let mut meters = JoinSet::new();
        let mut setup = Setup::new(SERIAL);
        setup.three_phase = Some(kind);
        setup.log_start = MeterTime::of(ago(30)).unwrap();
        let mut station = station(setup, Faults::default(), "2026-02-10T12:00:00Z");
        station.set_now(Now::Running);
        let address = serve(station, &mut meters).await;
        let mut config = config();
        config.polling = Polling {
            reads: Every::Each(Span::seconds(10)),
            voltage: Every::Each(Span::seconds(10)),
            ..config.polling
        };
        let fixture = Fixture::start(&store, address, config);
        for (register, energy) in [(Register::ActiveImport, 250), (Register::ReactiveExport, 7)] {
            let found = fixture.until(register, 40, 59).await;
            assert!(
                found.iter().all(|interval| interval.energy.unwrap().0 == energy),
                "{kind:?}"
            );
        }
        let shown = fixture.room.show(&id()).unwrap();
        assert_eq!(shown.values[&Quantity::Hardware].value, kind.hardware().code());
        assert_eq!(shown.values[&Quantity::VoltageL2].value, 240.2);
        let import = shown.values[&Quantity::ImportA].value.as_f64().unwrap();
        let k = Timestamp::now().as_second() / 1_800 - 946_684_800 / 1_800 - 420_000;
        assert!((import - (100_000 + 250 * k) as f64).abs() <= 250.0, "{import}");
        fixture.stop().await;
        store.close().await;
    }
}
