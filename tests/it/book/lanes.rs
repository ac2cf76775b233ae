//! Lanes, cursors, thinning: promises 9, 10 and 16.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatelodge::domain::{Lane, Seq};
use gatelodge::store::{Delivery, Gap, Ledger, Options, RowError, Store, SubscribeError, Subscription, Tail, schema};
use jiff::SignedDuration;

use super::clock::SetClock;
use super::ledger::{COUNTS, add_one, count, measured, removed};
use super::until;

fn options(dir: &Path) -> Options {
    let mut options = Options::new(dir);
    options.segment_bytes = 4_000;
    // Readers read the log.
    options.latest = 0;
    options.clock = Arc::new(SetClock::new("2026-11-22T12:00:00Z", true));
    options
}

fn cursor(store: &Store, reader: &str, lane: u8) -> Option<Seq> {
    let rows: Ledger<BTreeMap<String, Seq>> = Ledger::new(schema::CURSORS);
    let key = [reader.as_bytes(), &[0, lane]].concat();
    Some(rows.get(store, &key).unwrap()?["seq"])
}

async fn change(store: &Store, number: u64) -> Seq {
    let wrote = store.write(move |page| {
        COUNTS.put_on(page, &number.to_be_bytes(), &count(number))?;
        page.record(measured(number, 1));
        page.record(removed(number));
        Ok::<Seq, RowError>(page.seq())
    });
    wrote.await.unwrap()
}

/// Writes 400 changes and waits until the journal was thinned to its 40,000 bytes, and the segment that has grown
/// since. What the snapshot before the newest does not hold is not thinned, so the keeper, which may be slow, is
/// waited for again and again.
async fn overfill(store: &Store) -> Seq {
    let mut last = Seq::ZERO;
    for _ in 0..16 {
        for number in 0..25 {
            last = change(store, number % 10).await;
        }
        let near = Seq(last.0.saturating_sub(30));
        until("the keeper keeps up", || store.stats().snapshot >= Some(near)).await;
    }
    let seen = Cell::new((u64::MAX, Instant::now()));
    until("the journal is within its bounds and the keeper rests", || {
        let bytes = store.stats().log_bytes;
        if bytes != seen.get().0 {
            seen.set((bytes, Instant::now()));
        }
        bytes <= 45_000 && seen.get().1.elapsed() > Duration::from_millis(300)
    })
    .await;
    last
}

async fn next(lane: &mut Subscription) -> Seq {
    match lane.next().await.unwrap() {
        Delivery::Entry(entry) => {
            assert_eq!(entry.events.len(), 1, "only this lane's event");
            entry.seq
        }
        Delivery::Gap(gap) => panic!("nothing was thinned: {gap:?}"),
    }
}

#[tokio::test]
async fn a_reader_goes_on_at_the_lowest_it_has_not_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = Store::open(options(dir.path())).unwrap();
        change(&store, 0).await;
        let mut lane = store.subscribe("reader", Lane::Event).unwrap();
        assert!(matches!(
            store.subscribe("reader", Lane::Event),
            Err(SubscribeError::Taken { .. })
        ));
        until("the new cursor is on disk", || {
            cursor(&store, "reader", 1) == Some(Seq(1))
        })
        .await;
        let mut written = Vec::new();
        for number in 1..=5 {
            written.push(change(&store, number).await);
        }
        for seq in &written {
            assert_eq!(next(&mut lane).await, *seq, "it begins where it joined");
        }
        lane.ack(written[0]);
        lane.ack(written[2]);
        lane.ack(written[3]);
        assert_eq!(lane.in_flight(), 2);
        let lowest = Seq(written[1].0 - 1);
        until("the cursor stands before the lowest", || {
            cursor(&store, "reader", 1) == Some(lowest)
        })
        .await;
    }
    let store = Store::open(options(dir.path())).unwrap();
    let mut lane = store.subscribe("reader", Lane::Event).unwrap();
    let again = [next(&mut lane).await, next(&mut lane).await];
    assert_eq!(again[1].0 - again[0].0, 1, "all after the lowest comes again");
    assert_eq!(Some(again[0]), cursor(&store, "reader", 1).map(Seq::next));
}

#[tokio::test]
async fn a_new_reader_that_must_miss_nothing_begins_at_the_oldest_until_its_cursor_is_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(options(dir.path())).unwrap();
    let first = change(&store, 0).await;
    drop(store.subscribe_from_oldest("reader", Lane::Event).unwrap());
    // As a kill leaves it that comes before the cursor is written: the reader is not known at the next start.
    let mut unknown = store.subscribe_from_oldest("another", Lane::Event).unwrap();
    assert_eq!(next(&mut unknown).await, first);
    let mut lane = store.subscribe_from_oldest("reader", Lane::Event).unwrap();
    assert_eq!(next(&mut lane).await, first);
    let second = change(&store, 1).await;
    assert_eq!(next(&mut lane).await, second);
    lane.ack_all([first, second]);
    drop(lane);
    let mut lane = store.subscribe_from_oldest("reader", Lane::Event).unwrap();
    let third = change(&store, 2).await;
    assert_eq!(next(&mut lane).await, third, "a known reader goes on where it was");
}

#[tokio::test]
async fn lanes_do_not_wait_for_one_another() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(options(dir.path())).unwrap();
    let mut events = store.subscribe("reader", Lane::Event).unwrap();
    let mut measurements = store.subscribe("reader", Lane::Measurement).unwrap();
    let mut critical = store.subscribe("reader", Lane::Critical).unwrap();
    let mut last = Seq::ZERO;
    for number in 0..100 {
        last = change(&store, number).await;
    }
    for _ in 0..100 {
        let seq = next(&mut events).await;
        events.ack(seq);
    }
    assert!(
        futures_util::poll!(Box::pin(critical.next())).is_pending(),
        "nothing critical happened"
    );
    until("the reader of events is on disk as done", || {
        cursor(&store, "reader", 1) >= Some(last)
    })
    .await;
    assert!(
        next(&mut measurements).await < Seq(10),
        "the other lane stands where it stood"
    );
}

#[tokio::test]
async fn segments_go_when_snapshots_and_cursors_are_past_them_and_a_closed_reader_holds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(options(dir.path())).unwrap();
    let lane = store.subscribe("reader", Lane::Critical).unwrap();
    for number in 0..200 {
        change(&store, number % 10).await;
    }
    until("a snapshot is made", || store.stats().snapshot > Some(Seq(100))).await;
    assert_eq!(store.oldest(), Seq(1), "the reader has not been asked how far it is");
    drop(lane);
    store.retire("reader");
    until("the cursor is gone", || cursor(&store, "reader", 0).is_none()).await;
    for number in 0..100 {
        change(&store, number % 10).await;
    }
    until("old segments are gone", || store.oldest() > Seq(100)).await;
    let mut rejoined = store.subscribe("reader", Lane::Event).unwrap();
    let seq = change(&store, 1).await;
    assert_eq!(next(&mut rejoined).await, seq, "a reader that was retired joins anew");
}

#[tokio::test]
async fn an_idle_lane_keeps_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(options(dir.path())).unwrap();
    let mut critical = store.subscribe("reader", Lane::Critical).unwrap();
    for number in 0..300 {
        change(&store, number % 10).await;
        assert!(futures_util::poll!(Box::pin(critical.next())).is_pending());
    }
    until("old segments are gone", || store.oldest() > Seq(100)).await;
}

#[tokio::test]
async fn nothing_is_unlinked_while_the_clock_is_not_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let mut untrusted = options(dir.path());
    untrusted.clock = Arc::new(SetClock::new("1970-01-01T00:05:00Z", false));
    {
        let store = Store::open(untrusted).unwrap();
        for number in 0..300 {
            change(&store, number % 10).await;
        }
        until("snapshots are made", || store.stats().snapshot > Some(Seq(200))).await;
        assert!(!store.clock_is_trusted());
        assert_eq!(store.oldest(), Seq(1));
    }
    let store = Store::open(options(dir.path())).unwrap();
    assert!(store.clock_is_trusted());
    until("old segments are gone", || store.oldest() > Seq(100)).await;
}

/// What a reader is given: entries, and events said to be gone.
async fn all(store: &Store, lane: Lane, last: Seq) -> (u64, u64) {
    let mut lane = store.subscribe("lagging", lane).unwrap();
    let (mut entries, mut gone) = (0, 0);
    loop {
        let delivery = lane.next().await.unwrap();
        match &delivery {
            Delivery::Entry(_) => entries += 1,
            Delivery::Gap(gap) => gone += gap.n,
        }
        if delivery.seq() >= last {
            return (entries, gone);
        }
    }
}

#[tokio::test]
async fn over_its_bounds_the_journal_loses_measurements_before_events_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut bounded = options(dir.path());
    bounded.journal_bytes = 40_000;
    let store = Store::open(bounded).unwrap();
    drop(store.subscribe("lagging", Lane::Measurement).unwrap());
    drop(store.subscribe("lagging", Lane::Event).unwrap());
    let last = overfill(&store).await;
    let (measurements, measurements_gone) = all(&store, Lane::Measurement, last).await;
    let (events, events_gone) = all(&store, Lane::Event, last).await;
    assert_eq!(
        measurements + measurements_gone,
        400,
        "each is given or counted in a gap"
    );
    assert_eq!(events + events_gone, 400);
    assert!(measurements_gone > 0, "measurements were to go");
    assert!(
        events_gone < measurements_gone,
        "{events_gone} events went, {measurements_gone} measurements"
    );
    assert!(store.verify_live().unwrap().is_whole());
    for number in 0..10 {
        let row = COUNTS.get(&store, &u64::to_be_bytes(number)).unwrap();
        assert_eq!(row, Some(count(number)), "rows are not touched");
    }
    drop(store);
    let again = Store::open(options(dir.path())).unwrap();
    assert!(again.salvage().is_none(), "a thinned journal is no damage");
    let (kept, gone) = all(&again, Lane::Event, last).await;
    // The keeper may have been at it still; what it left when it stopped stays.
    assert!(
        kept + gone == 400 && gone >= events_gone,
        "{kept} and {gone}, before {events_gone}"
    );
    drop(again);
    let again = Store::open(options(dir.path())).unwrap();
    assert_eq!(all(&again, Lane::Event, last).await, (kept, gone));
}

#[tokio::test]
async fn what_is_older_than_its_age_goes_whatever_its_lane() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(SetClock::new("2026-11-22T12:00:00Z", true));
    let mut aged = options(dir.path());
    aged.clock = Arc::clone(&clock) as _;
    let store = Store::open(aged).unwrap();
    drop(store.subscribe("lagging", Lane::Event).unwrap());
    for number in 0..200 {
        change(&store, number % 10).await;
    }
    let half = store.stats().log_bytes;
    clock.advance(SignedDuration::from_hours(24 * 31));
    let mut last = Seq::ZERO;
    for number in 0..200 {
        last = change(&store, number % 10).await;
    }
    until("the old half is gone", || store.stats().log_bytes < half + half / 4).await;
    let (events, gone) = all(&store, Lane::Event, last).await;
    assert_eq!(events + gone, 400);
    assert!((150..=200).contains(&gone), "{gone} of the old 200 are gone");
}

#[tokio::test]
async fn a_tail_gives_what_comes_and_waits_for_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(options(dir.path())).unwrap();
    // A reader that has read nothing yet keeps the journal; a tail alone does not.
    let _reader = store.subscribe("reader", Lane::Measurement).unwrap();
    // The reader's cursor is a change too, so the places are asked for.
    let place = |number: u64| {
        store.write(move |page| {
            add_one(page, number)?;
            Ok::<Seq, RowError>(page.seq())
        })
    };
    let mut places = Vec::new();
    for number in 0..50 {
        places.push(place(number).await.unwrap());
    }
    store
        .write(|page| COUNTS.put_on(page, b"silent", &count(1)))
        .await
        .unwrap();
    let mut tail = store.tail(places[19]);
    for seq in &places[20..] {
        assert_eq!(tail.next().await.unwrap().seq(), *seq);
    }
    let mut next = Box::pin(tail.next());
    assert!(futures_util::poll!(&mut next).is_pending());
    let last = place(7).await.unwrap();
    assert_eq!(next.await.unwrap().seq(), last);
}

/// What a tail is given up to `last`: the sequences of entries, and gaps.
async fn rest(tail: &mut Tail, last: Seq) -> (Vec<Seq>, Vec<Gap>) {
    let (mut entries, mut gaps) = (Vec::new(), Vec::new());
    while entries.last() < Some(&last) {
        match tail.next().await.unwrap() {
            Delivery::Entry(entry) => entries.push(entry.seq),
            Delivery::Gap(gap) => gaps.push(gap),
        }
    }
    (entries, gaps)
}

#[tokio::test]
async fn a_tail_that_pruning_overtakes_is_told_what_it_missed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(options(dir.path())).unwrap();
    let first = change(&store, 0).await;
    let mut tail = store.tail(Seq::ZERO);
    assert_eq!(tail.next().await.unwrap().seq(), first);
    let mut last = first;
    for number in 0..300 {
        last = change(&store, number % 10).await;
    }
    until("the journal is pruned past the tail", || store.oldest() > Seq(100)).await;
    let (entries, gaps) = rest(&mut tail, last).await;
    assert!(entries.is_sorted(), "in their order");
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0].n, gaps[0].to.0 - gaps[0].from.0 + 1);
    let told = |seq: &Seq| (gaps[0].from..=gaps[0].to).contains(seq) || entries.contains(seq);
    assert!(
        (2..=last.0).map(Seq).all(|seq| told(&seq)),
        "each is given or in the gap"
    );
    assert!(entries.iter().all(|seq| !(gaps[0].from..=gaps[0].to).contains(seq)));
}

#[tokio::test]
async fn a_tail_is_told_of_lanes_that_were_thinned_and_given_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let mut bounded = options(dir.path());
    bounded.journal_bytes = 40_000;
    let store = Store::open(bounded).unwrap();
    drop(store.subscribe("lagging", Lane::Event).unwrap());
    let last = overfill(&store).await;
    let (events, gone) = all(&store, Lane::Event, last).await;
    let mut tail = store.tail(Seq(last.0 - 400));
    let (entries, gaps) = rest(&mut tail, last).await;
    assert!(
        gaps.iter().map(|gap| gap.n).sum::<u64>() > gone,
        "measurements are counted too"
    );
    // Cursors were written between the two readings, so the journal may have been thinned once more.
    let given = entries.len() as u64;
    assert!((1..=events).contains(&given), "changes that have events left are given");
    assert!(entries.is_sorted());
}

#[tokio::test]
async fn who_keeps_up_and_who_reads_the_log_are_told_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut usual = options(dir.path());
    usual.latest = 1_000;
    let store = Store::open(usual).unwrap();
    let (mut early, mut lane) = (store.tail(Seq::ZERO), store.subscribe("all", Lane::Event).unwrap());
    let mut kept_up = Vec::new();
    let mut last = Seq::ZERO;
    // More than the latest that are kept in memory.
    for number in 0..1_500 {
        last = change(&store, number % 10).await;
        kept_up.push(early.next().await.unwrap());
        assert_eq!(next(&mut lane).await, last);
    }
    let mut late = store.tail(Seq::ZERO);
    for expected in &kept_up {
        assert_eq!(&late.next().await.unwrap(), expected);
    }
    // What a lane does not hold is passed over in memory as it is in the log.
    let mut critical = store.subscribe("critical", Lane::Critical).unwrap();
    let quiet = tokio::time::timeout(Duration::from_millis(50), critical.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    assert!(kept_up.last().is_some_and(|newest| newest.seq() == last));
}
