//! Power cuts and failing calls while readings are written, sealed, merged, backed up and restored.
//!
//! Short form in every run; the long form is
//! `GATELODGE_TEST_SEALING_CUTS=2000 cargo nextest run --test it book::sealing --no-capture`, and one case is repeated
//! with `GATELODGE_TEST_SEALING_SEED=<seed>`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use gatelodge::domain::{Reading, Register, WattHours};
use gatelodge::store::readings::{Batch, Erased, ReadingsWriter, mark_erased_on};
use gatelodge::store::{Options, ReadError, Seal, Store};
use jiff::{SignedDuration, Timestamp};

use super::chance::Chance;
use super::clock::SetClock;
use super::disk::{Fault, SimulatedDisk};
use super::readings::{all, meter, try_all};

const METERS: usize = 2;
const REGISTER: Register = Register::ImportA;

/// Readings by meter and moment.
type Stand = BTreeMap<(usize, Timestamp), Reading>;

/// What is known from outside.
#[derive(Clone, Debug, Default)]
struct Oracle {
    acknowledged: Stand,
    /// What the last batch said, if it was not acknowledged: each day of it may be there or not.
    tried: Stand,
    /// Stretches of which nothing is to be taken any more, and may be gone already.
    marked: Vec<Erased>,
    /// Those that nobody acknowledged: they may stand or not.
    perhaps: Vec<Erased>,
    /// What stood where a stretch may be marked when something else was said, which then was not taken.
    before: Vec<((usize, Timestamp), Reading)>,
    /// Those of which nothing is there any more.
    erased: Vec<Erased>,
    /// Counts what was said: the moment of taking, so that the newest is known.
    said: i64,
}

impl Oracle {
    /// A few readings over three months, some of them said before with another value.
    fn say(&mut self, chance: &mut Chance) -> Vec<Batch> {
        let start: Timestamp = "2024-10-01T00:00:00Z".parse().unwrap();
        self.said += 1;
        let taken = start + SignedDuration::from_hours(24 * 95) + SignedDuration::from_secs(self.said);
        self.tried.clear();
        let mut batches = Vec::new();
        for number in 0..METERS {
            let mut readings = Vec::new();
            for _ in 0..chance.below(12) {
                let day = i64::try_from(chance.below(12) * 7).unwrap();
                let half = i64::try_from(chance.below(6)).unwrap();
                let at = start + SignedDuration::from_mins(day * 24 * 60 + half * 30);
                let reading = Reading::measured(at, WattHours(chance.below(1_000_000)), taken);
                if self.tried.insert((number, at), reading).is_none() {
                    readings.push(reading);
                }
            }
            batches.push(Batch {
                meter: meter(number),
                register: REGISTER,
                // Only the first of a moment was said.
                readings: readings
                    .iter()
                    .map(|reading| self.tried[&(number, reading.at)])
                    .collect(),
            });
        }
        batches
    }

    fn acknowledge(&mut self) {
        let mut tried = std::mem::take(&mut self.tried);
        tried.retain(|place, _| !covers(&self.marked, place));
        for (place, reading) in tried {
            let before = self.acknowledged.insert(place, reading);
            if covers(&self.perhaps, &place) {
                self.before.extend(before.map(|before| (place, before)));
            }
        }
    }

    /// A stretch of one meter.
    fn stretch(chance: &mut Chance) -> Erased {
        let start: Timestamp = "2024-10-01T00:00:00Z".parse().unwrap();
        let mut day = || i64::try_from(chance.below(90)).unwrap();
        let (first, many) = (day(), day() / 3 + 1);
        let after = |minutes| start + SignedDuration::from_mins(minutes);
        Erased {
            meter: meter(usize::try_from(chance.below(METERS as u64)).unwrap()),
            from: after(first * 24 * 60),
            until: after((first + many) * 24 * 60 + 60),
        }
    }

    /// Has a stretch erased; `false`: the book failed.
    async fn erase(&mut self, store: &Store, writer: &ReadingsWriter, chance: &mut Chance) -> bool {
        let stretch = Oracle::stretch(chance);
        self.perhaps.push(stretch.clone());
        let (marked, mut failing) = (stretch.clone(), store.health());
        let write = store.write(move |page| mark_erased_on(page, &marked));
        let outcome = tokio::select! {
            outcome = write => outcome.is_ok(),
            _ = failing.wait_for(|health| health.failed.is_some()) => return false,
        };
        if outcome {
            self.perhaps.pop();
            self.marked.push(stretch.clone());
            if writer.erase(&stretch, |_, _| ()).await.is_ok() {
                self.erased.push(stretch);
            }
        }
        true
    }

    /// Compares what stands with what is known, and takes it for known; not when the disk lets nobody read.
    fn check(&mut self, store: &Store, why: &str) -> Result<(), ReadError> {
        let salvage = store.salvage();
        assert!(salvage.is_none(), "{why}: a power cut is no damage: {salvage:?}");
        let mut stands = Stand::new();
        for number in 0..METERS {
            let found = try_all(store, number, REGISTER)?;
            assert!(found.is_sorted_by(|one, next| one.at < next.at), "{why}");
            stands.extend(found.into_iter().map(|reading| ((number, reading.at), reading)));
        }
        for (place, reading) in &stands {
            let known = self.acknowledged.get(place) == Some(reading);
            let tried = self.tried.get(place) == Some(reading) && !covers(&self.marked, place);
            let before = self.before.contains(&(*place, *reading));
            assert!(
                known || tried || before,
                "{why}: nobody acknowledged or tried {reading:?}"
            );
            assert!(
                !covers(&self.erased, place),
                "{why}: {reading:?} was erased and is there"
            );
        }
        for place in self.acknowledged.keys() {
            assert!(
                stands.contains_key(place) || covers(&self.marked, place) || covers(&self.perhaps, place),
                "{why}: {place:?} was acknowledged and is lost"
            );
        }
        (self.acknowledged, self.tried) = (stands, Stand::new());
        Ok(())
    }
}

fn covers(stretches: &[Erased], (number, at): &(usize, Timestamp)) -> bool {
    let mut of = stretches.iter().filter(|stretch| stretch.meter == meter(*number));
    of.any(|stretch| stretch.covers(*at))
}

fn options(dir: &Path, disk: &SimulatedDisk, clock: &Arc<SetClock>) -> Options {
    let mut options = Options::new(dir);
    options.segment_bytes = 2_000;
    options.disk = Arc::new(disk.clone());
    options.clock = Arc::clone(clock) as _;
    options
}

/// One life: writes, seals, lets days pass, makes backups, until the power goes or the work is done.
async fn live(store: &Store, oracle: &mut Oracle, (dir, clock): (&Path, &SetClock), chance: &mut Chance) {
    let writer = ReadingsWriter::new(store.clone());
    let health = store.health();
    for _ in 0..3 + chance.below(8) {
        if health.borrow().failed.is_some() {
            return;
        }
        match chance.below(9) {
            8 => {
                if !oracle.erase(store, &writer, chance).await {
                    return;
                }
            }
            0..4 => {
                let said = oracle.say(chance);
                // A book that failed in the middle of a change answers nobody.
                let mut failing = health.clone();
                let outcome = tokio::select! {
                    outcome = writer.record(said) => outcome.is_ok(),
                    _ = failing.wait_for(|health| health.failed.is_some()) => return,
                };
                if outcome {
                    oracle.acknowledge();
                } else if oracle.check(store, "after a refusal").is_err() {
                    return;
                }
            }
            4 => drop(store.backup(&dir.join("book.backup"), &[], &Seal::LeaveOut)),
            5 => clock.advance(SignedDuration::from_hours(25)),
            // It may fail with the disk; what counts is what is read.
            _ => drop(store.seal_readings().await),
        }
    }
    if chance.one_in(3) {
        store.close().await;
    }
}

/// Several lives of one book; gives how many were cut, and how many month files were seen.
async fn case(seed: u64) -> (u64, u64) {
    let mut chance = Chance::new(seed);
    let dir = tempfile::tempdir_in(super::crash::fast_disk()).unwrap();
    let mut disk = SimulatedDisk::new(dir.path());
    let clock = Arc::new(SetClock::new("2025-01-05T00:00:00Z", true));
    let mut oracle = Oracle::default();
    let (mut cuts, mut sides) = (0, 0);
    for life in 0..5 {
        match chance.below(5) {
            0 => disk.fail_after(
                chance.below(400),
                [Fault::Broken, Fault::Full, Fault::Short][chance.at_most(2)],
            ),
            1 => disk.cut_after(chance.below(30)),
            _ => disk.cut_after(chance.below(300)),
        }
        let why = format!("seed {seed}, life {life}");
        match Store::open(options(dir.path(), &disk, &clock)) {
            Ok(store) => {
                let looked = oracle.check(&store, &why);
                assert!(
                    looked.is_ok() || disk.is_cut() || disk.has_failed(),
                    "{why}: {looked:?}"
                );
                if looked.is_ok() {
                    live(&store, &mut oracle, (dir.path(), &clock), &mut chance).await;
                }
            }
            Err(error) => assert!(disk.is_cut() || disk.has_failed(), "{why}: {error}"),
        }
        cuts += u64::from(disk.is_cut());
        disk = if chance.one_in(4) {
            disk.after_kill()
        } else {
            disk.after_cut(&mut chance)
        };
    }
    let why = format!("seed {seed}, undisturbed");
    for _ in 0..2 {
        let store = Store::open(options(dir.path(), &disk, &clock)).expect("an undisturbed start works");
        oracle.check(&store, &why).unwrap();
        clock.advance(SignedDuration::from_hours(25));
        store.seal_readings().await.unwrap();
        oracle.check(&store, &why).unwrap();
        // What a stop left undone is done when it is asked for again, and nothing else goes.
        for stretch in std::mem::take(&mut oracle.marked) {
            ReadingsWriter::new(store.clone())
                .erase(&stretch, |_, _| ())
                .await
                .unwrap();
            oracle.erased.push(stretch);
        }
        oracle.acknowledged.retain(|place, _| !covers(&oracle.erased, place));
        oracle.check(&store, &why).unwrap();
        assert!(store.verify_live().unwrap().is_whole(), "{why}");
        store.close().await;
    }
    let months: std::collections::BTreeSet<_> = oracle
        .acknowledged
        .keys()
        .map(|(_, at)| at.to_string()[..7].to_owned())
        .collect();
    let left = disk.names(&dir.path().join("g000001/side"));
    assert_eq!(left.len(), months.len(), "{why}: one file a month is left: {left:?}");
    sides += left.len() as u64;
    restored(&disk, dir.path(), &clock, &why).await;
    (cuts, sides)
}

/// If a backup was made in all this, it is a whole book.
async fn restored(disk: &SimulatedDisk, dir: &Path, clock: &Arc<SetClock>, why: &str) {
    let file = dir.join("book.backup");
    if !disk.exists(&file) {
        return;
    }
    super::backup::restore_on(disk, &file, dir).unwrap_or_else(|error| panic!("{why}: {error}"));
    let store = Store::open(options(dir, disk, clock)).unwrap();
    assert!(store.salvage().is_none(), "{why}: {:?}", store.salvage());
    for number in 0..METERS {
        assert!(
            all(&store, number, REGISTER).is_sorted_by(|one, next| one.at < next.at),
            "{why}"
        );
    }
    store.close().await;
}

#[test]
fn no_cut_or_failing_call_loses_or_invents_a_reading() {
    let wanted = super::number("GATELODGE_TEST_SEALING_CUTS").unwrap_or(40);
    let only = super::number("GATELODGE_TEST_SEALING_SEED");
    let (mut cuts, mut sides, mut seed) = (0, 0, only.unwrap_or(1));
    while cuts < wanted {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (more, files) = runtime.block_on(case(seed));
        (cuts, sides) = (cuts + more, sides + files);
        if only.is_some() {
            return;
        }
        seed += 1;
    }
    assert!(sides > 0, "months were sealed");
    println!("{cuts} power cuts in {} books, {sides} months in month files", seed - 1);
}

/// A month is sealed while one call of the disk fails, and once more by a book that may have failed for good, until it
/// is killed. The next process finds what the kernel had: maybe a change that names the file, though nobody was
/// answered.
#[tokio::test]
async fn a_failed_book_takes_no_file_away_that_its_log_may_name() {
    for (call, more) in (1..26).flat_map(|call| (0..6).map(move |more| (call, more))) {
        let dir = tempfile::tempdir_in(super::crash::fast_disk()).unwrap();
        let disk = SimulatedDisk::new(dir.path());
        let clock = Arc::new(SetClock::new("2024-11-01T00:00:00Z", true));
        let store = Store::open(options(dir.path(), &disk, &clock)).unwrap();
        let readings = super::readings::half_hours("2024-12-01T00:00:00Z", 96, 3);
        let batch = Batch {
            meter: meter(1),
            register: REGISTER,
            readings: readings.clone(),
        };
        ReadingsWriter::new(store.clone()).record(vec![batch]).await.unwrap();
        clock.reach("2025-01-10T00:00:00Z".parse().unwrap());
        disk.fail_after(call, Fault::Broken);
        drop(store.seal_readings().await);
        disk.cut_after(more);
        drop(store.seal_readings().await);
        let disk = disk.after_kill();
        drop(store);
        let store = Store::open(options(dir.path(), &disk, &clock)).unwrap();
        let why = format!("call {call} failed, killed after {more} more");
        assert!(store.salvage().is_none(), "{why}: {:?}", store.salvage());
        assert_eq!(all(&store, 1, REGISTER), readings, "{why}");
        store.close().await;
    }
}
