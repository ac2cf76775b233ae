//! Readings of meters: promise 17. Rows a day, months that are over in month files, and no reader sees a difference.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gatelodge::domain::{Event, MeterId, Quality, Reading, Register, Seq, WattHours};
use gatelodge::store::readings::{Batch, Expired, ReadingError, Readings, ReadingsWriter, Recorded, Sealed};
use gatelodge::store::{Delivery, LossKind, MemberKind, Options, ReadError, Seal, Store, Unseal, WriteError, verify};
use jiff::{SignedDuration, Timestamp};

use super::clock::SetClock;

const MONTH: &str = "2024-12-01T00:00:00Z";

pub(super) fn meter(number: usize) -> MeterId {
    format!("EML21375807{number:02}").parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// So many half-hours from `from` on, each `step` above the one before.
pub(super) fn half_hours(from: &str, many: i64, step: u64) -> Vec<Reading> {
    let from = at(from);
    let taken = from + SignedDuration::from_mins(30 * many);
    (0..many)
        .map(|number| {
            let value = 1_000 + step * number.unsigned_abs();
            Reading::measured(from + SignedDuration::from_mins(30 * number), WattHours(value), taken)
        })
        .collect()
}

fn batch(number: usize, register: Register, readings: Vec<Reading>) -> Batch {
    Batch {
        meter: meter(number),
        register,
        readings,
    }
}

/// A book whose clock stands before all readings until something is to be sealed, so that the compactor's own first
/// round finds nothing to do whenever it comes.
struct Book {
    now: Timestamp,
    dir: tempfile::TempDir,
    clock: Arc<SetClock>,
    store: Store,
}

impl Book {
    fn new(now: &str, synchronised: bool) -> Book {
        let (dir, clock) = (
            tempfile::tempdir().unwrap(),
            Arc::new(SetClock::new("2024-11-01T00:00:00Z", synchronised)),
        );
        let store = Store::open(Book::options(dir.path(), &clock)).unwrap();
        clock.was_looked_at_by_the_compactor();
        Book {
            now: at(now),
            dir,
            clock,
            store,
        }
    }

    fn options(dir: &Path, clock: &Arc<SetClock>) -> Options {
        let mut options = Options::new(dir);
        options.segment_bytes = 20_000;
        options.clock = Arc::clone(clock) as _;
        options
    }

    async fn restart(self) -> Book {
        self.store.close().await;
        let Book { now, dir, clock, store } = self;
        drop(store);
        let store = Store::open(Book::options(dir.path(), &clock)).unwrap();
        Book { now, dir, clock, store }
    }

    async fn record(&self, batches: Vec<Batch>) -> Recorded {
        ReadingsWriter::new(self.store.clone()).record(batches).await.unwrap()
    }

    async fn seal(&self) -> Sealed {
        self.clock.reach(self.now);
        self.store.seal_readings().await.unwrap()
    }

    fn all(&self, number: usize, register: Register) -> Vec<Reading> {
        all(&self.store, number, register)
    }

    fn sides(&self) -> Vec<PathBuf> {
        sides(self.dir.path())
    }
}

pub(super) fn all(store: &Store, number: usize, register: Register) -> Vec<Reading> {
    try_all(store, number, register).unwrap()
}

pub(super) fn try_all(store: &Store, number: usize, register: Register) -> Result<Vec<Reading>, ReadError> {
    let readings = Readings::new(store.clone());
    readings
        .between(&meter(number), register, Timestamp::MIN, Timestamp::MAX)
        .collect()
}

/// Month files of the newest generation.
fn sides(dir: &Path) -> Vec<PathBuf> {
    let list = |dir: &Path| -> Vec<PathBuf> {
        let mut found: Vec<_> = std::fs::read_dir(dir).unwrap().map(|one| one.unwrap().path()).collect();
        found.sort();
        found
    };
    let named = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with('g');
    let generation = list(dir).into_iter().rfind(named).unwrap();
    list(&generation.join("side"))
}

#[tokio::test]
async fn what_is_said_again_changes_nothing_and_the_newest_wins() {
    let book = Book::new("2024-12-10T00:00:00Z", true);
    let said = || vec![batch(1, Register::ImportA, half_hours(MONTH, 100, 5))];
    let first = book.record(said()).await;
    assert_eq!((first.added, first.known), (100, 0));
    let seq = *book.store.bell().borrow();
    assert_eq!(
        book.record(said()).await,
        Recorded {
            known: 100,
            ..Recorded::default()
        }
    );
    assert_eq!(*book.store.bell().borrow(), seq, "nothing was written");

    let known = half_hours(MONTH, 100, 5)[0];
    let later = |seconds| known.taken + SignedDuration::from_secs(seconds);
    let newer = Reading {
        value: WattHours(7),
        taken: later(1),
        ..known
    };
    let older = Reading {
        value: WattHours(8),
        taken: later(-9),
        ..known
    };
    let outcome = book.record(vec![batch(1, Register::ImportA, vec![newer, older])]).await;
    assert_eq!(
        outcome,
        Recorded {
            replaced: 1,
            older: 1,
            ..Recorded::default()
        }
    );
    assert_eq!(book.all(1, Register::ImportA)[0], newer);
    assert_eq!(book.all(1, Register::ImportB), []);
    assert_eq!(book.all(2, Register::ImportA), []);

    let mut tail = book.store.tail(Seq::ZERO);
    let mut counts = BTreeMap::new();
    let newest = *book.store.bell().borrow();
    loop {
        let Delivery::Entry(entry) = tail.next().await.unwrap() else {
            panic!("nothing was thinned")
        };
        let reached = entry.seq;
        for event in entry.events {
            let Event::ReadingsRecorded {
                meter: of,
                register,
                from,
                count,
                last,
            } = event
            else {
                panic!("{event:?}")
            };
            assert_eq!((of, register), (meter(1), Register::ImportA));
            assert!(from <= last.at);
            *counts.entry(from).or_insert(0) += count;
        }
        if reached >= newest {
            break;
        }
    }
    assert_eq!(counts.into_values().sum::<u32>(), 101, "each reading is told of once");
}

#[tokio::test]
async fn what_is_no_reading_is_refused_and_nothing_written() {
    let book = Book::new("2024-12-10T00:00:00Z", true);
    let right = half_hours(MONTH, 1, 1)[0];
    let writer = ReadingsWriter::new(book.store.clone());
    let early = Reading {
        at: at("1969-12-31T23:30:00Z"),
        ..right
    };
    let refused = writer
        .record(vec![batch(1, Register::ImportA, vec![right, early])])
        .await;
    assert!(matches!(refused, Err(WriteError::Refused(ReadingError::Moment { .. }))));
    let gap = Reading {
        quality: Quality::Gap,
        ..right
    };
    let refused = writer.record(vec![batch(1, Register::ImportA, vec![right, gap])]).await;
    assert!(matches!(refused, Err(WriteError::Refused(ReadingError::Gap { .. }))));
    assert_eq!(book.all(1, Register::ImportA), []);
}

/// Days as full as they get, of values as far apart as they get, in changes as large as they get.
#[tokio::test]
async fn the_fullest_days_fit_in_changes_and_month_files() {
    let book = Book::new("2025-01-10T00:00:00Z", true);
    let day = |number: i64| (0..2 * 1440).map(move |step| number * 86_400 + step * 30);
    let reading = |second: i64| {
        let far = second % 60 == 0;
        let value = if far { u64::MAX / 2 } else { 0 };
        let taken = if far {
            "9999-01-01T00:00:00Z"
        } else {
            "1970-01-01T00:00:00Z"
        };
        Reading::measured(
            at(MONTH) + SignedDuration::from_secs(second),
            WattHours(value),
            at(taken),
        )
    };
    let readings: Vec<_> = (0..31).flat_map(day).map(reading).collect();
    let outcome = book
        .record(vec![batch(1, Register::ActiveImport, readings.clone())])
        .await;
    assert_eq!((outcome.added, outcome.crowded), (31 * 144, 31 * (2880 - 144)));
    let whole = book.all(1, Register::ActiveImport);
    assert_eq!(whole.len(), 31 * 144);
    let boundaries = whole.iter().filter(|reading| reading.at.as_second() % 1800 == 0);
    assert_eq!(boundaries.count(), 31 * 48, "half-hours always have a place");
    book.seal().await;
    assert_eq!(book.all(1, Register::ActiveImport), whole);
    let again = book.record(vec![batch(1, Register::ActiveImport, readings)]).await;
    assert_eq!((again.added, again.replaced, again.crowded), (0, 0, outcome.crowded));
}

#[tokio::test]
async fn half_hours_of_a_day_of_clock_change_are_48_and_sealing_changes_none() {
    let book = Book::new("2025-04-10T00:00:00Z", true);
    let mut readings = half_hours("2025-03-29T00:00:00Z", 200, 3);
    readings.remove(60);
    readings[80].value = WattHours(1);
    book.record(vec![batch(1, Register::ExportA, readings)]).await;
    let intervals = || {
        let all = Readings::new(book.store.clone());
        // The night in which clocks on walls go forward.
        let (from, to) = (at("2025-03-30T00:00:00Z"), at("2025-03-31T00:00:00Z"));
        let found = all.intervals(&meter(1), Register::ExportA, from, to);
        found.collect::<Result<Vec<_>, _>>().unwrap()
    };
    let before = intervals();
    assert_eq!(before.len(), 48);
    let gaps: Vec<_> = (0..48).filter(|place| before[*place].energy.is_none()).collect();
    assert_eq!(
        gaps,
        [11, 12, 32],
        "around the missing one, and where the register fell"
    );
    assert!(book.seal().await.months == 1);
    assert_eq!(intervals(), before);
}

#[tokio::test]
async fn months_that_are_over_move_and_no_reader_sees_a_difference() {
    let book = Book::new("2025-01-20T00:00:00Z", true);
    let registers = [Register::ImportA, Register::ExportA, Register::ReactiveImportA];
    for number in 0..3 {
        let batches = registers.map(|register| batch(number, register, half_hours("2024-11-20T00:00:00Z", 2_600, 2)));
        book.record(batches.into()).await;
    }
    let before = book.all(1, Register::ExportA);
    assert_eq!(before.len(), 2_600);
    let reading = tokio::task::spawn_blocking({
        let (store, before) = (book.store.clone(), before.clone());
        move || (0..60).for_each(|_| assert_eq!(all(&store, 1, Register::ExportA), before, "while it moves"))
    });
    let sealed = book.seal().await;
    assert_eq!((sealed.months, sealed.rows), (2, 9 * (11 + 31)));
    reading.await.unwrap();
    let names: Vec<_> = book
        .sides()
        .iter()
        .map(|path| path.file_name().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["readings-2024-11.0001.side", "readings-2024-12.0001.side"]);
    assert_eq!(book.all(1, Register::ExportA), before);
    assert_eq!(book.seal().await, Sealed::default(), "there is nothing more to do");
    let book = book.restart().await;
    assert_eq!(book.all(1, Register::ExportA), before);
    assert!(book.store.verify_live().unwrap().is_whole());
    let part = Readings::new(book.store.clone());
    let (from, to) = (at("2024-11-30T23:30:00Z"), at("2024-12-01T00:30:00Z"));
    let part: Vec<_> = part
        .between(&meter(1), Register::ExportA, from, to)
        .map(Result::unwrap)
        .collect();
    let expected: Vec<_> = before
        .iter()
        .filter(|one| (from..to).contains(&one.at))
        .copied()
        .collect();
    assert_eq!((part.len(), part), (2, expected));
}

#[tokio::test]
async fn nothing_is_sealed_while_the_clock_is_not_trusted_or_the_month_is_not_over() {
    let book = Book::new("2024-12-31T00:00:00Z", false);
    book.record(vec![batch(1, Register::ImportA, half_hours(MONTH, 96, 1))])
        .await;
    assert_eq!(book.seal().await, Sealed::default(), "the month goes on");
    book.clock.advance(SignedDuration::from_hours(24 * 400));
    assert_eq!(book.seal().await, Sealed::default(), "nobody vouches for that clock");
    book.clock.advance(SignedDuration::from_hours(-24 * 400 + 20));
    assert_eq!(
        book.seal().await,
        Sealed::default(),
        "days after the end some are still late"
    );
    assert_eq!(book.all(1, Register::ImportA).len(), 96);
}

#[tokio::test]
async fn late_readings_win_over_the_file_and_are_merged_into_a_new_one() {
    let book = Book::new("2025-01-10T00:00:00Z", true);
    let mut readings = half_hours(MONTH, 96, 1);
    let missing = readings.remove(50);
    book.record(vec![
        batch(1, Register::ImportA, readings.clone()),
        batch(2, Register::ImportB, readings.clone()),
    ])
    .await;
    assert_eq!(book.seal().await.months, 1);
    let seq = *book.store.bell().borrow();
    let again = book.record(vec![batch(1, Register::ImportA, readings.clone())]).await;
    assert_eq!(
        again,
        Recorded {
            known: 95,
            ..Recorded::default()
        }
    );
    assert_eq!(*book.store.bell().borrow(), seq, "what stands in a file is known too");

    let corrected = Reading {
        value: WattHours(5),
        taken: at("2025-01-09T00:00:00Z"),
        ..readings[0]
    };
    let late = vec![corrected, missing, readings[1]];
    let outcome = book.record(vec![batch(1, Register::ImportA, late)]).await;
    assert_eq!(
        outcome,
        Recorded {
            added: 1,
            replaced: 1,
            known: 1,
            ..Recorded::default()
        }
    );
    let mut expected = readings.clone();
    expected[0] = corrected;
    expected.insert(50, missing);
    assert_eq!(book.all(1, Register::ImportA), expected);
    assert_eq!(book.seal().await.months, 0, "late ones gather first");
    book.clock.advance(SignedDuration::from_hours(25));
    let merged = book.seal().await;
    assert_eq!((merged.months, merged.rows, merged.removed), (1, 2, 1));
    assert_eq!(book.sides().len(), 1);
    assert!(
        book.sides()[0]
            .to_str()
            .unwrap()
            .ends_with("readings-2024-12.0002.side")
    );
    let book = book.restart().await;
    assert_eq!(book.all(1, Register::ImportA), expected);
    assert_eq!(
        book.all(2, Register::ImportB),
        readings,
        "what was not late is carried along"
    );
}

#[tokio::test]
async fn a_backup_takes_month_files_along_and_a_restore_puts_them_back() {
    let book = Book::new("2025-01-10T00:00:00Z", true);
    let readings = half_hours(MONTH, 2_000, 1);
    book.record(vec![batch(1, Register::ImportA, readings.clone())]).await;
    book.seal().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("book.backup");
    let report = book.store.backup(&file, &[], &Seal::LeaveOut).unwrap();
    let taken = report
        .members
        .iter()
        .filter(|member| member.kind == MemberKind::MonthFile);
    assert_eq!(taken.count(), 1);
    // What comes after the backup is not in it, though it replaces the file that is.
    let late = Reading {
        value: WattHours(1),
        taken: at("2025-01-20T00:00:00Z"),
        ..readings[0]
    };
    book.record(vec![batch(1, Register::ImportA, vec![late])]).await;
    book.clock.advance(SignedDuration::from_hours(25));
    assert_eq!(book.seal().await.months, 1);
    super::backup::restore_dry_run(&file, book.dir.path(), &Unseal::LeaveOut).unwrap();
    let fresh = elsewhere.path().join("fresh");
    super::backup::restore(&file, &fresh, &Unseal::LeaveOut).unwrap();
    assert!(verify(&fresh).unwrap().is_whole());
    let store = Store::open(Book::options(&fresh, &book.clock)).unwrap();
    assert_eq!(all(&store, 1, Register::ImportA), readings);
    assert_eq!(book.all(1, Register::ImportA)[0], late);
}

/// A sealed book of three registers, closed in order, and its one month file.
async fn sealed() -> (Book, PathBuf, Vec<Reading>) {
    let book = Book::new("2025-01-10T00:00:00Z", true);
    let readings = half_hours(MONTH, 480, 3);
    let batches = [(1, Register::ImportA), (1, Register::ExportA), (2, Register::ImportA)];
    let batches = batches.map(|(number, register)| batch(number, register, readings.clone()));
    book.record(batches.into()).await;
    book.seal().await;
    let side = book.sides().pop().unwrap();
    book.store.close().await;
    (book, side, readings)
}

fn flip(path: &Path, place: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[place] ^= 0x10;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_damaged_month_loses_what_is_damaged_and_says_what_that_is() {
    let (book, side, readings) = sealed().await;
    let Book { dir, clock, store, .. } = book;
    drop(store);
    let length = std::fs::read(&side).unwrap().len();
    flip(&side, length / 2);
    let found = verify(dir.path()).unwrap();
    let [loss] = found.losses.as_slice() else {
        panic!("{found}")
    };
    assert_eq!((loss.kind, loss.rows), (LossKind::MonthFile, true));
    assert_eq!(loss.ledgers, ["readings of EML2137580701 ExportA in 2024-12"]);
    let store = Store::open(Book::options(dir.path(), &clock)).unwrap();
    assert_eq!(store.salvage().unwrap().losses, found.losses);
    assert_eq!(all(&store, 1, Register::ImportA), readings);
    assert_eq!(all(&store, 1, Register::ExportA), []);
    assert_eq!(all(&store, 2, Register::ImportA), readings);
    assert!(side.exists(), "the damaged file is kept");
    // What is lost can be told again.
    let writer = ReadingsWriter::new(store.clone());
    writer
        .record(vec![batch(1, Register::ExportA, readings.clone())])
        .await
        .unwrap();
    clock.advance(SignedDuration::from_hours(25));
    store.seal_readings().await.unwrap();
    assert!(sides(dir.path())[0].ends_with("readings-2024-12.0003.side"));
    assert_eq!(all(&store, 1, Register::ExportA), readings);
    store.close().await;
    drop((store, writer));
    assert!(verify(dir.path()).unwrap().is_whole());
}

#[tokio::test]
async fn damage_beside_the_readings_loses_none_and_a_missing_month_is_named() {
    let (book, side, readings) = sealed().await;
    let Book { dir, clock, store, .. } = book;
    drop(store);
    let length = std::fs::read(&side).unwrap().len();
    flip(&side, length - 60);
    let store = Store::open(Book::options(dir.path(), &clock)).unwrap();
    let report = store.salvage().unwrap().clone();
    assert!(!report.lost_anything(), "{report}");
    assert_eq!(all(&store, 1, Register::ExportA), readings);
    drop(store);
    std::fs::remove_file(sides(dir.path()).pop().unwrap()).unwrap();
    let store = Store::open(Book::options(dir.path(), &clock)).unwrap();
    let report = store.salvage().unwrap().clone();
    assert_eq!(report.losses[0].kind, LossKind::MonthFileMissing);
    assert_eq!(report.losses[0].ledgers, ["readings of 2024-12"]);
    assert!(report.lost_anything());
    assert_eq!(all(&store, 1, Register::ExportA), []);
    drop(store);
    let again = Store::open(Book::options(dir.path(), &clock)).unwrap();
    assert_eq!(again.salvage(), Some(&report), "it was mended once");
}

#[tokio::test]
async fn what_was_begun_or_not_named_is_swept_away() {
    let (book, side, readings) = sealed().await;
    let folder = side.parent().unwrap().to_path_buf();
    std::fs::write(folder.join("readings-2024-12.0002.side.unfinished"), b"half").unwrap();
    std::fs::copy(&side, folder.join("readings-2024-10.0001.side")).unwrap();
    let book = book.restart().await;
    super::until("what no row names goes", || book.sides() == [side.clone()]).await;
    assert_eq!(book.all(2, Register::ImportA), readings);
    assert!(book.store.salvage().is_none());
}

#[tokio::test]
async fn months_older_than_what_is_kept_go_from_rows_and_month_files() {
    let book = Book::new("2025-01-10T00:00:00Z", true);
    let (old, young) = (half_hours(MONTH, 480, 3), half_hours("2025-01-01T00:00:00Z", 96, 5));
    book.record(vec![
        batch(1, Register::ImportA, old.clone()),
        batch(1, Register::ImportA, young.clone()),
        batch(2, Register::ExportA, old),
    ])
    .await;
    book.seal().await;
    // Late readings of the sealed month are rows again.
    book.record(vec![batch(3, Register::ImportA, half_hours(MONTH, 60, 1))])
        .await;
    let writer = ReadingsWriter::new(book.store.clone());
    let within = writer.forget_before(at("2024-12-31T23:59:59Z")).await.unwrap();
    assert_eq!(within, Expired::default(), "a month goes when all of it is old");
    let gone = writer.forget_before(at("2025-01-05T00:00:00Z")).await.unwrap();
    assert_eq!(gone, Expired { months: 1, rows: 2 });
    book.seal().await;
    assert!(book.sides().is_empty());
    drop(writer);
    let book = book.restart().await;
    assert_eq!(book.all(1, Register::ImportA), young);
    assert_eq!(book.all(2, Register::ExportA), []);
    assert_eq!(book.all(3, Register::ImportA), []);
    book.store.close().await;
    let Book { dir, store, .. } = book;
    drop(store);
    assert!(verify(dir.path()).unwrap().is_whole());

    let doubtful = Book::new("2025-01-10T00:00:00Z", false);
    doubtful
        .record(vec![batch(1, Register::ImportA, half_hours(MONTH, 48, 3))])
        .await;
    let writer = ReadingsWriter::new(doubtful.store.clone());
    let none = writer.forget_before(at("2030-01-01T00:00:00Z")).await.unwrap();
    assert_eq!(none, Expired::default(), "nothing goes by a clock that nobody trusts");
}
