//! What a change sees: rows as they stand, what it writes, the events it records.

use std::collections::BTreeMap;

use crate::domain::{Event, Seq};

/// The page a change is written on; see [`crate::store::Store::write`].
pub struct Page {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    events: Vec<Event>,
    seq: Seq,
}

impl Page {
    pub(super) fn new(rows: BTreeMap<Vec<u8>, Vec<u8>>, seq: Seq) -> Page {
        Page {
            rows,
            events: Vec::new(),
            seq,
        }
    }

    #[allow(clippy::type_complexity)]
    pub(super) fn into_parts(self) -> (BTreeMap<Vec<u8>, Vec<u8>>, Vec<Event>) {
        (self.rows, self.events)
    }

    /// The sequence number this change will have, if it writes anything.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// Records that something happened, in the same change as the rows it is about.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, super::ReadError> {
        Ok(self.rows.get(key).cloned())
    }

    pub(super) fn put(&mut self, key: Vec<u8>, row: Vec<u8>) {
        self.rows.insert(key, row);
    }

    pub(super) fn delete(&mut self, key: &[u8]) {
        self.rows.remove(key);
    }

    #[allow(clippy::type_complexity)]
    pub(super) fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, super::ReadError> {
        let from = after.map_or_else(|| prefix.to_vec(), |after| [after, &[0]].concat());
        Ok(self
            .rows
            .range(from..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit)
            .map(|(key, row)| (key.clone(), row.clone()))
            .collect())
    }
}
