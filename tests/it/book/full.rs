//! A full disk: promise 5, on a real file system of 64 MiB.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gatelodge::domain::Lane;
use gatelodge::store::{Options, RowError, Store, WriteError};

use super::ledger::{COUNTS, Count, add_one};
use super::until;

/// Set in the process that has a mount namespace of its own.
const INSIDE: &str = "GATELODGE_TEST_NAMESPACE";
const NAME: &str = "book::full::a_full_disk_refuses_writes_keeps_a_reserve_and_recovers_by_itself";

/// A tmpfs, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<SmallDisk> {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64m", "tmpfs"])
            .arg(at)
            .output();
        mount
            .is_ok_and(|done| done.status.success())
            .then(|| SmallDisk(at.to_path_buf()))
    }

    fn room(&self) -> u64 {
        let about = rustix::fs::statvfs(&self.0).unwrap();
        about.f_bavail * about.f_frsize
    }

    /// Takes room away until only so much is left.
    fn fill(&self, leave: u64) {
        let bytes = self.room().saturating_sub(leave);
        let filler = std::fs::File::create(self.0.join("filler")).unwrap();
        rustix::fs::fallocate(&filler, rustix::fs::FallocateFlags::empty(), 0, bytes).unwrap();
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(
            done.is_ok_and(|status| status.success()),
            "{} stays mounted",
            self.0.display()
        );
    }
}

#[test]
fn a_full_disk_refuses_writes_keeps_a_reserve_and_recovers_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(dir.path()) else {
        return in_own_namespace();
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(filled_by_others(&disk));
    runtime.block_on(filled_by_the_journal(&disk));
    drop(runtime);
}

/// Without the right to mount, a user namespace gives it.
fn in_own_namespace() {
    #[expect(
        clippy::disallowed_methods,
        reason = "tells the inner run of this test from the outer"
    )]
    let inside = std::env::var_os(INSIDE).is_some();
    assert!(!inside, "cannot mount a tmpfs even in a namespace of our own");
    let run = Command::new("unshare")
        .arg("-rm")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("this test needs root, or `unshare` (util-linux)");
    assert!(
        run.status.success(),
        "this test needs root, or a kernel that allows `unshare -rm` (kernel.unprivileged_userns_clone=1):\n{}{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    );
}

fn options(disk: &SmallDisk, name: &str) -> Options {
    let mut options = Options::new(disk.0.join(name));
    options.segment_bytes = 2 << 20;
    options
}

async fn filled_by_others(disk: &SmallDisk) {
    let store = Store::open(options(disk, "one")).unwrap();
    store.write(|page| add_one(page, 1)).await.unwrap();
    disk.fill(5 << 20);
    until("writes are refused", || {
        store.health().borrow().disk_full || {
            futures_util::FutureExt::now_or_never(store.write(|page| add_one(page, 9)));
            false
        }
    })
    .await;
    let before = COUNTS.get(&store, &1u64.to_be_bytes()).unwrap().unwrap().value;
    assert!(matches!(
        store.write(|page| add_one(page, 1)).await,
        Err(WriteError::DiskFull)
    ));
    assert!(disk.room() > 4 << 20, "the reserve is still free: {}", disk.room());
    assert_eq!(
        COUNTS.get(&store, &1u64.to_be_bytes()).unwrap().unwrap().value,
        before,
        "reading goes on"
    );
    let only_read =
        store.write(|page| Ok::<_, RowError>(COUNTS.get_on(page, &1u64.to_be_bytes())?.map(|row| row.value)));
    assert_eq!(
        only_read.await.unwrap(),
        Some(before),
        "a change that changes nothing is no write"
    );

    drop(store);
    let store = Store::open(options(disk, "one")).expect("starting works while the disk is full");
    assert_eq!(COUNTS.get(&store, &1u64.to_be_bytes()).unwrap().unwrap().value, before);
    assert!(matches!(
        store.write(|page| add_one(page, 1)).await,
        Err(WriteError::DiskFull)
    ));

    disk.free();
    let mut health = store.health();
    let healthy = health.wait_for(|health| !health.disk_full);
    tokio::time::timeout(Duration::from_secs(10), healthy)
        .await
        .expect("it recovers by itself")
        .unwrap();
    store.write(|page| add_one(page, 1)).await.unwrap();
    store.close().await;
}

/// A reader that lags holds the journal until the disk is full; when it is gone, so is the journal.
async fn filled_by_the_journal(disk: &SmallDisk) {
    let mut options = options(disk, "two");
    options.journal_bytes = 1 << 30;
    options.clock = std::sync::Arc::new(super::clock::SetClock::new("2026-11-22T12:00:00Z", true));
    let store = Store::open(options.clone()).unwrap();
    drop(store.subscribe("lagging", Lane::Event).unwrap());
    let large = |number: u64| {
        move |page: &mut gatelodge::store::Page| {
            let value = page.seq().0;
            (0..32u64).try_for_each(|key| {
                COUNTS.put_on(
                    page,
                    &(number % 4 * 32 + key).to_be_bytes(),
                    &Count {
                        value,
                        pad: "x".repeat(3_800),
                    },
                )
            })
        }
    };
    let mut written = 0;
    loop {
        match store.write(large(written)).await {
            Ok(()) => written += 1,
            Err(WriteError::DiskFull) => break,
            Err(error) => panic!("{error}"),
        }
        assert!(written < 1_000, "64 MiB are not that much");
    }
    assert!(disk.room() > 6 << 20, "the reserve is still free: {}", disk.room());
    drop(store);
    let store = Store::open(options).expect("starting works while the disk is full");
    assert!(COUNTS.get(&store, &1u64.to_be_bytes()).unwrap().is_some());
    store.retire("lagging");
    let mut health = store.health();
    let patience = tokio::time::Instant::now() + Duration::from_secs(30);
    while store.write(large(0)).await.is_err() {
        assert!(
            tokio::time::Instant::now() < patience,
            "{:?}, {} free",
            store.stats(),
            disk.room()
        );
        let changed = tokio::time::timeout(Duration::from_secs(1), health.changed()).await;
        drop(changed);
    }
    store.close().await;
}
