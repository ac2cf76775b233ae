//! Writing: promises 1 to 6.

use std::time::Duration;

use gatelodge::domain::Seq;
use gatelodge::store::{Delivery, OpenError, Options, RowError, Store, WriteError};
use tokio::task::JoinSet;

use super::ledger::{COUNTS, add_one, count, measured};

fn open(dir: &tempfile::TempDir) -> Store {
    Store::open(Options::new(dir.path())).unwrap()
}

#[tokio::test]
async fn what_was_written_is_there_after_an_orderly_stop_and_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let life = open(&dir).epoch();
    for round in 1..=4u64 {
        let store = open(&dir);
        assert_eq!(store.epoch(), life);
        for key in 0..20 {
            let value = store.write(move |page| add_one(page, key)).await.unwrap();
            assert_eq!(value, round);
            assert_eq!(COUNTS.get(&store, &key.to_be_bytes()).unwrap(), Some(count(round)));
        }
        assert_eq!(*store.bell().borrow(), Seq(20 * round));
        if round % 2 == 0 {
            store.close().await;
            let late = store.write(|page| add_one(page, 1)).await;
            assert!(matches!(late, Err(WriteError::Closed)));
        }
    }
    let store = open(&dir);
    let mut tail = store.tail(Seq(79));
    let Delivery::Entry(last) = tail.next().await.unwrap() else {
        panic!("nothing was pruned");
    };
    assert_eq!((last.seq, last.events), (Seq(80), vec![measured(19, 4)]));
    assert!(store.salvage().is_none());
}

#[tokio::test]
async fn a_second_process_cannot_open_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    assert!(matches!(
        Store::open(Options::new(dir.path())),
        Err(OpenError::InUse(_))
    ));
    drop(store);
    open(&dir);
}

#[tokio::test]
async fn a_panic_or_a_refusal_leaves_no_trace_and_harms_no_neighbour() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let mut before = Box::pin(store.write(|page| add_one(page, 1)));
    assert!(futures_util::poll!(&mut before).is_pending());
    let panicking = store.write::<(), RowError>(|page| {
        add_one(page, 1)?;
        panic!("inside a change");
    });
    assert!(matches!(panicking.await, Err(WriteError::Panicked)));
    let refused = store.write::<(), &str>(|page| {
        add_one(page, 1).map_err(|_| "unexpected")?;
        Err("no")
    });
    assert!(matches!(refused.await, Err(WriteError::Refused("no"))));
    before.await.unwrap();
    assert_eq!(store.write(|page| add_one(page, 1)).await.unwrap(), 2);
    assert_eq!(*store.bell().borrow(), Seq(2));
}

#[tokio::test]
async fn rows_over_4_kib_and_changes_over_128_kib_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let large = |bytes: usize| super::ledger::Count {
        value: 0,
        pad: "x".repeat(bytes),
    };
    let row = store.write(move |page| COUNTS.put_on(page, b"a", &large(4096)));
    assert!(matches!(
        row.await,
        Err(WriteError::Refused(RowError::TooLarge { limit: 4096, .. }))
    ));
    let many = |rows: u64| {
        move |page: &mut gatelodge::store::Page| {
            (0..rows).try_for_each(|key| COUNTS.put_on(page, &key.to_be_bytes(), &large(4000)))
        }
    };
    assert!(matches!(
        store.write(many(33)).await,
        Err(WriteError::Refused(RowError::PageFull { .. }))
    ));
    store.write(many(32)).await.unwrap();
    let events = store.write(|page| {
        (0..1500).for_each(|number| page.record(measured(number, 1)));
        Ok::<(), RowError>(())
    });
    assert!(matches!(events.await, Err(WriteError::Panicked)));
    assert_eq!(*store.bell().borrow(), Seq(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_stay_below_128_kib_and_every_change_of_a_crowd_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let mut tasks = JoinSet::new();
    for task in 0..64u64 {
        let store = store.clone();
        tasks.spawn(async move {
            for _ in 0..20 {
                store
                    .write(move |page| {
                        for key in 0..16u64 {
                            COUNTS.put_on(
                                page,
                                &((task + 1) << 8 | key).to_be_bytes(),
                                &super::ledger::Count {
                                    value: page.seq().0,
                                    pad: "x".repeat(500),
                                },
                            )?;
                        }
                        add_one(page, 0)
                    })
                    .await
                    .unwrap();
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(COUNTS.get(&store, &0u64.to_be_bytes()).unwrap().unwrap().value, 64 * 20);
    let stats = store.stats();
    assert_eq!(stats.changes, 64 * 20);
    assert!(stats.log_bytes / stats.groups <= 128 << 10, "{stats:?}");
    assert!(stats.groups < stats.changes, "changes are written in groups: {stats:?}");
}

/// Holds the pen inside a change until the returned sender speaks or goes.
pub async fn hold(store: &Store) -> std::sync::mpsc::Sender<()> {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (reached, inside) = tokio::sync::oneshot::channel();
    let mut write = Box::pin(store.write(move |_| {
        reached.send(()).ok();
        held.recv().ok();
        Ok::<(), RowError>(())
    }));
    // The change is made although nobody waits for its answer.
    assert!(futures_util::poll!(&mut write).is_pending());
    inside.await.unwrap();
    release
}

#[tokio::test]
async fn a_full_queue_is_busy_and_never_grows() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = Options::new(dir.path());
    (options.queue, options.bulk_queue) = (8, 4);
    let store = Store::open(options).unwrap();
    let release = hold(&store).await;
    let mut waiting = Vec::new();
    for _ in 0..8 {
        waiting.push(Box::pin(store.write(|page| add_one(page, 1))));
    }
    for write in &mut waiting {
        assert!(futures_util::poll!(write).is_pending());
    }
    assert!(matches!(
        store.write(|page| add_one(page, 1)).await,
        Err(WriteError::Busy)
    ));
    let mut bulk: Vec<_> = (0..4)
        .map(|_| Box::pin(store.write_bulk(|page| add_one(page, 2))))
        .collect();
    for write in &mut bulk {
        assert!(futures_util::poll!(write).is_pending());
    }
    assert!(matches!(
        store.write_bulk(|page| add_one(page, 2)).await,
        Err(WriteError::Busy)
    ));
    drop(release);
    for write in waiting {
        write.await.unwrap();
    }
    for write in bulk {
        write.await.unwrap();
    }
    assert_eq!(store.stats().busy, 2);
}

#[tokio::test]
async fn people_come_before_bulk_and_bulk_takes_at_most_128_rows() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let rows = |rows: u64| {
        move |page: &mut gatelodge::store::Page| {
            (0..rows).try_for_each(|key| COUNTS.put_on(page, &key.to_be_bytes(), &count(key)))?;
            Ok::<u64, RowError>(page.seq().0)
        }
    };
    assert!(matches!(
        store.write_bulk(rows(129)).await,
        Err(WriteError::Refused(RowError::PageFull { rows: 129, .. }))
    ));
    let release = hold(&store).await;
    let mut bulk: Vec<_> = (0..2).map(|_| Box::pin(store.write_bulk(rows(128)))).collect();
    for write in &mut bulk {
        assert!(futures_util::poll!(write).is_pending());
    }
    let mut person = Box::pin(store.write(rows(1)));
    assert!(futures_util::poll!(&mut person).is_pending());
    drop(release);
    let person = person.await.unwrap();
    for write in bulk {
        assert!(write.await.unwrap() > person, "people who came later are written first");
    }
}

#[tokio::test]
async fn bulk_goes_on_while_people_never_stop() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let stop = tokio_util::sync::CancellationToken::new();
    let mut people = JoinSet::new();
    for task in 0..4u64 {
        let (store, stop) = (store.clone(), stop.clone());
        people.spawn(async move {
            while !stop.is_cancelled() {
                store.write(move |page| add_one(page, task)).await.unwrap();
            }
        });
    }
    for _ in 0..3 {
        let bulk = store.write_bulk(|page| add_one(page, 9));
        tokio::time::timeout(Duration::from_secs(5), bulk)
            .await
            .expect("bulk is not starved")
            .unwrap();
    }
    stop.cancel();
    people.join_all().await;
}
