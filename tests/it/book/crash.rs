//! Power cuts, kills and failing calls at any point, again and again on the same book.
//!
//! Short form in every run; the long form is
//! `GATELODGE_TEST_CRASH_CUTS=20000 cargo nextest run --test it book::crash --no-capture`, and one case
//! is repeated with `GATELODGE_TEST_CRASH_SEED=<seed>` (threads still interleave as they please).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gatelodge::domain::{Event, Lane, Seq};
use gatelodge::store::{Delivery, Gap, Ledger, Options, RowError, Seal, Store, WriteError, schema};
use tokio::task::JoinSet;

use super::chance::Chance;
use super::disk::{Fault, SimulatedDisk};
use super::ledger::{COUNTS, count, measured, space};

const WRITERS: u64 = 4;
const READER: &str = "crash";
const HOT: &[u8] = b"hot";

/// What is known from outside about a book over all its lives.
#[derive(Debug, Default)]
struct Oracle {
    /// By writer: the newest value whose write was acknowledged, and the newest that was tried.
    acknowledged: BTreeMap<u64, u64>,
    tried: BTreeMap<u64, u64>,
    /// By writer: the newest value that anyone was shown.
    shown: BTreeMap<u64, u64>,
    /// The newest count of all that anyone was shown.
    hot_shown: u64,
    /// What the reader was given in this life.
    delivered: BTreeMap<Seq, (u64, u64)>,
    /// By writer: up to which value the reader has seen all, or was told of a gap.
    seen: BTreeMap<u64, u64>,
    /// The newest change with an event.
    last: Seq,
    /// The newest cursor that stood on disk.
    cursor: Seq,
    gaps: Vec<Gap>,
}

type Known = Arc<Mutex<Oracle>>;

fn writer_key(writer: u64) -> [u8; 8] {
    writer.to_be_bytes()
}

/// One change: the writer's value, the count of all changes, and the event, together or not at all.
async fn step(store: &Store, known: &Known, writer: u64) -> bool {
    let value = {
        let mut known = known.lock().unwrap();
        let value = known.acknowledged.get(&writer).copied().unwrap_or(0) + 1;
        known.tried.insert(writer, value);
        value
    };
    let written = store.write(move |page| {
        let hot = COUNTS.get_on(page, HOT)?.map_or(0, |row| row.value);
        COUNTS.put_on(page, HOT, &count(hot + 1))?;
        COUNTS.put_on(page, &writer_key(writer), &count(value))?;
        page.record(measured(writer, u32::try_from(value).unwrap()));
        Ok::<_, RowError>((hot + 1, page.seq()))
    });
    match written.await {
        Ok((hot, seq)) => {
            let mut known = known.lock().unwrap();
            known.last = known.last.max(seq);
            known.acknowledged.insert(writer, value);
            known.shown.insert(writer, value);
            known.hot_shown = known.hot_shown.max(hot);
            true
        }
        // Said to be not written: it may not appear, ever, and is tried again.
        Err(WriteError::DiskFull | WriteError::Busy) => true,
        Err(_) => false,
    }
}

fn value_of(event: &Event) -> (u64, u64) {
    let Event::SpaceChanged {
        space: id, occupancy, ..
    } = event
    else {
        panic!("nothing else was recorded: {event:?}");
    };
    let writer = (0..WRITERS).find(|writer| space(*writer) == *id).unwrap();
    (writer, u64::from(occupancy.current))
}

/// Reads the journal, acknowledges, and notes everything.
async fn follow(store: Store, known: Known, mut chance: Chance) {
    let joins = cursor(&store).is_none();
    let mut lane = store.subscribe(READER, Lane::Measurement).unwrap();
    if joins {
        // A reader that joins late begins with the rows, which hold all that its lane will not say.
        for writer in 0..WRITERS {
            let row = COUNTS.get(&store, &writer_key(writer)).unwrap();
            known
                .lock()
                .unwrap()
                .seen
                .insert(writer, row.map_or(0, |row| row.value));
        }
    }
    let mut waiting: Vec<Seq> = Vec::new();
    loop {
        let Ok(delivery) = lane.next().await else { return };
        waiting.push(delivery.seq());
        note(&known, &delivery);
        while !waiting.is_empty() && !chance.one_in(3) {
            let place = chance.at_most(waiting.len() - 1);
            lane.ack(waiting.swap_remove(place));
        }
        if let Some(cursor) = cursor(&store) {
            let mut known = known.lock().unwrap();
            known.cursor = known.cursor.max(cursor);
        }
    }
}

fn note(known: &Known, delivery: &Delivery) {
    let mut known = known.lock().unwrap();
    match delivery {
        Delivery::Entry(entry) => {
            assert!(entry.seq > known.cursor, "{} was acknowledged durably", entry.seq);
            let (writer, value) = value_of(&entry.events[0]);
            let before = known.delivered.insert(entry.seq, (writer, value));
            assert_eq!(before, None, "delivered twice in one life");
            let seen = known.seen.get(&writer).copied().unwrap_or(0);
            let gap = known.gaps.iter().any(|gap| gap.to < entry.seq);
            assert!(
                value <= seen + 1 || gap,
                "an event of {writer} was passed over: {seen} then {value}"
            );
            known.seen.insert(writer, seen.max(value));
            let shown = known.shown.entry(writer).or_default();
            *shown = (*shown).max(value);
        }
        Delivery::Gap(gap) => known.gaps.push(*gap),
    }
}

/// The cursor row on disk.
fn cursor(store: &Store) -> Option<Seq> {
    let rows: Ledger<BTreeMap<String, Seq>> = Ledger::new(schema::CURSORS);
    let key = [READER.as_bytes(), &[0, 2]].concat();
    Some(rows.get(store, &key).ok()??["seq"])
}

/// Compares the rows and the journal with what is known.
fn check(store: &Store, known: &Known) {
    assert!(
        store.salvage().is_none(),
        "a power cut is no damage: {:?}",
        store.salvage()
    );
    let mut known = known.lock().unwrap();
    let mut sum = 0;
    for writer in 0..WRITERS {
        let found = COUNTS
            .get(store, &writer_key(writer))
            .unwrap()
            .map_or(0, |row| row.value);
        let of = |map: &BTreeMap<u64, u64>| map.get(&writer).copied().unwrap_or(0);
        assert!(
            found >= of(&known.acknowledged),
            "an acknowledged write of {writer} is lost: {known:?} found {found}"
        );
        assert!(
            found >= of(&known.shown),
            "what was shown of {writer} is gone: {known:?} found {found}"
        );
        assert!(found <= of(&known.tried), "nobody wrote {found} as {writer}: {known:?}");
        known.acknowledged.insert(writer, found);
        sum += found;
    }
    let hot = COUNTS.get(store, HOT).unwrap().map_or(0, |row| row.value);
    assert_eq!(hot, sum, "a change is half there, or one that was refused came back");
    assert!(hot >= known.hot_shown);
    let cursor = cursor(store).unwrap_or_default();
    assert!(
        cursor >= known.cursor,
        "the cursor went back from {} to {cursor}",
        known.cursor
    );
    known.delivered.clear();
}

/// Has the reader catch up and checks that it has seen everything there is.
async fn catch_up(store: &Store, known: &Known) {
    let mut tasks = JoinSet::new();
    tasks.spawn(follow(store.clone(), Arc::clone(known), Chance::new(1)));
    let behind = || {
        let known = known.lock().unwrap();
        let gap = known.gaps.iter().map(|gap| gap.to).max();
        let given = known.delivered.keys().next_back().copied().max(gap);
        known.seen != known.acknowledged && given < Some(known.last)
    };
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    while behind() {
        assert!(
            tokio::time::Instant::now() < patience,
            "the reader is not given all: {known:?}"
        );
        tokio::task::yield_now().await;
    }
    tasks.shutdown().await;
    let known = known.lock().unwrap();
    assert!(
        !known.gaps.is_empty() || known.seen == known.acknowledged,
        "the reader was not given all: {known:?}"
    );
}

/// One life of the book: until the power goes, the book fails, or the work is done.
async fn live(store: &Store, known: &Known, (dir, disk): (&Path, &SimulatedDisk), chance: &mut Chance) {
    let mut tasks = JoinSet::new();
    tasks.spawn(follow(store.clone(), Arc::clone(known), Chance::new(chance.next())));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, known) = (store.clone(), Arc::clone(known));
        let steps = chance.below(30);
        let backup_at = chance.below(60);
        let file = dir.join(format!("{writer}.backup"));
        writers.spawn(async move {
            for at in 0..steps {
                if at == backup_at {
                    // It may fail with the disk, or because another is being made; what counts is the book.
                    drop(store.backup(&file, &[], &Seal::LeaveOut));
                }
                if !step(&store, &known, writer).await {
                    break;
                }
            }
        });
    }
    let mut health = store.health();
    tokio::select! {
        _ = health.wait_for(|health| health.failed.is_some()) => {}
        () = async { while writers.join_next().await.is_some() {} } => {}
    }
    tasks.shutdown().await;
    writers.shutdown().await;
    if chance.one_in(3) && !disk.is_cut() {
        store.close().await;
    }
}

fn options(dir: &Path, disk: &SimulatedDisk, chance: &mut Chance) -> Options {
    let mut options = Options::new(dir);
    options.segment_bytes = 600 + chance.below(3_000);
    options.journal_bytes = if chance.one_in(3) { 2_000 } else { 1 << 30 };
    options.disk = Arc::new(disk.clone());
    options
}

/// The table lies on a real disk. It is never a source: without a clean mark it may be anything.
fn damage_table(dir: &Path, disk: &SimulatedDisk, chance: &mut Chance) {
    if disk.exists(&dir.join("clean")) {
        return;
    }
    for entry in std::fs::read_dir(dir.join("table")).into_iter().flatten().flatten() {
        let path = entry.path();
        if !path.is_file() {
            continue;
        }
        match chance.below(4) {
            0 => std::fs::remove_file(&path).unwrap(),
            1 => {
                let mut bytes = std::fs::read(&path).unwrap();
                if !bytes.is_empty() {
                    let place = chance.at_most(bytes.len() - 1);
                    bytes[place] ^= 1 << chance.below(8);
                    std::fs::write(&path, bytes).unwrap();
                }
            }
            _ => {}
        }
    }
}

/// Several lives of one book; gives how many of them were cut off.
async fn case(seed: u64) -> u64 {
    let mut chance = Chance::new(seed);
    let dir = tempfile::tempdir_in(fast_disk()).unwrap();
    let mut disk = SimulatedDisk::new(dir.path());
    let known = Known::default();
    let mut cuts = 0;
    for _ in 0..4 {
        match chance.below(4) {
            0 => disk.fail_after(
                chance.below(200),
                [Fault::Broken, Fault::Full, Fault::Short][chance.at_most(2)],
            ),
            // Early cuts hit opening and recovery, later ones rotation, snapshots and thinning.
            1 => disk.cut_after(chance.below(25)),
            _ => disk.cut_after(chance.below(250)),
        }
        match Store::open(options(dir.path(), &disk, &mut chance)) {
            Ok(store) => {
                check(&store, &known);
                live(&store, &known, (dir.path(), &disk), &mut chance).await;
            }
            Err(error) => assert!(disk.is_cut() || disk.changes() < 200, "{error}"),
        }
        cuts += u64::from(disk.is_cut());
        disk = if chance.one_in(4) {
            disk.after_kill()
        } else {
            disk.after_cut(&mut chance)
        };
        damage_table(dir.path(), &disk, &mut chance);
    }
    for _ in 0..2 {
        let store = Store::open(options(dir.path(), &disk, &mut chance)).expect("an undisturbed start works");
        check(&store, &known);
        for writer in 0..WRITERS {
            assert!(step(&store, &known, writer).await);
        }
        catch_up(&store, &known).await;
        store.close().await;
    }
    cuts
}

pub(super) fn fast_disk() -> &'static Path {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory } else { Path::new("/tmp") }
}

#[tokio::test]
async fn what_was_refused_for_want_of_room_does_not_come_back() {
    let mut chance = Chance::new(7);
    let dir = tempfile::tempdir_in(fast_disk()).unwrap();
    let mut disk = SimulatedDisk::new(dir.path());
    let known = Known::default();
    for round in 0..20 {
        let store = Store::open(options(dir.path(), &disk, &mut chance)).unwrap();
        check(&store, &known);
        let release = super::writing::hold(&store).await;
        let mut group: Vec<_> = (0..WRITERS)
            .map(|writer| Box::pin(step(&store, &known, writer)))
            .collect();
        for write in &mut group {
            assert!(futures_util::poll!(write).is_pending());
        }
        disk.shorten_next_write();
        drop(release);
        for write in group {
            assert!(write.await);
        }
        assert_eq!(
            known.lock().unwrap().hot_shown,
            round * WRITERS,
            "the whole group is refused"
        );
        check(&store, &known);
        drop(store);
        disk = if chance.one_in(2) {
            disk.after_kill()
        } else {
            disk.after_cut(&mut chance)
        };
        let store = Store::open(options(dir.path(), &disk, &mut chance)).unwrap();
        let hot = COUNTS.get(&store, HOT).unwrap().map_or(0, |row| row.value);
        assert_eq!(hot, round * WRITERS, "what was refused is there after all");
        check(&store, &known);
        for writer in 0..WRITERS {
            assert!(step(&store, &known, writer).await);
        }
        store.close().await;
    }
}

#[test]
fn no_cut_kill_or_failing_call_loses_or_invents_anything() {
    let wanted = super::number("GATELODGE_TEST_CRASH_CUTS").unwrap_or(200);
    let only = super::number("GATELODGE_TEST_CRASH_SEED");
    let (mut cuts, mut seed) = (0, only.unwrap_or(1));
    while cuts < wanted {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let outcome = std::panic::catch_unwind(|| runtime.block_on(case(seed)));
        match outcome {
            Ok(more) => cuts += more,
            Err(_) => panic!("failed with GATELODGE_TEST_CRASH_SEED={seed}, after {cuts} cuts"),
        }
        if only.is_some() {
            break;
        }
        seed += 1;
    }
    println!("{cuts} power cuts in {} books", seed - 1);
}
