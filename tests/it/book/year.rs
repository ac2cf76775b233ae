//! Not a promise test: prints what a year of half-hours of 100 meters takes on this machine.
//! `cargo nextest run --release --test it book::year --run-ignored all --no-capture`. Wanted: at most 20 s to take it in,
//! 20 ms to read a month of one meter, 100 MiB resident with it.

use std::time::Instant;

use gatelodge::domain::Register;
use gatelodge::store::readings::{Batch, Readings, ReadingsWriter};
use gatelodge::store::{Options, Store};
use jiff::Timestamp;

use super::readings::{half_hours, meter};
use crate::support::usage::resident_kib;

const METERS: usize = 100;
const YEAR: i64 = 366 * 48;

#[test]
#[ignore = "measures, for people to read"]
fn a_year_of_a_hundred_meters() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let dir = tempfile::tempdir_in(".").unwrap();
    let store = Store::open(Options::new(dir.path())).unwrap();
    println!("resident with an empty book: {} KiB", resident_kib(std::process::id()));
    let writer = ReadingsWriter::new(store.clone());
    for register in [Register::ImportA, Register::ExportA] {
        let begun = Instant::now();
        for number in 0..METERS {
            let readings = half_hours("2024-01-01T00:00:00Z", YEAR, 412);
            let batch = Batch {
                meter: meter(number),
                register,
                readings,
            };
            runtime.block_on(writer.record(vec![batch])).unwrap();
        }
        println!(
            "{register:?} of {METERS} meters, a year of half-hours: {:?}",
            begun.elapsed()
        );
    }
    println!(
        "resident: {} KiB, {} bytes on disk",
        resident_kib(std::process::id()),
        store.bytes()
    );
    read_months(&store, "out of rows or files, while months are moved");
    let begun = Instant::now();
    let sealed = runtime.block_on(store.seal_readings()).unwrap();
    println!("sealing, what was left of it: {:?}, {sealed:?}", begun.elapsed());
    read_months(&store, "out of month files");
    println!(
        "resident: {} KiB, {} bytes on disk",
        resident_kib(std::process::id()),
        store.bytes()
    );
    runtime.block_on(store.close());
    drop((store, writer));
    let begun = Instant::now();
    let store = Store::open(Options::new(dir.path())).unwrap();
    println!(
        "start: {:?}, resident {} KiB",
        begun.elapsed(),
        resident_kib(std::process::id())
    );
    read_months(&store, "out of month files, after a start");
    println!("{:?}, {} bytes on disk", store.stats(), store.bytes());
    drop(store);
}

/// Reads the December of many meters, and says the slowest and the mean.
fn read_months(store: &Store, whence: &str) {
    let readings = Readings::new(store.clone());
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let (from, to) = (at("2024-12-01T00:00:00Z"), at("2025-01-01T00:00:00Z"));
    let mut took = Vec::new();
    for number in 0..METERS {
        let begun = Instant::now();
        let found = readings
            .intervals(&meter(number), Register::ImportA, from, to)
            .filter(|interval| interval.as_ref().unwrap().energy.is_some())
            .count();
        took.push(begun.elapsed());
        assert!(found >= 31 * 48 - 1);
    }
    let slowest = took.iter().max().unwrap();
    let mean = took.iter().sum::<std::time::Duration>() / u32::try_from(took.len()).unwrap();
    println!("a month of one meter {whence}: {mean:?}, the slowest {slowest:?}");
}
