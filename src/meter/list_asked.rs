//! The meters of a pasted list are asked, and those that are chosen are added.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use super::asking::{Asking, AskingError, MOST, Outcome, Row};
use super::config::Entry;
use super::driver::{Rank, Syncer};
use super::joining::Answers;
use super::list::{self, Line};
use super::room::{Meters, MetersError};
use super::served::{Questions, Served};
use crate::accounts::AUDIT;
use crate::domain::{MeterId, Quantity};

/// Meters of one list that are asked at once; those of one line take turns.
const AT_ONCE: usize = 16;

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
        let asking = self
            .askings
            .hold(lines.into_iter().map(|line| self.row(line)).collect());
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
        self.askings.find(id)
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
        stream::iter(asked)
            .buffer_unordered(AT_ONCE)
            .for_each(async |()| {})
            .await;
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
