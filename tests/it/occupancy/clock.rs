//! Spaces on a box whose clock stands wrong for a while: in 1970 before a time server answers, or ahead.

use std::path::Path;
use std::sync::Arc;

use gatelodge::accounts::{Accounts, Bearers};
use gatelodge::domain::units::Span;
use gatelodge::domain::{Occupancy as Counts, SpaceId, SpaceOrigin};
use gatelodge::http::Rate;
use gatelodge::occupancy::manage::Set;
use gatelodge::occupancy::{Config, Deps, Occupancy};
use gatelodge::store::spaces::{NewSpace, SpacesWriter};
use gatelodge::store::{Options, Store};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::uplink::clock::Shifted;

fn open(dir: &Path, clock: &Arc<Shifted>) -> (Store, Arc<Occupancy>) {
    let mut options = Options::new(dir);
    options.clock = Arc::clone(clock) as _;
    let store = Store::open(options).unwrap();
    let deps = Deps {
        bearers: Arc::new(Bearers::new(Accounts::new(store.clone()), Rate::Off)),
        history: Span::seconds(0),
        streams: CancellationToken::new(),
    };
    let room = Occupancy::new(Config::default(), store.clone(), deps);
    (store, room)
}

/// A space as anonymous callers make it, which dies a day after its last use.
async fn hall(store: &Store) -> SpaceId {
    let id = SpaceId::from_random(gatelodge::accounts::random());
    let new = NewSpace {
        id,
        name: Some("Hall".to_owned()),
        occupancy: Counts { current: 7, maximum: 9 },
        origin: SpaceOrigin::Open,
        tags: Vec::new(),
        thresholds: Default::default(),
        ttl: None,
        overfill: false,
        is_anonymous: true,
    };
    SpacesWriter::new(store.clone()).create(new, store.now()).await.unwrap();
    id
}

async fn counted(room: &Occupancy, id: SpaceId) {
    let set = Set {
        current: Some(8),
        ..Set::default()
    };
    room.set(id, set, "operator").await.unwrap();
}

#[tokio::test]
async fn a_hall_that_was_counted_in_while_it_was_1970_lives_on_when_the_time_is_right() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), Arc::new(Shifted::default()));
    let (store, _) = open(dir.path(), &clock);
    let (used, untouched) = (hall(&store).await, hall(&store).await);
    store.close().await;
    drop(store);

    clock.set("1970-01-01T00:00:20Z".parse().unwrap());
    let (store, room) = open(dir.path(), &clock);
    counted(&room, used).await;
    let made = hall(&store).await;
    let year = room.show(used).unwrap().last_updated;
    assert!(
        Timestamp::now().duration_since(year).abs() < SignedDuration::from_hours(1),
        "{year}"
    );

    clock.set_right();
    assert!(store.clock_is_trusted());
    for id in [used, untouched, made] {
        assert!(room.show(id).is_ok(), "the right time erases nothing");
    }
    assert_eq!(room.show(used).unwrap().occupancy.current, 8);
    store.close().await;
}

#[tokio::test]
async fn a_clock_that_stood_a_year_ahead_keeps_nothing_alive_for_a_year_and_erases_nothing() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), Arc::new(Shifted::default()));
    let (store, _) = open(dir.path(), &clock);
    let (used, untouched) = (hall(&store).await, hall(&store).await);
    store.close().await;
    drop(store);

    clock.set(Timestamp::now() + SignedDuration::from_hours(24 * 365));
    let (store, room) = open(dir.path(), &clock);
    counted(&room, used).await;
    for id in [used, untouched] {
        assert!(
            room.show(id).is_ok(),
            "nothing expires by a clock that nobody confirmed"
        );
    }
    clock.set_right();
    assert!(store.clock_is_trusted());
    let time = store.time();
    for id in [used, untouched] {
        let space = room.show(id).expect("the way back erases nothing");
        let day = SignedDuration::from_hours(24);
        let tomorrow = gatelodge::store::Time {
            now: time.now + day + SignedDuration::from_mins(1),
            ..time
        };
        assert!(
            tomorrow.has_passed(day, space.last_updated),
            "it dies a day after, not in a year"
        );
    }
    store.close().await;
}
