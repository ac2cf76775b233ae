//! A book is never taken for another: not one that was emptied, copied, or set back for the one before.

use std::path::Path;
use std::process::Command;

use gatelodge::domain::{ChangeId, Seq};
use gatelodge::store::{Options, Store};

use super::ledger::add_one;

async fn written(store: &Store, times: u64) -> Vec<ChangeId> {
    for _ in 0..times {
        store.write(|page| add_one(page, 1)).await.unwrap();
    }
    let newest = store.bell().borrow().0;
    (newest - times + 1..=newest).map(|seq| store.id_of(Seq(seq))).collect()
}

fn copied(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(done.success());
}

#[tokio::test]
async fn what_goes_on_from_one_copy_has_other_ids_and_what_was_before_keeps_its_own() {
    let root = tempfile::tempdir().unwrap();
    let dirs = ["first", "second", "third"].map(|name| root.path().join(name));
    let store = Store::open(Options::new(&dirs[0])).unwrap();
    let before = written(&store, 20).await;
    let life = store.life_id().to_owned();
    store.close().await;
    drop(store);
    copied(&dirs[0], &dirs[1]);
    copied(&dirs[0], &dirs[2]);
    let (mut seen, mut runs) = (Vec::new(), Vec::new());
    for dir in &dirs {
        let store = Store::open(Options::new(dir)).unwrap();
        assert_eq!(store.life_id(), life);
        for id in &before {
            assert_eq!(store.id_of(id.seq), *id, "ids stay as they are");
            assert_eq!(store.seq_of(*id), Some(id.seq));
        }
        let more = written(&store, 5).await;
        assert!(more.iter().all(|id| id.epoch > before[0].epoch), "epochs rise");
        runs.push(store.run_id().to_owned());
        seen.push((more, store));
    }
    for (at, (ids, _)) in seen.iter().enumerate() {
        for (other, (_, store)) in seen.iter().enumerate().filter(|(other, _)| *other != at) {
            let known: Vec<_> = ids.iter().filter_map(|id| store.seq_of(*id)).collect();
            assert!(known.is_empty(), "{other} knows ids of {at}: {known:?}");
        }
    }
    assert!(runs[0] != runs[1] && runs[1] != runs[2]);
}

#[tokio::test]
async fn a_book_that_is_made_anew_gives_no_id_a_second_time() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("book");
    let mut known: Vec<(String, Vec<ChangeId>)> = Vec::new();
    for _ in 0..3 {
        let store = Store::open(Options::new(&dir)).unwrap();
        let ids = written(&store, 10).await;
        for (life, before) in &known {
            assert_ne!(life, store.life_id());
            assert!(before.iter().all(|id| !ids.contains(id)), "{before:?} {ids:?}");
        }
        known.push((store.life_id().to_owned(), ids));
        store.close().await;
        drop(store);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

#[tokio::test]
async fn a_hundred_openings_leave_few_rows_and_rising_epochs() {
    let root = tempfile::tempdir().unwrap();
    let mut newest: Option<u64> = None;
    for _ in 0..100 {
        let store = Store::open(Options::new(root.path())).unwrap();
        let ids = written(&store, 1).await;
        assert!(newest.is_none_or(|newest| ids[0].epoch > newest));
        newest = Some(ids[0].epoch);
        store.close().await;
    }
}
