//! What a change sees: rows as they stand, what it writes, the events it records.

use std::sync::Arc;

use sled::IVec;

use super::log::record::{self, Head};
use super::table::Table;
use super::table::draft::{self, Draft, Row};
use super::{ReadError, RowError};
use crate::domain::{Event, Seq};

/// The largest change and the largest group, in bytes of the log (BOOK P3).
pub const GROUP_LIMIT: usize = 128 << 10;

/// Rows of bulk work that go at once (BOOK P3).
pub const BULK_ROWS: usize = 128;

/// Room in the limit for what stands around rows and events in a record.
const AROUND: usize = 64;

/// The page a change is written on; see [`crate::store::Store::write`].
pub struct Page {
    table: Arc<Table>,
    /// What earlier changes of the same group wrote.
    draft: Draft,
    rows: Draft,
    events: Vec<(Event, Vec<u8>)>,
    bytes: usize,
    seq: Seq,
    most_rows: usize,
}

impl Page {
    pub(super) fn new(table: Arc<Table>) -> Page {
        Page {
            table,
            draft: Draft::new(),
            rows: Draft::new(),
            events: Vec::new(),
            bytes: AROUND,
            seq: Seq::ZERO,
            most_rows: usize::MAX,
        }
    }

    /// The sequence number this change will have, if it writes anything.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// Records that something happened, in the same change as the rows it is about.
    ///
    /// # Panics
    ///
    /// When the change grows over [`GROUP_LIMIT`] by it, which is a fault of the room: the change
    /// is not made, and whoever asked for it is told [`crate::store::WriteError::Panicked`].
    pub fn record(&mut self, event: Event) {
        let json = serde_json::to_vec(&event).expect("events are plain enums with string keys");
        self.grow(json.len() + 8);
        self.events.push((event, json));
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<IVec>, ReadError> {
        match self.rows.get(key).or_else(|| self.draft.get(key)) {
            Some(row) => Ok(row.clone()),
            None => self.table.get(key),
        }
    }

    pub(super) fn put(&mut self, key: Vec<u8>, row: &[u8]) -> Result<(), RowError> {
        let (rows, bytes) = (self.rows.len() + 1, self.bytes + key.len() + row.len() + 12);
        if bytes > GROUP_LIMIT || rows > self.most_rows {
            return Err(RowError::PageFull {
                rows,
                bytes,
                limit: GROUP_LIMIT,
            });
        }
        self.bytes = bytes;
        self.rows.insert(key.into(), Some(row.into()));
        Ok(())
    }

    pub(super) fn delete(&mut self, key: &[u8]) {
        self.grow(key.len() + 8);
        self.rows.insert(key.into(), None);
    }

    fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        assert!(
            self.bytes <= GROUP_LIMIT,
            "a change is over {GROUP_LIMIT} bytes: make it several"
        );
    }

    pub(super) fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Row>, ReadError> {
        let from = after.map_or_else(|| prefix.to_vec(), |after| [after, &[0]].concat());
        let changed = draft::within(&[&self.draft, &self.rows], prefix, &from);
        let standing = self.table.scan(prefix, &from, limit.saturating_add(changed.len()))?;
        draft::overlaid(standing.into_iter().map(Ok), changed, limit)
    }

    /// Makes it ready for the next change, which will be `seq`, leaving out what was not kept.
    pub(super) fn turn(&mut self, seq: Seq, most_rows: usize) {
        self.rows.clear();
        self.events.clear();
        self.bytes = AROUND;
        self.seq = seq;
        self.most_rows = most_rows;
    }

    /// Whether the change wrote or recorded nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.events.is_empty()
    }

    /// Rows that the change wrote.
    pub(super) fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// Appends the change as a record.
    pub(super) fn encode(&self, buffer: &mut Vec<u8>, head: &Head) {
        record::put_change(
            buffer,
            head,
            self.rows.iter().map(|(key, row)| (&key[..], row.as_deref())),
            self.events.iter().map(|(event, json)| (event.lane(), json.as_slice())),
        );
    }

    /// Keeps the change: those after it in the group see its rows. Gives the events it recorded.
    pub(super) fn keep(&mut self) -> Vec<Event> {
        // Not `append`, which builds the whole draft anew.
        self.draft.extend(std::mem::take(&mut self.rows));
        self.events.drain(..).map(|(event, _)| event).collect()
    }

    /// What the group changes in the table, all together; the draft is empty afterwards.
    pub(super) fn take_draft(&mut self) -> Draft {
        std::mem::take(&mut self.draft)
    }

    /// Forgets the whole group.
    pub(super) fn forget(&mut self) {
        self.draft.clear();
        self.rows.clear();
        self.events.clear();
    }
}
