//! When jobs run, and what is written down of each run.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use super::{Cause, Job, JobShown, Line, Outcome, Report, Run, ledger};
use crate::domain::units::Span;
use crate::meter::every::Every;
use crate::meter::room::{Meters, MetersError};
use crate::store::{ReadError, RowError};

/// How often it is looked whether a job is due.
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// A job that never ran waits so long after a start: meters are read first.
const AFTER_START: SignedDuration = SignedDuration::from_mins(5);
/// The longest text of one line, in characters.
const WORDS: usize = 200;

impl Meters {
    /// Runs each job when it is due, for ever.
    pub(in crate::meter) async fn keep_jobs(self: &Arc<Self>) -> ReadError {
        loop {
            sleep(LOOK_EVERY).await;
            for job in Job::ALL {
                match self.is_due(job) {
                    Ok(true) => match self.run_job(job, Cause::Schedule).await {
                        Ok(_) => {}
                        Err(error) => tracing::warn!(job = job.name(), %error, "a job did not run; it is tried again"),
                    },
                    Ok(false) => {}
                    Err(error) => return error,
                }
            }
        }
    }

    fn is_due(&self, job: Job) -> Result<bool, ReadError> {
        let next = self.next_run(job)?;
        Ok(next.is_some_and(|next| self.store.now() >= next))
    }

    /// When a job is due next; `None`: it is switched off.
    fn next_run(&self, job: Job) -> Result<Option<Timestamp>, ReadError> {
        let Every::Each(Span(every)) = self.config.jobs.every(job) else {
            return Ok(None);
        };
        let last = ledger::runs(&self.store, job)?.into_iter().next();
        let after = |at: Timestamp, span: SignedDuration| at.saturating_add(span).unwrap_or(Timestamp::MAX);
        Ok(Some(match last {
            // A clock that was set back does not put a job off for longer than it waits anyway.
            Some(run) if run.began <= self.store.now() => after(
                run.began,
                SignedDuration::try_from(every).unwrap_or(SignedDuration::MAX),
            ),
            Some(_) | None => after(self.built, AFTER_START),
        }))
    }

    /// Every job with its schedule and its latest run.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn jobs(&self) -> Result<Vec<JobShown>, ReadError> {
        let shown = |job: Job| {
            Ok(JobShown {
                job,
                does: job.words().to_owned(),
                every: match self.config.jobs.every(job) {
                    Every::Each(span) => span.to_string(),
                    Every::Off => "off".to_owned(),
                },
                next: self.next_run(job)?,
                last: ledger::runs(&self.store, job)?.into_iter().next(),
            })
        };
        Job::ALL.into_iter().map(shown).collect()
    }

    /// The runs of a job that are kept, the newest first, and what the newest says of each meter.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn job(&self, job: Job) -> Result<(Vec<Run>, Option<Report>), ReadError> {
        Ok((ledger::runs(&self.store, job)?, ledger::newest(&self.store, job)?))
    }

    /// Runs a job now, and writes down what came of it. Two runs of jobs never overlap.
    ///
    /// # Errors
    ///
    /// When the report cannot be written.
    pub async fn run_job(self: &Arc<Self>, job: Job, cause: Cause) -> Result<Report, MetersError> {
        let _only = self.job_runs.lock().await;
        let began = self.store.now();
        let done = match job {
            Job::Clocks => self.set_clocks().await,
            Job::Tariffs => self.missing_tariffs().await,
            Job::Topups => self.waiting_topups(),
            Job::LowBalance => self.low_balances().await,
        };
        let (mut lines, stopped) = match done {
            Ok(lines) => (lines, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let count =
            |outcome| u32::try_from(lines.iter().filter(|line| line.outcome == outcome).count()).unwrap_or(u32::MAX);
        let run = Run {
            job,
            cause,
            began,
            ended: self.store.now(),
            meters: u32::try_from(self.all().len()).unwrap_or(u32::MAX),
            done: count(Outcome::Done),
            reported: count(Outcome::Reported),
            failed: count(Outcome::Failed),
            stopped,
        };
        lines.sort_by_key(|line| line.outcome != Outcome::Failed);
        lines.truncate(ledger::LINES_KEPT);
        let report = Report { run, lines };
        tracing::info!(
            job = job.name(),
            done = report.run.done,
            reported = report.run.reported,
            failed = report.run.failed,
            stopped = report.run.stopped,
            "a job ran"
        );
        let kept = report.clone();
        let written = self.store.write(move |page| ledger::put_on(page, &kept)).await;
        written.map_err(|error: crate::store::WriteError<RowError>| {
            error.split().map_or_else(MetersError::Write, MetersError::Row)
        })?;
        Ok(report)
    }
}

impl Line {
    /// A line of no meter that could be read.
    pub(super) fn of_nothing(words: impl Into<String>) -> Line {
        Line {
            meter: None,
            outcome: Outcome::Failed,
            words: words.into().chars().take(WORDS).collect(),
        }
    }

    pub(super) fn new(meter: &crate::domain::MeterId, outcome: Outcome, words: impl Into<String>) -> Line {
        Line {
            meter: Some(meter.clone()),
            outcome,
            words: words.into().chars().take(WORDS).collect(),
        }
    }
}
