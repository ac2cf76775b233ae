//! Backup and restore: promise 14.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use gatelodge::domain::{Lane, Seq};
use gatelodge::store::files::Disk;
use gatelodge::store::{
    ArchiveError, Extra, Options, Place, Privacy, RestoreError, RestoreReport, Seal, SecretString, Store, Unseal,
    verify,
};

use super::chance::Chance;
use super::disk::SimulatedDisk;
use super::ledger::{COUNTS, add_one};
use super::until;

fn options(dir: &Path) -> Options {
    let mut options = Options::new(dir);
    options.segment_bytes = 4_000;
    options
}

async fn write(store: &Store, times: u64) {
    for number in 0..times {
        store.write(move |page| add_one(page, number % 10)).await.unwrap();
    }
}

fn rows(store: &Store) -> Vec<u64> {
    (0..10u64)
        .map(|key| {
            COUNTS
                .get(store, &key.to_be_bytes())
                .unwrap()
                .map_or(0, |row| row.value)
        })
        .collect()
}

fn extra(dir: &Path) -> Vec<Extra> {
    let file = |name: &str, content: &str, privacy| {
        let path = dir.join(name.replace('/', "-"));
        std::fs::write(&path, content).unwrap();
        Extra {
            name: name.to_owned(),
            path,
            privacy,
        }
    };
    vec![
        file("pki/ca.pem", "a certificate", Privacy::Public),
        file("pki/ca.key", "a private key", Privacy::Secret),
    ]
}

/// The book in `dir`, with what belongs to it in a folder in there.
pub(super) fn place(dir: &Path) -> Place {
    Place {
        book: dir.to_owned(),
        beside: dir.join("beside"),
    }
}

pub(super) fn restore(file: &Path, dir: &Path, unseal: &Unseal) -> Result<RestoreReport, RestoreError> {
    std::fs::create_dir_all(dir.join("beside")).unwrap();
    gatelodge::store::restore(std::fs::File::open(file).unwrap(), file, &place(dir), unseal)
}

pub(super) fn restore_dry_run(file: &Path, dir: &Path, unseal: &Unseal) -> Result<RestoreReport, RestoreError> {
    gatelodge::store::restore_dry_run(std::fs::File::open(file).unwrap(), file, &place(dir), unseal)
}

/// On a simulated disk.
pub(super) fn restore_on(disk: &SimulatedDisk, file: &Path, dir: &Path) -> Result<RestoreReport, RestoreError> {
    // The power may be cut in here too.
    let made = disk.make_dir(&dir.join("beside")).and_then(|()| disk.sync_dir(dir));
    let open = made.and_then(|()| disk.open(file));
    // Of such a cut only that there is an error counts.
    let open = open.map_err(|_| RestoreError::NoAbout)?;
    gatelodge::store::restore_on(disk, open, file, &place(dir), &Unseal::LeaveOut)
}

/// Puts the settings beside the book, durably.
fn settings(disk: &SimulatedDisk, beside: &Path, content: &[u8]) {
    let folder = beside.join("conf.d");
    disk.make_dir(&folder).unwrap();
    disk.sync_dir(beside).unwrap();
    let file = disk.create(&folder.join("remote.toml")).unwrap();
    file.set_len(0).unwrap();
    assert_eq!(file.write_at(content, 0).unwrap(), content.len());
    file.sync().unwrap();
    disk.sync_dir(&folder).unwrap();
}

fn passphrase(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

#[tokio::test]
async fn a_backup_taken_while_the_book_is_written_restores_as_it_was() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = elsewhere.path().join("book.backup");
    let store = Store::open(options(dir.path())).unwrap();
    drop(store.subscribe("reader", Lane::Measurement).unwrap());
    write(&store, 200).await;
    until("a snapshot is made", || store.stats().snapshot > Some(Seq(50))).await;
    let identity = age::x25519::Identity::generate();
    let seal = Seal::Recipient(identity.to_public().to_string());
    let report = store.backup(&file, &extra(elsewhere.path()), &seal).unwrap();
    assert!(report.through >= Seq(200));
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(13).any(|window| window == b"a private key"));
    let then = rows(&store);
    write(&store, 100).await;
    let epoch = store.epoch();
    store.close().await;
    drop(store);

    let unseal = Unseal::Identity(identity.to_string());
    let planned = restore_dry_run(&file, dir.path(), &unseal).unwrap();
    let done = restore(&file, dir.path(), &unseal).unwrap();
    assert_eq!((planned.through, planned.kept), (done.through, done.kept.clone()));
    assert_eq!(
        done.kept.as_deref(),
        Some(dir.path().join("g000001").as_path()),
        "the old book is kept"
    );
    assert_eq!(done.files, ["pki/ca.pem", "pki/ca.key"]);
    for (name, content, mode) in [("ca.key", "a private key", 0o600), ("ca.pem", "a certificate", 0o644)] {
        let path = dir.path().join("beside/pki").join(name);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
    }

    let store = Store::open(options(dir.path())).unwrap();
    assert_eq!(rows(&store), then);
    assert!(store.epoch().0 > epoch.0, "what follows has new ids");
    assert_eq!(store.epoch(), done.epoch);
    let mut lane = store.subscribe("reader", Lane::Measurement).unwrap();
    assert!(
        lane.next().await.unwrap().seq() < Seq(10),
        "readers go on where they were"
    );
    write(&store, 10).await;
    assert_eq!(rows(&store)[0], then[0] + 1);
}

/// Segments begin and end all the time while the backups are made: none holds the end of one that announces the next
/// without the next, and each says exactly how far it reaches.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_backup_of_a_book_whose_segments_change_is_whole() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut options = options(dir.path());
    options.segment_bytes = 300;
    let store = Store::open(options).unwrap();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            while !*stopped.borrow() {
                write(&store, 1).await;
            }
        }
    });
    let mut segments = 0;
    for number in 0..super::number("GATELODGE_TEST_BACKUPS").unwrap_or(100) {
        let file = elsewhere.path().join(format!("{number}.backup"));
        let making = (store.clone(), file.clone());
        let report = tokio::task::spawn_blocking(move || making.0.backup(&making.1, &[], &Seal::LeaveOut));
        let report = report.await.unwrap().unwrap();
        segments += report.members.len();
        let there = elsewhere.path().join(format!("{number}"));
        std::fs::create_dir(&there).unwrap();
        restore(&file, &there, &Unseal::LeaveOut).unwrap_or_else(|error| panic!("backup {number}: {error}"));
        assert_eq!(verify(&there).unwrap().last, report.through, "backup {number}");
    }
    stop.send_replace(true);
    writer.await.unwrap();
    assert!(segments > 300, "segments came and went: {segments}");
}

#[tokio::test]
async fn a_backup_restores_on_another_box_and_keys_can_stay_behind() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = elsewhere.path().join("book.backup");
    let store = Store::open(options(dir.path())).unwrap();
    write(&store, 20).await;
    let report = store.backup(&file, &extra(elsewhere.path()), &Seal::LeaveOut).unwrap();
    assert_eq!(report.left_out, ["pki/ca.key"]);
    let fresh = elsewhere.path().join("fresh");
    let done = restore(&file, &fresh, &Unseal::LeaveOut).unwrap();
    assert_eq!((done.kept, done.sealed_left, done.files.len()), (None, false, 0));
    assert_eq!(rows(&Store::open(options(&fresh)).unwrap()), rows(&store));
    assert!(verify(&fresh).unwrap().is_whole());
}

#[tokio::test]
async fn a_wrong_passphrase_or_a_damaged_backup_changes_nothing() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = elsewhere.path().join("book.backup");
    let store = Store::open(options(dir.path())).unwrap();
    write(&store, 20).await;
    let seal = Seal::Passphrase(passphrase("right"));
    store.backup(&file, &extra(elsewhere.path()), &seal).unwrap();
    let (rows_then, epoch) = (rows(&store), store.epoch());
    store.close().await;
    drop(store);
    let wrong = restore(&file, dir.path(), &Unseal::Passphrase(passphrase("wrong")));
    assert!(matches!(wrong, Err(RestoreError::Seal(_))));
    let whole = std::fs::read(&file).unwrap();
    for seed in 0..30 {
        let mut chance = Chance::new(seed);
        let mut bytes = whole.clone();
        let place = chance.at_most(bytes.len() - 1);
        if chance.one_in(2) {
            bytes.truncate(place);
        } else {
            bytes[place] ^= 4;
        }
        std::fs::write(&file, &bytes).unwrap();
        let refused = restore(&file, dir.path(), &Unseal::LeaveOut);
        assert!(
            matches!(
                &refused,
                Err(RestoreError::Archive(
                    ArchiveError::Damaged { .. } | ArchiveError::NotABackup(_)
                ))
            ),
            "seed {seed}: {refused:?}"
        );
    }
    let store = Store::open(options(dir.path())).unwrap();
    assert_eq!((rows(&store), store.epoch()), (rows_then, epoch));
}

/// A cut at every point of a backup and of a restore: the backup is whole or not there, the book is
/// the old one or the restored one.
#[tokio::test]
async fn cuts_during_backup_and_restore_leave_one_book_or_the_other() {
    let mut both = [0; 2];
    for seed in 0..super::number("GATELODGE_TEST_RESTORE_CUTS").unwrap_or(60) {
        let mut chance = Chance::new(seed);
        let dir = tempfile::tempdir().unwrap();
        let disk = SimulatedDisk::new(dir.path());
        let on = |disk: &SimulatedDisk| {
            let mut options = options(dir.path());
            options.disk = Arc::new(disk.clone());
            options.beside = Some(dir.path().join("beside"));
            options
        };
        let file = dir.path().join("book.backup");
        let beside = dir.path().join("beside");
        disk.make_dir(&beside).unwrap();
        disk.sync_dir(dir.path()).unwrap();
        settings(&disk, &beside, b"then");
        let store = Store::open(on(&disk)).unwrap();
        write(&store, 60).await;
        let (then, first) = (rows(&store), store.epoch());
        let extra = [Extra {
            name: "conf.d/remote.toml".to_owned(),
            path: beside.join("conf.d/remote.toml"),
            privacy: Privacy::Public,
        }];
        let cut_backup = chance.one_in(2);
        if cut_backup {
            disk.cut_after(chance.below(40));
        }
        let made = store.backup(&file, &extra, &Seal::LeaveOut).is_ok();
        if !disk.is_cut() {
            disk.cut_no_more();
            write(&store, 30).await;
            settings(&disk, &beside, b"now");
        }
        let now = rows(&store);
        drop(store);
        let disk = disk.after_cut(&mut chance);
        if !disk.exists(&file) {
            assert!(!made, "a backup that was reported is there");
            continue;
        }
        disk.cut_after(chance.below(120));
        let restored = restore_on(&disk, &file, dir.path()).is_ok();
        let disk = disk.after_cut(&mut chance);
        let store = Store::open(on(&disk)).unwrap();
        assert!(store.salvage().is_none(), "seed {seed}: {:?}", store.salvage());
        let is = usize::from(store.epoch() != first);
        both[is] += 1;
        assert!(!restored || is == 1, "a restore that was reported is done");
        assert_eq!(rows(&store), if is == 1 { then } else { now }, "seed {seed}");
        let found = disk.content(&beside.join("conf.d/remote.toml"));
        if is == 1 {
            assert_eq!(found, b"then", "seed {seed}: what belongs to the book came with it");
        } else {
            assert!(
                found == b"now" || found == b"then",
                "seed {seed}: what was there stays: {found:?}"
            );
        }
        let left = disk.names(&beside);
        assert!(
            left.iter().all(|name| !name.contains("restored")),
            "seed {seed}: {left:?}"
        );
    }
    assert!(
        both[0] > 3 && both[1] > 3,
        "cuts fell before and after the restore: {both:?}"
    );
}
