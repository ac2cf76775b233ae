//! Cursors: how far each reader of the journal is, a row a reader and lane.
//!
//! A cursor names the newest change up to which everything is acknowledged. It is written by the
//! pen at most every 100 ms, so a crash repeats at most what was sent since (BOOK P10).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use serde::{Deserialize, Serialize};

use crate::domain::{Lane, Seq};
use crate::store::log::record::lane_byte;
use crate::store::schema::CURSORS;
use crate::store::table::Table;
use crate::store::{Page, ReadError};

/// The row of a cursor.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct CursorRow {
    seq: Seq,
}

/// The place that the row of a cursor names.
pub(in crate::store) fn place_in(row: &[u8]) -> Option<Seq> {
    serde_json::from_slice(row).ok().map(|row: CursorRow| row.seq)
}

/// What a group does with the row of a cursor.
#[derive(Clone, Copy, Debug)]
enum Writing {
    Put(Seq),
    Delete,
}

/// A cursor as memory knows it.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    /// Everything up to here is acknowledged.
    at: Seq,
    /// What the group that is being written does with its row.
    writing: Option<Writing>,
    /// What the row on disk says; `None`: there is none yet.
    written: Option<Seq>,
    /// From here on the log is kept for it: what its row says, or where it began while it has none.
    held: Seq,
    /// A subscription follows it.
    taken: bool,
    /// The reader is closed: the row is to be deleted.
    retired: bool,
}

/// The key of a cursor's row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct CursorKey(Vec<u8>);

impl CursorKey {
    pub(in crate::store) fn new(reader: &str, lane: Lane) -> CursorKey {
        let mut key = CursorKey::of_reader(reader);
        key.push(lane_byte(lane));
        CursorKey(key)
    }

    fn of_reader(reader: &str) -> Vec<u8> {
        let mut key = vec![CURSORS.prefix];
        key.extend_from_slice(reader.as_bytes());
        key.push(0);
        key
    }
}

/// All cursors.
#[derive(Debug, Default)]
pub(in crate::store) struct Cursors {
    known: Mutex<BTreeMap<CursorKey, Cursor>>,
    dirty: AtomicBool,
}

impl Cursors {
    /// The cursors that stand in the table.
    pub(in crate::store) fn load(table: &Table) -> Result<Cursors, ReadError> {
        let prefix = [CURSORS.prefix];
        let mut known = BTreeMap::new();
        for (key, row) in table.scan(&prefix, &prefix, usize::MAX)? {
            let row: CursorRow = serde_json::from_slice(&row).map_err(|source| ReadError::Format {
                ledger: CURSORS.name,
                source,
            })?;
            let cursor = Cursor {
                at: row.seq,
                writing: None,
                written: Some(row.seq),
                held: row.seq,
                taken: false,
                retired: false,
            };
            known.insert(CursorKey(key.to_vec()), cursor);
        }
        Ok(Cursors {
            known: Mutex::new(known),
            dirty: AtomicBool::new(false),
        })
    }

    /// Takes the cursor for a subscription, beginning at `begin` when it is new; `None` when another has it.
    pub(in crate::store) fn take(&self, key: &CursorKey, begin: Seq) -> Option<Seq> {
        let mut known = self.lock();
        let cursor = known.entry(key.clone()).or_insert(Cursor {
            at: begin,
            writing: None,
            written: None,
            held: begin,
            taken: false,
            retired: false,
        });
        if cursor.taken {
            return None;
        }
        if cursor.retired {
            (cursor.at, cursor.retired) = (begin, false);
        }
        cursor.taken = true;
        self.dirty.store(true, Ordering::Release);
        Some(cursor.at)
    }

    /// Gives the cursor back; it stays where it is.
    pub(in crate::store) fn release(&self, key: &CursorKey) {
        if let Some(cursor) = self.lock().get_mut(key) {
            cursor.taken = false;
        }
    }

    /// Everything up to `at` is acknowledged. Says whether the pen does not know of any yet.
    #[must_use]
    pub(in crate::store) fn acknowledge(&self, key: &CursorKey, at: Seq) -> bool {
        self.advance(key, at);
        !self.dirty.swap(true, Ordering::AcqRel)
    }

    /// As [`Cursors::acknowledge`], when there was nothing to acknowledge: this need not be written soon.
    pub(in crate::store) fn advance(&self, key: &CursorKey, at: Seq) {
        if let Some(cursor) = self.lock().get_mut(key) {
            cursor.at = cursor.at.max(at);
        }
    }

    /// The reader is closed: its cursors go, and nothing is kept for it.
    pub(in crate::store) fn retire(&self, reader: &str) {
        let prefix = CursorKey::of_reader(reader);
        for (key, cursor) in self.lock().iter_mut() {
            if key.0.len() == prefix.len() + 1 && key.0.starts_with(&prefix) {
                cursor.retired = true;
            }
        }
        self.dirty.store(true, Ordering::Release);
    }

    /// Whether some are to be written.
    pub(in crate::store) fn dirty(&self) -> bool {
        self.dirty.load(Ordering::Acquire)
    }

    /// Has all be written that stand elsewhere than their rows say.
    pub(in crate::store) fn mark_all(&self) {
        let differs = |cursor: &Cursor| cursor.retired || cursor.written != Some(cursor.at);
        if self.lock().values().any(differs) {
            self.dirty.store(true, Ordering::Release);
        }
    }

    /// Writes rows for those that moved.
    pub(in crate::store) fn write_on(&self, page: &mut Page) {
        self.dirty.store(false, Ordering::Release);
        for (key, cursor) in self.lock().iter_mut() {
            if cursor.retired {
                page.delete(&key.0);
                cursor.writing = Some(Writing::Delete);
            } else if cursor.written != Some(cursor.at) {
                let row = serde_json::to_vec(&CursorRow { seq: cursor.at }).expect("a plain struct");
                // A full page leaves it to the next round.
                if page.put(key.0.clone(), &row).is_err() {
                    self.dirty.store(true, Ordering::Release);
                    break;
                }
                cursor.writing = Some(Writing::Put(cursor.at));
            }
        }
    }

    /// The group with their rows is on disk. Says whether any was in it.
    pub(in crate::store) fn written(&self) -> bool {
        let mut any = false;
        self.lock().retain(|_, cursor| match cursor.writing.take() {
            Some(Writing::Put(seq)) => {
                any = true;
                (cursor.written, cursor.held) = (Some(seq), seq);
                true
            }
            Some(Writing::Delete) => {
                any = true;
                cursor.written = None;
                !cursor.retired
            }
            None => true,
        });
        any
    }

    /// The group with their rows was not written.
    pub(in crate::store) fn not_written(&self) {
        for cursor in self.lock().values_mut() {
            if cursor.writing.take().is_some() {
                self.dirty.store(true, Ordering::Release);
            }
        }
    }

    /// Up to where every cursor on disk is past the log; `None` when there is no cursor.
    pub(in crate::store) fn floor(&self) -> Option<Seq> {
        self.lock().values().map(|cursor| cursor.held).min()
    }

    /// Up to where a reader has acknowledged everything, in all its lanes; `None` when it has no cursor.
    pub(in crate::store) fn reached(&self, reader: &str) -> Option<Seq> {
        let prefix = CursorKey::of_reader(reader);
        let known = self.lock();
        let own = known
            .iter()
            .filter(|(key, cursor)| key.0.len() == prefix.len() + 1 && key.0.starts_with(&prefix) && !cursor.retired);
        own.map(|(_, cursor)| cursor.at).min()
    }

    /// Up to where a reader has acknowledged everything of one lane; `None` when it has no cursor there.
    pub(in crate::store) fn of(&self, key: &CursorKey) -> Option<Seq> {
        self.lock()
            .get(key)
            .filter(|cursor| !cursor.retired)
            .map(|cursor| cursor.at)
    }

    /// The slowest reader's place.
    pub(in crate::store) fn slowest(&self) -> Option<Seq> {
        self.lock().values().map(|cursor| cursor.at).min()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<CursorKey, Cursor>> {
        self.known.lock().expect("nothing panics under the lock")
    }
}
