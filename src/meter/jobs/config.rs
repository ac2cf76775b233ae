//! `[meters.jobs]`: how often each job runs, and from where on it has something to do.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Job;
use crate::domain::Faults;
use crate::domain::units::Span;
use crate::meter::emop::Money;
use crate::meter::every::Every;

/// The section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobsConfig {
    pub clocks: Every,
    pub tariffs: Every,
    /// Tariffs to come, as CSV.
    pub tariffs_file: Option<PathBuf>,
    pub topups: Every,
    pub low_balance: Every,
    /// A clock that is off by no more is left alone.
    pub clock_drift: Span,
    /// Balances below so many pounds are low, such as `"5.00"`.
    pub low_balance_below: String,
    /// And so is what lasts for fewer days.
    pub low_balance_days: u32,
}

const DAY: Every = Every::Each(Span::seconds(24 * 3_600));
/// What the older program took.
const DRIFT: Span = Span::seconds(20);

impl Default for JobsConfig {
    fn default() -> JobsConfig {
        JobsConfig {
            // It writes to meters, so somebody has to want it.
            clocks: Every::Off,
            tariffs: Every::Off,
            tariffs_file: None,
            topups: DAY,
            low_balance: DAY,
            clock_drift: DRIFT,
            low_balance_below: "5.00".to_owned(),
            low_balance_days: 3,
        }
    }
}

impl JobsConfig {
    /// How often a job runs.
    #[must_use]
    pub fn every(&self, job: Job) -> Every {
        match job {
            Job::Clocks => self.clocks,
            Job::Tariffs => self.tariffs,
            Job::Topups => self.topups,
            Job::LowBalance => self.low_balance,
        }
    }

    /// Balances below this are low.
    #[must_use]
    pub(in crate::meter) fn low_below(&self) -> Money {
        // What cannot be read is a fault of the configuration, with which no box starts.
        self.low_balance_below.parse().unwrap_or(Money(0))
    }

    /// What the keys cannot say each for itself.
    #[must_use]
    pub fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        for job in Job::ALL {
            if let Every::Each(Span(every)) = self.every(job)
                && every < Duration::from_secs(60)
            {
                faults.add(job.name(), "is under a minute", "\"1m\" or more, or \"off\"");
            }
        }
        if self.tariffs != Every::Off && self.tariffs_file.is_none() {
            faults.add(
                "tariffs",
                "runs, and tariffs_file names no file",
                "tariffs_file = \"/etc/gatelodge/tariffs.csv\"",
            );
        }
        if self.clock_drift < Span::seconds(2) || self.clock_drift > Span::seconds(3_600) {
            faults.add(
                "clock_drift",
                format!("is {}", self.clock_drift),
                "\"2s\" to \"1h\", such as \"20s\"",
            );
        }
        match self.low_balance_below.parse::<Money>() {
            Ok(Money(1..=10_000_000)) => {}
            Ok(_) => faults.add(
                "low_balance_below",
                format!("is {:?}", self.low_balance_below),
                "more than \"0\" and at most \"100.00\" pounds",
            ),
            Err(error) => faults.add("low_balance_below", error.to_string(), "pounds, such as \"5.00\""),
        }
        if !(1..=365).contains(&self.low_balance_days) {
            faults.add("low_balance_days", format!("is {}", self.low_balance_days), "1 to 365");
        }
        faults
    }
}
