//! Promise 18: what was deleted leaves the log and its snapshots, however little is written.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gatelodge::domain::Lane;
use gatelodge::store::{Ledger, Options, RowError, Store, schema};

use super::clock::SetClock;
use super::until;

const ROWS: Ledger<String> = Ledger::new(schema::UPLINK_NAME);
const MARK: &str = "what somebody wants to be forgotten";

/// Nothing goes by a clock that is not believed.
fn options(dir: &Path) -> Options {
    let mut options = Options::new(dir);
    options.clock = Arc::new(SetClock::new("2026-01-10T00:00:00Z", true)) as _;
    options
}

/// Files of the log and of its snapshots that have the mark.
fn holding(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for part in ["log", "snap"] {
        for entry in std::fs::read_dir(dir.join("g000001").join(part)).into_iter().flatten() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap_or_default();
            if bytes.windows(MARK.len()).any(|window| window == MARK.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

async fn put(store: &Store, row: Option<&'static str>) {
    let written = store.write(move |page| {
        match row {
            Some(text) => ROWS.put_on(page, b"key", &text.to_owned())?,
            None => ROWS.delete_on(page, b"key"),
        }
        Ok::<_, RowError>(())
    });
    written.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_turns_of_the_log_take_what_was_deleted_and_keep_what_was_not() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(options(dir.path())).unwrap();
    put(&store, Some(MARK)).await;
    store.shed().await.unwrap();
    let in_a_snapshot = || holding(dir.path()).iter().any(|name| name.contains("/snap/"));
    until("a snapshot has it", in_a_snapshot).await;
    put(&store, None).await;
    assert!(
        !holding(dir.path()).is_empty(),
        "it was deleted, and its bytes are there"
    );
    // Two are enough when each has its snapshot before the next.
    let mut turns = 0;
    while !holding(dir.path()).is_empty() {
        turns += 1;
        assert!(turns <= 20, "{:?}", holding(dir.path()));
        store.shed().await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert!(turns >= 2, "one snapshot of before is kept beside the first of after");
    put(&store, Some("another")).await;
    store.close().await;
    drop(store);
    let store = Store::open(options(dir.path())).unwrap();
    assert_eq!(ROWS.get(&store, b"key").unwrap().as_deref(), Some("another"));
    assert!(store.verify_live().unwrap().is_whole());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_lags_keeps_its_segments_and_no_snapshot_of_before() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(options(dir.path())).unwrap();
    let _lagging = store.subscribe("lagging", Lane::Critical).unwrap();
    put(&store, Some(MARK)).await;
    put(&store, None).await;
    for _ in 0..3 {
        store.shed().await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let left = holding(dir.path());
    assert!(left.iter().all(|name| name.contains("/log/")), "{left:?}");
    assert!(store.verify_live().unwrap().is_whole());
    store.close().await;
}
