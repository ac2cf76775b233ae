//! The table: sled, as the place where rows are looked up. It is never a source.
//!
//! After any stop that was not clean it is thrown away and filled anew from snapshot and log; what
//! it holds is trusted only when the clean mark, the log's end and its own mark agree. Rows written lately
//! lie over it in memory (`recent.rs`) until they are carried there. Its traps
//! (`book.md` promise 12): never `flush_async`, which deadlocks; its background flusher stays on, because
//! it alone collects garbage; the cache is bounded, because the default is 1 GiB. No batches: one rolls sled's
//! buffer to disk twice and locks readers out, and nothing here rests on sled for atomicity.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

use sled::IVec;
use tokio::sync::watch;

use super::draft::{self, Draft, Row};
use super::health::Health;
use super::recent::{Pile, Recent};
use super::{FileError, ReadError};
use crate::domain::Seq;

/// The key of the table's own mark: the newest change in it, written at an orderly stop.
const MARK: &[u8] = &[0];

/// Bytes of rows sled keeps in memory.
const CACHE: u64 = 8 << 20;

/// Rows by key.
pub(super) struct Table {
    db: RwLock<Option<sled::Db>>,
    recent: Recent,
    /// Held by the one who carries rows to sled.
    carrying: Mutex<()>,
    dir: PathBuf,
    health: watch::Sender<Health>,
}

impl Table {
    /// Opens what an orderly stop at `seq` left, if it is that.
    pub(super) fn reopen(dir: &Path, seq: Seq, health: &watch::Sender<Health>) -> Option<Table> {
        finish_leftovers(dir).ok()?;
        let db = catch_unwind(|| open(dir)).ok()?.ok()?;
        let mark = catch_unwind(AssertUnwindSafe(|| db.get(MARK))).ok()?.ok()??;
        (mark[..] == seq.0.to_be_bytes()).then(|| Table::around(db, dir, health))
    }

    /// An empty table in the place of whatever stood there.
    pub(super) fn anew(dir: &Path, health: &watch::Sender<Health>) -> Result<Table, ReadError> {
        match fs::remove_dir_all(dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(FileError::new("cannot remove the old table", dir, error).into());
            }
            Ok(()) | Err(_) => {}
        }
        let db = open(dir).map_err(|error| ReadError::Table(error.to_string()))?;
        Ok(Table::around(db, dir, health))
    }

    fn around(db: sled::Db, dir: &Path, health: &watch::Sender<Health>) -> Table {
        Table {
            db: RwLock::new(Some(db)),
            recent: Recent::default(),
            carrying: Mutex::new(()),
            dir: dir.to_path_buf(),
            health: health.clone(),
        }
    }

    /// The row under `key`.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<IVec>, ReadError> {
        match self.recent.get(key) {
            Some(row) => Ok(row),
            None => self.with(|db| db.get(key)),
        }
    }

    /// Up to `limit` rows from `from` on whose keys begin with `prefix`.
    pub(super) fn scan(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Row>, ReadError> {
        // First what lies in memory: a row that is carried meanwhile is then seen twice, and not missed.
        let recent = self.recent.within(prefix, from);
        self.with(|db| {
            let standing = db
                .range(from..)
                .take_while(|row| row.as_ref().map_or(true, |(key, _)| key.starts_with(prefix)));
            draft::overlaid(standing, recent, limit)
        })
    }

    /// Makes a group of changes visible, all together.
    pub(super) fn lay(&self, group: Draft) -> Result<Pile, ReadError> {
        let pile = self.recent.lay(group);
        if pile == Pile::TooLarge {
            self.settle()?;
        }
        Ok(pile)
    }

    /// Bytes of rows that are not in sled yet.
    pub(super) fn unsettled(&self) -> usize {
        self.recent.bytes()
    }

    /// Carries rows written lately to sled, and what lies in sled's buffer to its files.
    pub(super) fn settle(&self) -> Result<(), ReadError> {
        let _only_one = self.carrying.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = self.recent.take();
        if !rows.is_empty() {
            self.with(|db| {
                for (key, row) in rows.iter() {
                    match row {
                        Some(row) => db.insert(key, row)?,
                        None => db.remove(key)?,
                    };
                }
                db.flush()
            })?;
        }
        self.recent.settled();
        Ok(())
    }

    /// Puts a row straight into sled, while nobody reads yet.
    pub(super) fn fill(&self, key: &[u8], row: &[u8]) -> Result<(), ReadError> {
        self.with(|db| db.insert(key, row).map(|_| ()))
    }

    /// Marks it as holding everything up to `seq`, and makes it durable with all its files. Nothing
    /// can be read afterwards: sled must not touch its files after the clean mark.
    pub(super) fn close(&self, seq: Seq) -> Result<(), ReadError> {
        self.settle()?;
        self.with(|db| {
            db.insert(MARK, &seq.0.to_be_bytes())?;
            db.flush()
        })?;
        let db = self.db.write().expect("reads do not panic").take();
        drop(db);
        sync_tree(&self.dir).map_err(|error| FileError::new("cannot sync the table", &self.dir, error).into())
    }

    /// Bytes of its files.
    pub(super) fn bytes(&self) -> u64 {
        tree_bytes(&self.dir)
    }

    /// Sled's errors are final (`book.md` promise 12): the process ends and the table is made anew.
    fn with<T>(&self, work: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, ReadError> {
        let db = self.db.read().expect("a panic of sled does not pass through here");
        let Some(db) = db.as_ref() else {
            return Err(ReadError::Table("the book is closed".to_owned()));
        };
        let error = match catch_unwind(AssertUnwindSafe(|| work(db))) {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it panicked".to_owned(),
        };
        Health::fail(&self.health, format!("the table of rows failed: {error}"));
        Err(ReadError::Table(error))
    }
}

fn open(dir: &Path) -> sled::Result<sled::Db> {
    sled::Config::new()
        .path(dir)
        .cache_capacity(CACHE)
        .flush_every_ms(Some(1_000))
        .open()
}

/// Steps a and b of `sled-power-cuts.md` section 5: a leftover `snap.*.generating` is renamed into
/// place when its checksum is right and deleted otherwise, because sled takes a torn one for real.
fn finish_leftovers(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let Some(whole) = path.to_str().and_then(|path| path.strip_suffix(".generating")) else {
            continue;
        };
        let bytes = fs::read(&path)?;
        let right = bytes.len() > 12 && {
            let (front, sum) = bytes.split_at(bytes.len() - 4);
            crc32fast::hash(&front[..front.len() - 8]).to_le_bytes() == sum
        };
        if right {
            fs::rename(&path, whole)?;
        } else {
            fs::remove_file(&path)?;
        }
    }
    sync_tree(dir)
}

fn sync_tree(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            fs::File::open(&path)?.sync_all()?;
        }
    }
    fs::File::open(dir)?.sync_all()?;
    dir.parent().map_or(Ok(()), |parent| fs::File::open(parent)?.sync_all())
}

fn tree_bytes(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => tree_bytes(&entry.path()),
            Ok(about) => about.len(),
            Err(_) => 0,
        })
        .sum()
}
