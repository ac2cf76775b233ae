//! A pasted list of meters, each asked who it is before any of it is added: the lines at once, within bounds, while
//! whoever pasted it looks on. Each line has its own outcome, so that one that is wrong keeps no other from being added.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::config::Entry;
use super::list::Line;
use super::served::Served;
use crate::accounts::random_id;
use crate::domain::MeterId;

/// Lines of one list at most.
pub(super) const MOST: usize = 500;
/// Lists that are held at most; the oldest makes way.
const LISTS: usize = 8;
/// After this what was answered is no answer of now.
const LIFE: Duration = Duration::from_secs(30 * 60);

/// Lists that were asked lately.
#[derive(Default)]
pub(super) struct Askings(Mutex<VecDeque<Arc<Asking>>>);

/// One list, while it is asked and afterwards.
pub struct Asking {
    id: String,
    began: Instant,
    rows: Mutex<Vec<Row>>,
}

/// A list that is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskingError {
    /// It names no meter.
    #[error("the list names no meter: a line is SERIAL LINK NAME, such as EML2137580826 tcp://10.0.0.7:8080 Flat 7")]
    Empty,
    /// It is too long to look on.
    #[error("at most {MOST} meters are asked at once: give the list in parts")]
    Long,
}

/// What came of a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Outcome {
    /// It cannot be read, or names what cannot be added.
    Wrong {
        /// What is wrong.
        why: String,
    },
    /// The registry has that meter.
    Listed,
    /// It is being asked, or waits for its turn.
    Asking,
    /// It answers with the serial that is meant.
    Answers {
        /// What it measures, in volts, when it says so.
        volts: Option<f64>,
    },
    /// It answers, and says no serial that could be read.
    WithoutSerial,
    /// Another meter answers.
    Another {
        /// The serial that it says.
        says: String,
    },
    /// It does not answer.
    Silent {
        /// What was seen instead.
        why: String,
    },
    /// It was asked, and is in the registry by now.
    Added,
    /// It could not be added.
    NotAdded {
        /// Why.
        why: String,
    },
}

impl Outcome {
    /// Whether it may be added as it is: by its form it can be, and no other meter answers in its place.
    #[must_use]
    pub fn may_be_added(&self) -> bool {
        matches!(
            self,
            Outcome::Answers { .. } | Outcome::WithoutSerial | Outcome::Silent { .. } | Outcome::NotAdded { .. }
        )
    }
}

/// A line, and what came of it so far.
pub(super) struct Row {
    pub(super) line: Line,
    pub(super) outcome: Outcome,
    /// The meter as it is before it is added, with what it said.
    pub(super) newcomer: Option<(Entry, Arc<Served>)>,
}

/// A line as people and programs see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowShown {
    /// Which line of the list it is, from 1 on.
    pub line: usize,
    /// As it was written.
    pub text: String,
    /// The meter that is meant; absent where the line cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<MeterId>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl Askings {
    fn held(&self) -> MutexGuard<'_, VecDeque<Arc<Asking>>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|asking| asking.began.elapsed() < LIFE);
        held
    }

    /// Holds a list that is asked from now on; the oldest makes way.
    pub(super) fn hold(&self, rows: Vec<Row>) -> Arc<Asking> {
        let asking = Arc::new(Asking {
            id: random_id(),
            began: Instant::now(),
            rows: Mutex::new(rows),
        });
        let mut held = self.held();
        held.truncate(LISTS - 1);
        held.push_front(Arc::clone(&asking));
        asking
    }

    /// A list that is held, by its id.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Asking>> {
        self.held().iter().find(|asking| asking.id == id).cloned()
    }
}

impl Asking {
    /// Names it among the lists that are held.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// For how long it has been asked, in seconds.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.began.elapsed().as_secs()
    }

    /// Its lines as they are now.
    #[must_use]
    pub fn shown(&self) -> Vec<RowShown> {
        let shown = |row: &Row| {
            let listed = row.line.read.as_ref().ok();
            RowShown {
                line: row.line.number,
                text: row.line.text.clone(),
                serial: listed.map(|listed| listed.serial.clone()),
                name: listed.and_then(|listed| listed.name.clone()),
                outcome: row.outcome.clone(),
            }
        };
        self.rows().iter().map(shown).collect()
    }

    pub(super) fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is(&self, row: usize, outcome: Outcome) {
        if let Some(row) = self.rows().get_mut(row) {
            row.outcome = outcome;
        }
    }
}
