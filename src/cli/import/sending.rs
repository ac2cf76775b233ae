//! Items on their way to the box, a piece at a time, until somebody stops it (MOVE §1.2).

use std::marker::PhantomData;

use hyper::Method;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::report::{Place, Report};
use crate::admin::{Client, Outcome};
use crate::cli::CliError;

/// Bytes of a piece, below what the box takes at once.
const LONGEST_PIECE: usize = 1 << 20;

/// Why nothing more is sent.
pub(super) enum Ended {
    /// Somebody stopped it.
    Stopped,
    /// The box cannot be asked.
    Failed(CliError),
}

impl From<CliError> for Ended {
    fn from(error: CliError) -> Ended {
        Ended::Failed(error)
    }
}

/// Sends items of one kind.
pub(super) struct Sending<'a, T> {
    client: &'a Client,
    path: &'static str,
    at_once: usize,
    /// What goes along with every piece.
    along: Value,
    waiting: Vec<(Place, String, Value)>,
    /// Bytes of what waits.
    bytes: usize,
    of: PhantomData<T>,
    interrupt: Signal,
}

impl<'a, T: Serialize> Sending<'a, T> {
    /// To `path`, `at_once` items in a piece.
    pub(super) fn new(client: &'a Client, path: &'static str, at_once: usize) -> Result<Sending<'a, T>, CliError> {
        Ok(Sending {
            client,
            path,
            at_once,
            along: json!({}),
            waiting: Vec::new(),
            bytes: 0,
            of: PhantomData,
            interrupt: signal(SignalKind::interrupt()).map_err(CliError::failed)?,
        })
    }

    /// With this, an object, in every piece.
    pub(super) fn along(self, along: Value) -> Sending<'a, T> {
        Sending { along, ..self }
    }

    /// Adds an item, and sends when there are enough.
    pub(super) async fn add(&mut self, report: &mut Report, item: (Place, String, T)) -> Result<(), Ended> {
        let (place, what, item) = item;
        let item = json!(item);
        let bytes = item.to_string().len();
        if self.bytes + bytes > LONGEST_PIECE {
            self.flush(report).await?;
        }
        self.bytes += bytes;
        self.waiting.push((place, what, item));
        match self.waiting.len() >= self.at_once {
            true => self.flush(report).await,
            false => Ok(()),
        }
    }

    /// Sends what waits.
    pub(super) async fn flush(&mut self, report: &mut Report) -> Result<(), Ended> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let (told, items): (Vec<_>, Vec<_>) = self
            .waiting
            .drain(..)
            .map(|(place, what, item)| ((place, what), item))
            .unzip();
        let mut piece = self.along.clone();
        piece["dry_run"] = json!(report.is_dry_run());
        piece["items"] = Value::Array(items);
        self.bytes = 0;
        let asked = self.client.ask::<Vec<Outcome>>(Method::POST, self.path, Some(&piece));
        let outcomes = tokio::select! {
            // What was stopped while the last piece was read is not sent.
            biased;
            _ = self.interrupt.recv() => {
                report.note(format!("whether the {} items that were on their way are here is not known", told.len()));
                return Err(Ended::Stopped);
            }
            outcomes = asked => outcomes.map_err(CliError::from)?,
        };
        if outcomes.len() != told.len() {
            return Err(CliError::failed("the box answered for other items than those that were sent").into());
        }
        for ((place, what), outcome) in told.into_iter().zip(outcomes) {
            report.add(place, what, outcome);
        }
        report.progress();
        Ok(())
    }
}

/// The report of a run that came to its end or was stopped; a box that cannot be asked any more is told after what was
/// done until then.
pub(super) fn ended(mut report: Report, end: Result<(), Ended>) -> Result<std::process::ExitCode, CliError> {
    match end {
        Ok(()) => report.finish(),
        Err(Ended::Stopped) => {
            report.is_stopped();
            report.finish()
        }
        Err(Ended::Failed(error)) => {
            if !report.is_empty() {
                report.is_stopped();
                report.finish()?;
            }
            Err(error)
        }
    }
}
