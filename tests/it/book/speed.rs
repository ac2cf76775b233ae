//! Not a promise test: prints what the book does on this machine.
//! `cargo nextest run --release --test it book::speed --run-ignored all --no-capture`.

use std::time::{Duration, Instant};

use gatelodge::store::{Options, RowError, Store};
use tokio::task::JoinSet;

use super::ledger::{COUNTS, add_one, count};
use crate::support::usage::resident_kib;

#[test]
#[ignore = "measures, for people to read"]
fn durable_writes_a_second_and_starts() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let dir = tempfile::tempdir_in(".").unwrap();
    println!("resident before: {} KiB", resident_kib(std::process::id()));
    let store = Store::open(Options::new(dir.path())).unwrap();
    println!("resident with an empty book: {} KiB", resident_kib(std::process::id()));
    for (tasks, rows) in [(1, 1), (16, 1_000), (64, 1_000), (64, 1), (256, 1)] {
        let before = store.stats();
        let begun = Instant::now();
        let total: u64 = runtime.block_on(async {
            let mut set = JoinSet::new();
            for task in 0..tasks {
                let store = store.clone();
                set.spawn(async move {
                    let (mut done, begun) = (0u64, Instant::now());
                    while begun.elapsed() < Duration::from_secs(4) {
                        let key = (task * 7919 + done * 31) % rows;
                        store.write(move |page| add_one(page, key)).await.unwrap();
                        done += 1;
                    }
                    done
                });
            }
            set.join_all().await.into_iter().sum()
        });
        let rate = total as f64 / begun.elapsed().as_secs_f64();
        let groups = store.stats().groups - before.groups;
        println!(
            "{tasks:4} tasks, {rows:5} rows: {rate:9.0} op/s, {:6.1} a group",
            total as f64 / groups as f64
        );
    }
    println!(
        "resident after: {} KiB, {:?}",
        resident_kib(std::process::id()),
        store.stats()
    );
    runtime.block_on(async {
        for page in 0..1_000u64 {
            let write = store.write_bulk(move |on| {
                (0..100).try_for_each(|row| COUNTS.put_on(on, &(page * 100 + row).to_be_bytes(), &count(row)))?;
                Ok::<(), RowError>(())
            });
            write.await.unwrap();
        }
    });
    drop(store);
    let begun = Instant::now();
    let store = Store::open(Options::new(dir.path())).unwrap();
    println!("start after a kill, 100,000 rows: {:?}", begun.elapsed());
    let begun = Instant::now();
    runtime.block_on(store.close());
    println!("close: {:?}", begun.elapsed());
    drop(store);
    let begun = Instant::now();
    let store = Store::open(Options::new(dir.path())).unwrap();
    println!(
        "start after an orderly stop, 100,000 rows: {:?}, resident {} KiB",
        begun.elapsed(),
        resident_kib(std::process::id())
    );
    drop(store);
}
