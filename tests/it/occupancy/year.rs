//! A day out of a year of minutes: `cargo test --release --test it occupancy::year -- --ignored --nocapture`.

use std::time::Instant;

use gatelodge::domain::units::Span;
use gatelodge::domain::{Occupancy, SpaceId, SpaceOrigin};
use gatelodge::occupancy::history::{History, Step, Stretch};
use gatelodge::store::spaces::{NewSpace, SpacesWriter};
use gatelodge::store::{Options, Store};
use jiff::{SignedDuration, Timestamp};

const DAYS: i64 = 365;
const MAXIMUM: u32 = 50;

/// How long the slowest of the days asked for took, in milliseconds: what `tests/bench` shows.
#[tokio::test]
#[ignore = "measures; a year of changes takes minutes to write"]
async fn a_day_out_of_a_year_of_minutes() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(dir.path())).unwrap();
    let now = Timestamp::now();
    let ago = |minutes: i64| now - SignedDuration::from_mins(minutes);
    let counts = |current| Occupancy {
        current,
        maximum: MAXIMUM,
    };
    let id = SpaceId::from_random([7; 16]);
    let new = NewSpace::plain(id, None, counts(0), SpaceOrigin::Operator);
    let space = SpacesWriter::new(store.clone())
        .create(new, ago(DAYS * 1440 + 1))
        .await
        .unwrap();
    let history = History::new(store.clone(), Span::seconds(0));
    // One in or out every minute, up and down between empty and full.
    let year: Vec<(Timestamp, Occupancy)> = (0..DAYS * 1440)
        .map(|minute| {
            let place = u32::try_from(minute % i64::from(2 * MAXIMUM)).unwrap();
            (ago(DAYS * 1440 - minute), counts(place.min(2 * MAXIMUM - place)))
        })
        .collect();
    history.import(id, &year).await.unwrap();

    let mut took = Vec::new();
    for day in (1..DAYS).step_by(7) {
        let stretch = Stretch {
            from: ago((day + 1) * 1440),
            to: ago(day * 1440),
            step: Step::Minute,
        };
        let began = Instant::now();
        let points = history.points(&space, stretch).unwrap();
        took.push(began.elapsed().as_secs_f64() * 1000.0);
        let moved: u64 = points.iter().map(|point| point.entered + point.left).sum();
        assert!(
            points.len() >= 1440 && moved >= 1439,
            "{} points, {moved} moved",
            points.len()
        );
    }
    took.sort_by(f64::total_cmp);
    let (middle, slowest) = (took[took.len() / 2], took[took.len() - 1]);
    println!("a day out of a year of minutes: median {middle:.2} ms, slowest {slowest:.2} ms");
    store.close().await;
}
