//! A pasted list of meters, each asked who it is before any of it is added: the lines at once, within bounds, while
//! whoever pasted it looks on. Each line has its own outcome, so that one that is wrong keeps no other from being added.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use serde::Serialize;
use tokio::time::Instant;

use super::config::Entry;
use super::driver::{Rank, Syncer};
use super::joining::Answers;
use super::list::{self, Line};
use super::room::{Meters, MetersError};
use super::served::{Questions, Served};
use crate::accounts::{AUDIT, random_id};
use crate::domain::{MeterId, Quantity};

/// Meters of one list that are asked at once; those of one line take turns.
const AT_ONCE: usize = 16;
/// Lines of one list at most.
const MOST: usize = 500;
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
struct Row {
    line: Line,
    outcome: Outcome,
    /// The meter as it is before it is added, with what it said.
    newcomer: Option<(Entry, Arc<Served>)>,
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

    fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is(&self, row: usize, outcome: Outcome) {
        if let Some(row) = self.rows().get_mut(row) {
            row.outcome = outcome;
        }
    }
}

impl Meters {
    /// Begins to ask the meters of a list; nothing is added. Whoever asks looks at it as often as they like.
    ///
    /// # Errors
    ///
    /// When it names no meter, or too many. A line that is wrong is an outcome of that line.
    pub fn ask_list(self: &Arc<Self>, text: &str) -> Result<Arc<Asking>, AskingError> {
        let lines = list::lines(text);
        if lines.is_empty() {
            return Err(AskingError::Empty);
        }
        if lines.len() > MOST {
            return Err(AskingError::Long);
        }
        let asking = Arc::new(Asking {
            id: random_id(),
            began: Instant::now(),
            rows: Mutex::new(lines.into_iter().map(|line| self.row(line)).collect()),
        });
        {
            let mut held = self.askings.held();
            held.truncate(LISTS - 1);
            held.push_front(Arc::clone(&asking));
        }
        let (room, asked) = (Arc::clone(self), Arc::clone(&asking));
        self.workers.spawn(async move {
            tokio::select! {
                () = room.ask_rows(&asked) => {}
                // What was not asked by then stays so; the list goes with the room.
                () = room.stopped() => {}
            }
        });
        Ok(asking)
    }

    /// A list that was asked lately, by its id.
    #[must_use]
    pub fn asking(&self, id: &str) -> Option<Arc<Asking>> {
        self.askings.held().iter().find(|asking| asking.id == id).cloned()
    }

    /// Adds those meters of a list that are named and may be added; each line has what came of it afterwards. Those that
    /// did not answer are added all the same, when they are named: they are asked again.
    pub async fn add_asked(&self, asking: &Asking, serials: &[MeterId], by: &str) {
        let chosen: Vec<(usize, Entry, Arc<Served>)> = {
            let rows = asking.rows();
            let each = rows.iter().enumerate().filter(|(_, row)| row.outcome.may_be_added());
            each.filter_map(|(at, row)| {
                let (entry, served) = row.newcomer.clone()?;
                serials.contains(&entry.serial).then_some((at, entry, served))
            })
            .collect()
        };
        for (at, entry, served) in chosen {
            let outcome = match self.take_in(&entry, &served).await {
                Ok(()) => {
                    tracing::info!(target: AUDIT, by, meter.id = %entry.serial, link = %entry.link, "a meter of a list was added");
                    Outcome::Added
                }
                Err(MetersError::Exists(_)) => Outcome::Listed,
                Err(error) => Outcome::NotAdded { why: error.to_string() },
            };
            asking.is(at, outcome);
        }
    }

    fn row(&self, line: Line) -> Row {
        let entry = line.read.clone().map(Entry::from);
        let (outcome, newcomer) = match entry {
            Err(why) => (Outcome::Wrong { why }, None),
            Ok(entry) => match self.may_be_added(&entry) {
                Ok(()) => {
                    let served = self.newcomer(&entry);
                    (Outcome::Asking, Some((entry, served)))
                }
                Err(MetersError::Exists(_)) => (Outcome::Listed, None),
                Err(error) => (Outcome::Wrong { why: error.to_string() }, None),
            },
        };
        Row {
            line,
            outcome,
            newcomer,
        }
    }

    async fn ask_rows(&self, asking: &Asking) {
        let newcomers: Vec<(usize, Arc<Served>)> = {
            let rows = asking.rows();
            let each = rows.iter().enumerate();
            each.filter_map(|(at, row)| Some((at, Arc::clone(&row.newcomer.as_ref()?.1))))
                .collect()
        };
        let asked = newcomers
            .into_iter()
            .map(async |(at, served)| asking.is(at, self.outcome(&served).await));
        stream::iter(asked).buffer_unordered(AT_ONCE).for_each(async |()| {}).await;
    }

    async fn outcome(&self, served: &Arc<Served>) -> Outcome {
        match self.ask_at_once(served).await {
            Ok(Answers::As(_)) => Outcome::Answers {
                volts: self.volts(served).await,
            },
            Ok(Answers::WithoutSerial) => Outcome::WithoutSerial,
            Ok(Answers::NoLine(why)) => Outcome::Silent { why },
            Err(MetersError::Another { says, .. }) => Outcome::Another { says },
            Err(error) => Outcome::Silent { why: error.to_string() },
        }
    }

    /// What a newcomer measures: who stands before it sees that it is alive. One that does not say is no worse.
    async fn volts(&self, served: &Served) -> Option<f64> {
        let asking = Questions {
            served,
            rank: Rank::People,
            limit: self.one_try(),
        };
        let before = served.live().state.clone();
        let read = Syncer::Voltage.read(&asking, served.hardware()?, &before).await.ok()?;
        served.found(read, self.store.now(), &self.config.polling);
        let live = served.live();
        [Quantity::Voltage, Quantity::VoltageL1]
            .into_iter()
            .find_map(|quantity| live.state.value(quantity)?.as_f64())
    }
}
