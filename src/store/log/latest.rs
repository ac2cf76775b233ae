//! The latest entries of the journal as the pen recorded them: who keeps up need not read them back from the log.

use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock};

use crate::domain::{Lane, Seq};
use crate::store::Entry;

/// The latest entries, oldest first.
#[derive(Debug)]
pub(in crate::store) struct Latest(RwLock<Newest>);

#[derive(Debug)]
struct Newest {
    entries: VecDeque<Entry>,
    /// How many may be.
    most: usize,
    /// Every change after this that recorded events is in `entries`.
    complete_after: Seq,
}

/// What comes after a place in the journal.
#[derive(Debug, PartialEq)]
pub(in crate::store) enum Next {
    /// This.
    Entry(Entry),
    /// Nothing that was asked for, up to where was looked.
    Nothing,
    /// It may not be kept any more: the log has it.
    InTheLog,
}

impl Latest {
    /// Keeps at most `most` entries of what is written after `last`.
    pub(in crate::store) fn new(last: Seq, most: usize) -> Latest {
        Latest(RwLock::new(Newest {
            entries: VecDeque::with_capacity(most),
            most,
            complete_after: last,
        }))
    }

    /// Keeps what a group of changes recorded; readers see it when the bell rings.
    pub(in crate::store) fn add(&self, group: impl IntoIterator<Item = Entry>) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for entry in group {
            kept.entries.push_back(entry);
            if kept.entries.len() > kept.most
                && let Some(gone) = kept.entries.pop_front()
            {
                kept.complete_after = gone.seq;
            }
        }
    }

    /// The next entry after `after`, up to `until`, with events of one lane or of all.
    pub(in crate::store) fn next(&self, after: Seq, until: Seq, wanted: Option<Lane>) -> Next {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if after < kept.complete_after {
            return Next::InTheLog;
        }
        let from = kept.entries.partition_point(|entry| entry.seq <= after);
        let found = kept
            .entries
            .range(from..)
            .take_while(|entry| entry.seq <= until)
            .find_map(|entry| of_lane(entry, wanted));
        found.map_or(Next::Nothing, Next::Entry)
    }
}

fn of_lane(entry: &Entry, wanted: Option<Lane>) -> Option<Entry> {
    let events = entry.events.iter();
    let events: Vec<_> = match wanted {
        Some(lane) => events.filter(|event| event.lane() == lane).cloned().collect(),
        None => events.cloned().collect(),
    };
    (!events.is_empty()).then_some(Entry {
        seq: entry.seq,
        at: entry.at,
        clock: entry.clock,
        events,
    })
}
