//! Damage: the book starts, says what is lost, keeps the damaged copy; `verify` says the same first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gatelodge::domain::{Lane, Seq};
use gatelodge::store::{Delivery, LossKind, Options, SalvageReport, Store, VerifyReport, verify};

use super::chance::Chance;
use super::ledger::{COUNTS, add_one, count};

const KEYS: u64 = 10;
const ROUNDS: u64 = 30;

fn options(dir: &Path) -> Options {
    let mut options = Options::new(dir);
    options.segment_bytes = 4_000;
    options
}

/// A book of many segments and two snapshots, whose reader has acknowledged nothing; closed in order.
async fn grown(dir: &Path) {
    let store = Store::open(options(dir)).unwrap();
    let reader = store.subscribe("salvage", Lane::Measurement).unwrap();
    for _ in 0..ROUNDS {
        for key in 0..KEYS {
            store.write(move |page| add_one(page, key)).await.unwrap();
        }
    }
    let patience = Instant::now() + Duration::from_secs(20);
    while files(&dir.join("g000001/snap")).len() != 2 || store.stats().snapshot < Some(Seq(200)) {
        assert!(
            Instant::now() < patience,
            "the keeper makes snapshots: {:?}",
            store.stats()
        );
        tokio::task::yield_now().await;
    }
    drop(reader);
    store.close().await;
}

/// What lies in `dir`, but for what was not finished: opening sweeps that away.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|ending| ending != "unfinished"))
        .collect();
    found.sort();
    found
}

fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for path in files(dir) {
        if path.is_dir() {
            all.extend(contents(&path));
        } else {
            all.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    all
}

fn flip(path: &Path, place: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[place] ^= 0x10;
    std::fs::write(path, bytes).unwrap();
}

/// Verifies, starts, and checks that both say the same, that verifying changed nothing and that
/// the damaged copy is what was damaged.
fn mend(dir: &Path, why: &str) -> (Store, VerifyReport, SalvageReport) {
    let before = contents(dir);
    let found = verify(dir).unwrap();
    assert_eq!(contents(dir), before, "verify changes nothing");
    let begun = Instant::now();
    let store = Store::open(options(dir)).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10));
    let report = store
        .salvage()
        .unwrap_or_else(|| panic!("it was damaged, {why}: {found}"))
        .clone();
    assert_eq!(report.losses, found.losses);
    assert!(report.to_string().contains("the damaged files are kept in"));
    let generation = dir.join("g000001");
    assert_eq!(report.damaged_copy, generation);
    let kept = contents(&generation);
    let was: BTreeMap<_, _> = before
        .into_iter()
        .filter(|(path, _)| path.starts_with(&generation))
        .collect();
    assert_eq!(kept, was, "the damaged copy is kept as it was");
    // Without its note it is not known whether this life of the book was the newest.
    let new = report.lost_anything() || report.losses.iter().any(|loss| loss.kind == LossKind::BookNote);
    let (was, is) = (found.epoch.0, store.epoch().0);
    assert!(if new { is > was } else { is == was }, "{why}: {was} {is} {report}");
    assert!(verify(dir).is_err(), "it is in use");
    assert!(store.verify_live().unwrap().is_whole());
    (store, found, report)
}

fn rows(store: &Store) -> Vec<Option<u64>> {
    (0..KEYS)
        .map(|key| COUNTS.get(store, &key.to_be_bytes()).unwrap().map(|row| row.value))
        .collect()
}

fn all_rows() -> Vec<Option<u64>> {
    vec![Some(ROUNDS); usize::try_from(KEYS).unwrap()]
}

/// What the reader is given: entries, and changes covered by gaps.
async fn journal(store: &Store) -> (u64, u64) {
    let mut lane = store.subscribe("salvage", Lane::Measurement).unwrap();
    let (mut entries, mut missing) = (0, 0);
    let end = store
        .write(|page| add_one(page, 99))
        .await
        .map(|_| *store.bell().borrow())
        .unwrap();
    loop {
        match lane.next().await.unwrap() {
            Delivery::Entry(entry) if entry.seq == end => return (entries, missing),
            Delivery::Entry(_) => entries += 1,
            Delivery::Gap(gap) => missing += gap.to.0 - gap.from.0 + 1,
        }
    }
}

#[tokio::test]
async fn a_damaged_record_that_a_snapshot_covers_loses_events_only() {
    let dir = tempfile::tempdir().unwrap();
    grown(dir.path()).await;
    let segment = files(&dir.path().join("g000001/log"))[2].clone();
    flip(&segment, 1_000);
    let (store, _, report) = mend(dir.path(), "one place");
    let [loss] = report.losses.as_slice() else {
        panic!("{report}")
    };
    assert_eq!((loss.kind, loss.rows, loss.events), (LossKind::Records, false, true));
    assert_eq!(loss.from, loss.to);
    assert!(loss.after < loss.before && loss.after.is_some());
    assert_eq!(rows(&store), all_rows());
    let (entries, missing) = journal(&store).await;
    assert_eq!(
        (entries, missing),
        (ROUNDS * KEYS - 1, 1),
        "the reader is told of the gap"
    );
    store.close().await;
    drop(store);
    let again = Store::open(options(dir.path())).unwrap();
    assert_eq!(
        again.salvage(),
        Some(&report),
        "the report stays until the next restore"
    );
    assert!(*again.bell().borrow() > Seq(ROUNDS * KEYS));
}

#[tokio::test]
async fn a_damaged_record_after_the_snapshots_loses_rows_and_names_their_ledger() {
    let dir = tempfile::tempdir().unwrap();
    grown(dir.path()).await;
    let last = files(&dir.path().join("g000001/log")).pop().unwrap();
    flip(&last, 200);
    let (store, _, report) = mend(dir.path(), "one place");
    let [loss] = report.losses.as_slice() else {
        panic!("{report}")
    };
    assert_eq!((loss.kind, loss.rows, loss.events), (LossKind::Records, true, true));
    assert_eq!(loss.ledgers, ["unknown ledger 0xf0"]);
    // Each key was written again later or is one behind, no worse.
    assert!(rows(&store).iter().all(|row| *row >= Some(ROUNDS - 1)), "{report}");
    store.write(|page| add_one(page, 1)).await.unwrap();
}

#[tokio::test]
async fn a_damaged_snapshot_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    grown(dir.path()).await;
    let newest = files(&dir.path().join("g000001/snap")).pop().unwrap();
    flip(&newest, 300);
    let (store, _, report) = mend(dir.path(), "one place");
    assert!(!report.lost_anything(), "{report}");
    assert_eq!(report.losses[0].kind, LossKind::SnapshotRows);
    assert_eq!(rows(&store), all_rows());
    assert_eq!(journal(&store).await, (ROUNDS * KEYS, 0));
}

#[tokio::test]
async fn a_missing_segment_is_named_and_told_to_readers() {
    let dir = tempfile::tempdir().unwrap();
    grown(dir.path()).await;
    let segments = files(&dir.path().join("g000001/log"));
    std::fs::remove_file(&segments[2]).unwrap();
    let (store, _, report) = mend(dir.path(), "one place");
    let [loss] = report.losses.as_slice() else {
        panic!("{report}")
    };
    assert_eq!((loss.rows, loss.events), (false, true));
    let (from, to) = (loss.from.unwrap(), loss.to.unwrap());
    assert_eq!(rows(&store), all_rows());
    assert_eq!(
        journal(&store).await,
        (ROUNDS * KEYS - (to.0 - from.0 + 1), to.0 - from.0 + 1)
    );
}

#[tokio::test]
async fn a_missing_last_segment_is_noticed_even_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    grown(dir.path()).await;
    std::fs::remove_file(dir.path().join("clean")).unwrap();
    let last = files(&dir.path().join("g000001/log")).pop().unwrap();
    std::fs::remove_file(&last).unwrap();
    let (store, found, report) = mend(dir.path(), "one place");
    assert_eq!(
        (report.losses[0].kind, report.losses[0].to),
        (LossKind::SegmentMissing, None)
    );
    assert!(report.lost_anything() && !found.is_whole());
    assert!(rows(&store).iter().all(Option::is_some));
}

#[tokio::test]
async fn both_snapshots_damaged_still_starts_with_what_is_readable() {
    let dir = tempfile::tempdir().unwrap();
    grown(dir.path()).await;
    for snapshot in files(&dir.path().join("g000001/snap")) {
        flip(&snapshot, 300);
    }
    let (store, _, report) = mend(dir.path(), "one place");
    // The whole log from the first change on is still there for the reader, so the rows are too.
    assert!(!report.losses.is_empty());
    assert_eq!(rows(&store), all_rows());
}

/// Any one file damaged anywhere: the report says neither too little nor, of rows, too much.
/// The long form sets `GATELODGE_TEST_DAMAGES=2000`.
#[tokio::test]
async fn whatever_is_damaged_the_report_is_true() {
    let whole = tempfile::tempdir().unwrap();
    grown(whole.path()).await;
    let all: Vec<PathBuf> = contents(&whole.path().join("g000001")).into_keys().collect();
    for seed in 0..super::number("GATELODGE_TEST_DAMAGES").unwrap_or(40) {
        let mut chance = Chance::new(seed);
        let dir = tempfile::tempdir().unwrap();
        for path in contents(whole.path()).into_keys() {
            let to = dir.path().join(path.strip_prefix(whole.path()).unwrap());
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(&path, &to).unwrap();
        }
        let victim = &all[chance.at_most(all.len() - 1)];
        let victim = dir.path().join(victim.strip_prefix(whole.path()).unwrap());
        let bytes = std::fs::read(&victim).unwrap();
        let (what, place) = match chance.below(4) {
            0 => {
                std::fs::remove_file(&victim).unwrap();
                ("removed", 0)
            }
            1 => {
                let keep = chance.at_most(bytes.len() - 1);
                std::fs::write(&victim, &bytes[..keep]).unwrap();
                ("cut short", keep)
            }
            _ => {
                let place = chance.at_most(bytes.len() - 1);
                flip(&victim, place);
                ("changed", place)
            }
        };
        let why = format!("seed {seed}: {} {what}", victim.display());
        // The reader holds the whole log, from which a snapshot can be made again.
        let needless = what == "removed" && why.contains(".snap");
        // Nothing was written yet where the last segment has room for more.
        let unused = why.contains(".log") && bytes[place..].iter().all(|byte| *byte == 0);
        if needless || unused {
            // Nothing is missing.
            let store = Store::open(options(dir.path())).unwrap();
            assert_eq!(rows(&store), all_rows(), "{why}");
            continue;
        }
        let (store, _, report) = mend(dir.path(), &why);
        let stands = rows(&store);
        assert!(stands.iter().all(|row| *row <= Some(ROUNDS)), "{why}: {report}");
        if report.losses.iter().all(|loss| !loss.rows) {
            assert_eq!(stands, all_rows(), "{why}: {report}");
        }
        let (entries, missing) = journal(&store).await;
        assert!(
            entries + missing >= ROUNDS * KEYS,
            "{why}: {entries} and {missing}, {report}"
        );
        assert_eq!(
            missing > 0 || entries < ROUNDS * KEYS,
            report.losses.iter().any(|loss| loss.events),
            "{why}: {report}"
        );
        assert_eq!(COUNTS.get(&store, &99u64.to_be_bytes()).unwrap(), Some(count(1)));
        store.close().await;
        drop(store);
        assert!(verify(dir.path()).unwrap().is_whole(), "{why}");
    }
}
