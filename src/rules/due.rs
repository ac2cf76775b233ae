//! When time alone has something to say to a group of rules. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::AlarmKey;

/// Groups by when they are due, each once.
#[derive(Default)]
pub(super) struct Due {
    by_time: BTreeSet<(Timestamp, AlarmKey)>,
    by_key: BTreeMap<AlarmKey, Timestamp>,
}

impl Due {
    /// A group is due then; `None`: not by time alone.
    pub(super) fn set(&mut self, key: &AlarmKey, due: Option<Timestamp>) {
        if let Some(before) = self.by_key.remove(key) {
            self.by_time.remove(&(before, key.clone()));
        }
        if let Some(due) = due {
            self.by_key.insert(key.clone(), due);
            self.by_time.insert((due, key.clone()));
        }
    }

    /// When this group is due.
    pub(super) fn of(&self, key: &AlarmKey) -> Option<Timestamp> {
        self.by_key.get(key).copied()
    }

    /// When the first is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(due, _)| *due)
    }

    /// The group that is due first, once that is.
    pub(super) fn first_until(&self, now: Timestamp) -> Option<AlarmKey> {
        let first = self.by_time.first().filter(|(due, _)| *due <= now);
        first.map(|(_, key)| key.clone())
    }
}
