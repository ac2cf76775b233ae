//! A meter comes into the registry: it is asked at once who it is, so that a swapped plug is seen while the installer
//! still stands before it.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::config::Entry;
use super::driver::{Rank, SyncError};
use super::identity::{self, Verdict};
use super::link::Target;
use super::polling::hardware_found;
use super::room::{Meters, MetersError, written};
use super::served::{Beginning, Questions, Served, Source};
use super::shown::MeterShown;
use crate::domain::{Duty, MeterState};

/// The longest that somebody waits for the answers of a meter that is added.
const PATIENCE: Duration = Duration::from_secs(60);

/// A meter that was added, and what came of asking it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Joined {
    #[serde(flatten)]
    pub meter: MeterShown,
    /// What came of asking it.
    pub answers: Answers,
}

/// What came of asking a meter who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    /// It answers with this serial.
    As(String),
    /// It answers, and says no serial that could be read.
    WithoutSerial,
    /// It did not answer; it is asked again.
    NoLine(String),
}

impl Meters {
    /// Adds a meter to the registry, asks it who it is, and begins to poll it. One that does not answer is added all the
    /// same; where another answers nothing is changed.
    pub async fn add(&self, entry: Entry) -> Result<Joined, MetersError> {
        self.may_be_added(&entry)?;
        let served = self.newcomer(&entry);
        let answers = self.ask_at_once(&served).await?;
        self.take_in(&entry, &served).await?;
        Ok(Joined {
            meter: self.shown(&served, self.store.now()),
            answers,
        })
    }

    /// A meter that may be added, as it is before anybody asked it.
    pub(super) fn newcomer(&self, entry: &Entry) -> Arc<Served> {
        let beginning = Beginning {
            meter: entry.meter(),
            source: Source::Added,
            duty: Duty::default(),
            state: MeterState::default(),
        };
        self.at_rest(beginning).expect("the entry's link was read already")
    }

    /// Puts a newcomer into the registry, with what was learnt of it, and begins to poll it.
    pub(super) async fn take_in(&self, entry: &Entry, served: &Arc<Served>) -> Result<(), MetersError> {
        {
            // While it was asked, another may have come with that serial, or on that line.
            let _entering = self.entering.lock().await;
            self.may_be_added(entry)?;
            self.writer.add(served.meter.clone()).await.map_err(written)?;
            self.enter(served);
        }
        let learnt = *served.live().state != MeterState::default();
        if learnt {
            self.notes.add(&served.meter.serial, Vec::new());
        }
        self.tell(served);
        self.notes.on_disk().await;
        Ok(())
    }

    /// Whether a meter could be added so, as far as is known without asking it; nothing is changed.
    ///
    /// # Errors
    ///
    /// When its entry cannot be, or a meter of that serial or on that line is there.
    pub fn may_be_added(&self, entry: &Entry) -> Result<(), MetersError> {
        entry.check()?;
        if self.served(&entry.serial).is_some() {
            return Err(MetersError::Exists(entry.serial.clone()));
        }
        let line = |link: &str| {
            link.parse()
                .map_or_else(|_| link.to_owned(), |link: Target| link.line())
        };
        let wanted = entry.link.line();
        match self.all().into_iter().find(|served| line(&served.meter.link) == wanted) {
            Some(other) => Err(MetersError::Link {
                link: entry.link.to_string(),
                meter: other.meter.serial.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Asks a newcomer who it is; nothing is written down.
    pub(super) async fn ask_at_once(&self, served: &Arc<Served>) -> Result<Answers, MetersError> {
        let meter = Questions {
            served,
            rank: Rank::People,
            limit: self.one_try(),
        };
        let asking = identity::ask(&meter, &served.meter.serial, served.hardware());
        let asked = match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok(asked)) => asked,
            Ok(Err(SyncError::Asked(error))) => return Ok(Answers::NoLine(error.to_string())),
            Ok(Err(error)) => return Ok(Answers::NoLine(error.to_string())),
            Err(_) => return Ok(Answers::NoLine(format!("no answer within {} s", PATIENCE.as_secs()))),
        };
        let now = self.store.now();
        let says = match &asked.verdict {
            Verdict::Another(says) => {
                return Err(MetersError::Another {
                    expected: served.meter.serial.clone(),
                    says: says.clone(),
                });
            }
            Verdict::Same => Answers::As(served.meter.serial.to_string()),
            Verdict::Unknown => Answers::WithoutSerial,
        };
        served.identified(&asked.verdict, now);
        if let Some(hardware) = asked.hardware {
            served.found(hardware_found(hardware), now, &self.config.polling);
        }
        Ok(says)
    }
}
