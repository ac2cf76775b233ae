//! What the room learns of a fleet by itself, what it writes in the book, and what it does about silence.

use std::sync::Arc;
use std::time::Duration;

use gatelodge::domain::units::Span;
use gatelodge::domain::{Event, Health, Lane, MeterNews, Quality, Quantity, Seq};
use gatelodge::meter::simulator::{Faults, Setup};
use gatelodge::meter::{Config, Every, MeterShown, Meters, Polling};
use gatelodge::store::{Delivery, Options, Store};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::driver::{entry, id, quick};
use super::fixture::{SERIAL, serve, station};

/// Everything at its usual pace, on a line that costs no time.
fn polling() -> Config {
    Config {
        polling: Polling::default(),
        timeout: Span(Duration::from_millis(300)),
        ..quick()
    }
}

/// The news of meters in the journal, until `enough`.
pub async fn news_until(store: &Store, enough: impl Fn(&[(Lane, MeterNews)]) -> bool) -> Vec<(Lane, MeterNews)> {
    let mut tail = store.tail(Seq::ZERO);
    let mut heard = Vec::new();
    while !enough(&heard) {
        let Delivery::Entry(entry) = tokio::time::timeout(Duration::from_secs(30), tail.next())
            .await
            .unwrap()
            .unwrap()
        else {
            panic!("nothing was pruned");
        };
        for event in entry.events {
            let lane = event.lane();
            if let Event::Meter { meter, news } = event {
                assert_eq!(meter, id());
                heard.push((lane, news));
            }
        }
    }
    heard
}

/// The meter, once the room shows what the journal says.
pub async fn shown_when(room: &Meters, enough: impl Fn(&MeterShown) -> bool) -> MeterShown {
    for _ in 0..3_000 {
        let shown = room.show(&id()).unwrap();
        if enough(&shown) {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", room.show(&id()).unwrap());
}

pub fn read(heard: &[(Lane, MeterNews)], quantity: Quantity) -> Option<serde_json::Value> {
    heard.iter().rev().find_map(|(_, news)| match news {
        MeterNews::Read { values } => values.get(&quantity).cloned(),
        _ => None,
    })
}

#[tokio::test]
async fn everything_is_read_once_and_stands_in_the_book_with_time_and_quality() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(folder.path())).unwrap();
    let mut meters = JoinSet::new();
    let mut setup = Setup::new(SERIAL);
    setup.twin = true;
    let address = serve(station(setup, Faults::default(), "2026-02-10T12:00:00Z"), &mut meters).await;
    let room = Meters::new(polling(), vec![entry(address)], store.clone()).unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&room).run(stop.clone()));
    let heard = news_until(&store, |heard| read(heard, Quantity::LoadSwitch).is_some()).await;
    assert_eq!(read(&heard, Quantity::Hardware).unwrap(), "C1.w");
    assert_eq!(read(&heard, Quantity::Balance).unwrap(), "10");
    assert_eq!(read(&heard, Quantity::MeterSerial).unwrap(), SERIAL);
    assert_eq!(read(&heard, Quantity::Csq).unwrap(), 16);
    // Slot k = timestamp / 1800 - 420000, as the simulator's formulas have it.
    let k = 1_770_724_800 / 1_800 - 946_684_800 / 1_800 - 420_000;
    assert_eq!(read(&heard, Quantity::ImportA).unwrap(), 100_000 + 250 * k);
    assert_eq!(read(&heard, Quantity::ExportB).unwrap(), 9_000 + 11 * k);
    assert_eq!(
        read(&heard, Quantity::TariffsActive).unwrap()["unit_rate_element_a"],
        "0.23812"
    );
    let reads = heard.iter().filter(|(_, news)| matches!(news, MeterNews::Read { .. }));
    assert!(reads.clone().all(|(lane, _)| *lane == Lane::Measurement));
    let shown = shown_when(&room, |shown| shown.values.contains_key(&Quantity::LoadSwitch)).await;
    assert_eq!(
        (shown.health, shown.values[&Quantity::ImportA].quality),
        (Health::Healthy, Quality::Measured)
    );
    assert_eq!(shown.values[&Quantity::ImportA].unit.as_deref(), Some("Wh"));
    stop.cancel();
    running.await.unwrap().unwrap();

    // The next start knows it all, and asks nothing that is fresh.
    let again = Meters::new(polling(), vec![entry(address)], store.clone()).unwrap();
    assert_eq!(again.show(&id()).unwrap().values, shown.values);
    store.close().await;
}

#[tokio::test]
async fn silence_is_an_alarm_once_and_so_is_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(folder.path())).unwrap();
    let mut meters = JoinSet::new();
    let station = || station(Setup::new(SERIAL), Faults::default(), "2026-02-10T12:00:00Z");
    let address = serve(station(), &mut meters).await;
    meters.shutdown().await;
    let mut config = polling();
    config.polling = Polling {
        csq: Every::Each(Span::seconds(3_600)),
        ..quick().polling
    };
    let room = Meters::new(config, vec![entry(address)], store.clone()).unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&room).run(stop.clone()));
    let is_alarm =
        |(lane, news): &(Lane, MeterNews)| *lane == Lane::Critical && matches!(news, MeterNews::Silent { .. });
    news_until(&store, |heard| heard.iter().any(is_alarm)).await;
    let shown = shown_when(&room, |shown| shown.health == Health::Unhealthy).await;
    assert!(
        shown.health_details.contains("takes no connection"),
        "{}",
        shown.health_details
    );
    room.poll_now(&id()).unwrap();

    let back = gatelodge::meter::simulator::TcpMeter::listen(address, station())
        .await
        .unwrap();
    meters.spawn(async move { back.run().await.unwrap() });
    room.poll_now(&id()).unwrap();
    let heard = news_until(&store, |heard| read(heard, Quantity::Csq).is_some()).await;
    let critical: Vec<_> = heard
        .iter()
        .filter(|(lane, _)| *lane == Lane::Critical)
        .map(|(_, news)| news)
        .collect();
    assert!(
        matches!(critical[..], [MeterNews::Silent { .. }, MeterNews::Answers]),
        "{critical:?}"
    );
    stop.cancel();
    running.await.unwrap().unwrap();
    store.close().await;
}

#[tokio::test]
async fn the_meters_own_log_is_told_once_and_oldest_first() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(folder.path())).unwrap();
    let mut meters = JoinSet::new();
    let address = serve(
        station(Setup::new(SERIAL), Faults::default(), "2026-02-10T12:00:00Z"),
        &mut meters,
    )
    .await;
    let mut config = polling();
    config.polling = Polling {
        event_log: Every::Each(Span::seconds(3_600)),
        csq: Every::Each(Span::seconds(3_600)),
        ..quick().polling
    };
    let room = Meters::new(config, vec![entry(address)], store.clone()).unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&room).run(stop.clone()));
    let logged = |heard: &[(Lane, MeterNews)]| {
        let all = heard.iter().filter_map(|(_, news)| match news {
            MeterNews::Logged { at, id, .. } => Some((*at, *id)),
            _ => None,
        });
        all.collect::<Vec<_>>()
    };
    let first = news_until(&store, |heard| !logged(heard).is_empty()).await;
    let first = logged(&first);
    assert!(first.is_sorted() && first.iter().all(|(_, id)| *id != 0), "{first:?}");
    room.poll_now(&id()).unwrap();
    // The signal is read in the same go, before the log.
    let reads = |heard: &[(Lane, MeterNews)]| {
        heard
            .iter()
            .filter(|(_, news)| matches!(news, MeterNews::Read { values } if values.contains_key(&Quantity::Csq)))
            .count()
    };
    let again = news_until(&store, |heard| reads(heard) >= 2).await;
    stop.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(logged(&again), first, "nothing is told twice");
    store.close().await;
}
