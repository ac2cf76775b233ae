//! The table: sled, as the place where rows are looked up. It is never a source.
//!
//! After any stop that was not clean it is thrown away and filled anew from snapshot and log; what
//! it holds is trusted only when the clean mark, the log's end and its own mark agree. Rows written lately
//! lie over it in memory (`recent.rs`) until they are carried there. Its traps
//! (BOOK P12): never `flush_async`, which deadlocks; its background flusher stays on, because
//! it alone collects garbage; the cache is bounded, because the default is 1 GiB. No batches: one rolls sled's
//! buffer to disk twice and locks readers out, and nothing here rests on sled for atomicity.

pub(in crate::store) mod draft;
pub(in crate::store) mod recent;
pub(in crate::store) mod settler;

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sled::IVec;
use tokio::sync::watch;

use super::health::Health;
use super::{FileError, ReadError};
use crate::domain::Seq;
use draft::{Draft, Row};
use recent::{Pile, Recent};

/// The key of the table's own mark: the newest change in it, written at an orderly stop.
const MARK: &[u8] = &[0];

/// With less room than this a table that cannot be made is the disk's fault and no reason to end.
const A_TABLE: u64 = 4 << 20;

/// Bytes of rows sled keeps in memory.
const CACHE: u64 = 8 << 20;

/// How the folder of a table is called that was made anew while the book was open; a start never goes on with one.
pub(super) const RENEWED: &str = "table-renewed";

/// So often, within [`WITHIN`], a broken table is made anew before the book is given up.
const RENEWALS: usize = 3;
const WITHIN: Duration = Duration::from_secs(600);

/// Gives every row that stands in snapshot and log.
pub(super) type Source = Box<dyn Fn(&mut Each<'_>) -> Result<(), ReadError> + Send + Sync>;
/// Takes a row.
pub(super) type Each<'a> = dyn FnMut(&[u8], &[u8]) -> Result<(), ReadError> + 'a;

/// Rows by key.
pub(super) struct Table {
    db: RwLock<State>,
    recent: Recent,
    /// Held by the one who carries rows to sled.
    carrying: Mutex<()>,
    /// Whether it was made on a full disk, without its flusher; once there is room it is made anew.
    unflushed: AtomicBool,
    dir: PathBuf,
    /// What it is made of, once the book is open.
    source: OnceLock<Source>,
    /// When it was made anew, lately.
    renewals: Mutex<VecDeque<Instant>>,
    health: watch::Sender<Health>,
}

/// Sled, as far as it is there.
enum State {
    /// It works. The number tells it from those before it.
    Open(sled::Db, u64),
    /// It failed, and no new one could be made yet.
    Broken(String, u64),
    /// The book is closed.
    Closed,
}

impl Table {
    /// Opens what an orderly stop at `seq` left, if it is that.
    pub(super) fn reopen(dir: &Path, seq: Seq, health: &watch::Sender<Health>) -> Option<Table> {
        finish_leftovers(dir).ok()?;
        let db = catch_unwind(|| open(dir, Flusher::On)).ok()?.ok()?;
        let mark = catch_unwind(AssertUnwindSafe(|| db.get(MARK))).ok()?.ok()??;
        (mark[..] == seq.0.to_be_bytes()).then(|| Table::around((db, Flusher::On), dir, health))
    }

    /// An empty table in the place of whatever stood there.
    pub(super) fn anew(dir: &Path, health: &watch::Sender<Health>) -> Result<Table, ReadError> {
        match fs::remove_dir_all(dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(FileError::new("cannot remove the old table", dir, error).into());
            }
            Ok(()) | Err(_) => {}
        }
        // Its first flush comes at any moment, and one that finds no room breaks it: where there is none it is not flushed.
        let flusher = match room_beside(dir) {
            Some(room) if room < A_TABLE => Flusher::Off,
            Some(_) | None => Flusher::On,
        };
        let db = open(dir, flusher).map_err(|error| ReadError::Table(error.to_string()))?;
        Ok(Table::around((db, flusher), dir, health))
    }

    fn around((db, flusher): (sled::Db, Flusher), dir: &Path, health: &watch::Sender<Health>) -> Table {
        Table {
            db: RwLock::new(State::Open(db, 0)),
            recent: Recent::default(),
            carrying: Mutex::new(()),
            unflushed: AtomicBool::new(flusher == Flusher::Off),
            dir: dir.to_path_buf(),
            source: OnceLock::new(),
            renewals: Mutex::default(),
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
        self.with(|db| {
            // First what lies in memory: a row that is carried meanwhile is then seen twice, and not missed.
            let recent = self.recent.within(prefix, from);
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
        self.replace_unflushed();
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

    /// Makes a table anew that has no flusher, once there is room: nothing else collects what it does not need any more.
    fn replace_unflushed(&self) {
        let is_room = || self.room().is_some_and(|room| room > 2 * A_TABLE);
        if !self.unflushed.load(Ordering::Relaxed) || !is_room() {
            return;
        }
        self.unflushed.store(false, Ordering::Relaxed);
        let which = match &*self.db.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(_, which) => *which,
            State::Broken(..) | State::Closed => return,
        };
        if let Err(error) = self.renew(which, "it was made while the disk was full") {
            tracing::warn!(error, "the table of rows is made anew when it is next asked");
        }
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
        let was = std::mem::replace(&mut *self.write(), State::Closed);
        if matches!(was, State::Open(_, renewals) if renewals > 0) {
            return Err(ReadError::Table("it was made anew while the book was open".to_owned()));
        }
        drop(was);
        sync_tree(&self.dir).map_err(|error| FileError::new("cannot sync the table", &self.dir, error).into())
    }

    /// Bytes of its files.
    pub(super) fn bytes(&self) -> u64 {
        tree_bytes(&self.dir)
    }

    /// Where its rows can be had from when sled fails.
    pub(super) fn can_be_made_of(&self, source: Source) {
        // It is told once, when the book is open.
        let _ = self.source.set(source);
    }

    /// Sled keeps its first error for ever, a full disk's too: it is then made anew from snapshot and
    /// log while everybody waits, and the work is done on that. When that fails on a disk with room, or again and
    /// again, the book cannot go on.
    fn with<T>(&self, work: impl Fn(&sled::Db) -> sled::Result<T>) -> Result<T, ReadError> {
        let (error, which) = match self.once(&work)? {
            Ok(done) => return Ok(done),
            Err(failed) => failed,
        };
        if let Err(why) = self.renew(which, &error) {
            return Err(self.give_up_unless_full(&why));
        }
        match self.once(&work)? {
            Ok(done) => Ok(done),
            Err((error, _)) => Err(self.give_up_unless_full(&error)),
        }
    }

    /// Tries once: what it gave, or why it failed and on which table.
    fn once<T>(&self, work: impl Fn(&sled::Db) -> sled::Result<T>) -> Result<Result<T, (String, u64)>, ReadError> {
        let state = self.db.read().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Closed => Err(ReadError::Table("the book is closed".to_owned())),
            State::Broken(why, which) => Ok(Err((why.clone(), *which))),
            State::Open(db, which) => Ok(match catch_unwind(AssertUnwindSafe(|| work(db))) {
                Ok(Ok(done)) => Ok(done),
                Ok(Err(error)) => Err((error.to_string(), *which)),
                Err(_) => Err(("it panicked".to_owned(), *which)),
            }),
        }
    }

    /// Makes a new table in the place of the one with this number, if nobody has yet.
    fn renew(&self, which: u64, why: &str) -> Result<(), String> {
        let mut state = self.write();
        match &*state {
            State::Closed => return Err("the book is closed".to_owned()),
            State::Open(_, now) if *now != which => return Ok(()),
            State::Open(..) | State::Broken(..) => {}
        }
        let Some(source) = self.source.get().filter(|_| self.may_be_renewed()) else {
            return Err(why.to_owned());
        };
        tracing::warn!(error = why, "the table of rows failed and is made anew");
        let old = std::mem::replace(&mut *state, State::Broken(why.to_owned(), which));
        // What it could not write is of no interest, and neither is that it says so once more.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(old)));
        let number = which + 1;
        let dir = self.dir.with_file_name(format!("{RENEWED}-{number}"));
        let made = Table::filled(&dir, source);
        match made {
            Ok(db) => {
                *state = State::Open(db, number);
                Ok(())
            }
            Err(error) => {
                let error = error.to_string();
                // Another folder next time: files of this one may still be open.
                *state = State::Broken(error.clone(), number);
                Err(error)
            }
        }
    }

    fn filled(dir: &Path, source: &Source) -> Result<sled::Db, ReadError> {
        match fs::remove_dir_all(dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(FileError::new("cannot remove the old table", dir, error).into());
            }
            Ok(()) | Err(_) => {}
        }
        let failed = |error: sled::Error| ReadError::Table(error.to_string());
        let made = catch_unwind(AssertUnwindSafe(|| {
            let db = open(dir, Flusher::On).map_err(failed)?;
            source(&mut |key, row| db.insert(key, row).map(drop).map_err(failed))?;
            db.flush().map_err(failed)?;
            Ok(db)
        }));
        made.unwrap_or_else(|_| Err(ReadError::Table("it panicked".to_owned())))
    }

    /// Whether it did not fail again and again lately. While the disk is full that does not count.
    fn may_be_renewed(&self) -> bool {
        let full = self.health.borrow().disk_full;
        let mut renewals = self.renewals.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        renewals.retain(|at| now.duration_since(*at) < WITHIN);
        if !full && renewals.len() >= RENEWALS {
            return false;
        }
        if !full {
            renewals.push_back(now);
        }
        true
    }

    fn give_up_unless_full(&self, error: &str) -> ReadError {
        if !self.health.borrow().disk_full && matches!(self.room(), Some(room) if room > A_TABLE) {
            Health::fail(&self.health, format!("the table of rows failed: {error}"));
        }
        ReadError::Table(error.to_owned())
    }

    /// Bytes that can still be written beside it.
    fn room(&self) -> Option<u64> {
        room_beside(&self.dir)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        self.db.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether sled flushes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flusher {
    On,
    Off,
}

fn open(dir: &Path, flusher: Flusher) -> sled::Result<sled::Db> {
    let every = match flusher {
        Flusher::On => Some(1_000),
        Flusher::Off => None,
    };
    sled::Config::new()
        .path(dir)
        .cache_capacity(CACHE)
        .flush_every_ms(every)
        .open()
}

/// Bytes that can still be written beside a folder.
fn room_beside(dir: &Path) -> Option<u64> {
    let about = rustix::fs::statvfs(dir.parent()?).ok()?;
    Some(about.f_bavail * about.f_frsize)
}

/// BOOK P12: a leftover `snap.*.generating` is renamed into
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
