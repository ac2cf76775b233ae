//! What the box does with meters by itself, beside reading them: jobs that run as often as they are configured, each with
//! a report and a history (EMOP §24).

mod clocks;
mod config;
mod keeping;
mod ledger;
mod low_balance;
pub(super) mod of_meter;
mod tariff_file;
mod tariffs;
mod waiting;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use config::JobsConfig;

use crate::domain::MeterId;

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Sets the clocks of meters that are off.
    Clocks,
    /// Writes tariffs to come out of a file to meters that do not hold them yet.
    Tariffs,
    /// Says which top-up codes wait, and has them tried at once.
    Topups,
    /// Says which balances are low, and for how many days they last.
    LowBalance,
}

impl Job {
    /// All of them.
    pub const ALL: [Job; 4] = [Job::Clocks, Job::Tariffs, Job::Topups, Job::LowBalance];

    /// The job's name on the command line and in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Job::Clocks => "clocks",
            Job::Tariffs => "tariffs",
            Job::Topups => "topups",
            Job::LowBalance => "low_balance",
        }
    }

    /// What it does.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Job::Clocks => "sets the clocks of meters that are off",
            Job::Tariffs => "writes tariffs to come out of a file to meters that do not hold them",
            Job::Topups => "says which codes wait, and has them tried at once",
            Job::LowBalance => "says which balances are low, and for how many days they last",
        }
    }
}

/// A text that names no job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no job {0:?}: clocks, tariffs, topups, low_balance")]
pub struct JobError(String);

impl FromStr for Job {
    type Err = JobError;

    fn from_str(text: &str) -> Result<Job, JobError> {
        let named = Job::ALL.into_iter().find(|job| job.name() == text);
        named.ok_or_else(|| JobError(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What came of one meter in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Something was done, and it worked.
    Done,
    /// It is reported, and there is nothing to do for the box.
    #[serde(alias = "told")]
    Reported,
    /// It did not work.
    Failed,
}

impl Outcome {
    /// What people read.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Reported => "reported",
            Outcome::Failed => "failed",
        }
    }
}

/// What a run says of one meter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// `None`: it is of no meter that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meter: Option<MeterId>,
    pub outcome: Outcome,
    /// What, with numbers and units.
    pub words: String,
}

/// Who had a job run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its time had come.
    Schedule,
    /// Somebody asked for it.
    Asked,
}

impl Cause {
    /// What people read.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Cause::Schedule => "schedule",
            Cause::Asked => "hand",
        }
    }
}

/// One run of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub job: Job,
    pub cause: Cause,
    pub began: Timestamp,
    pub ended: Timestamp,
    /// Meters that were looked at.
    pub meters: u32,
    pub done: u32,
    /// Meters of which something is reported.
    #[serde(alias = "told")]
    pub reported: u32,
    pub failed: u32,
    /// Why nothing was done at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

impl Run {
    /// What came of it, for people.
    #[must_use]
    pub fn words(&self) -> String {
        if let Some(why) = &self.stopped {
            return format!("not done: {why}");
        }
        let counts = [
            (self.done, Outcome::Done),
            (self.reported, Outcome::Reported),
            (self.failed, Outcome::Failed),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let words: Vec<String> = counts
            .map(|(count, outcome)| format!("{count} {}", outcome.words()))
            .collect();
        match words.is_empty() {
            true => "nothing to do".to_owned(),
            false => words.join(", "),
        }
    }
}

/// A job with its schedule and its latest run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobShown {
    pub job: Job,
    pub does: String,
    /// How often, such as `1d`; `off`.
    pub every: String,
    /// When it is due next.
    pub next: Option<Timestamp>,
    pub last: Option<Run>,
}

/// A run with what it says of each meter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    #[serde(flatten)]
    pub run: Run,
    pub lines: Vec<Line>,
}
