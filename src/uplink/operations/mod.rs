//! Operations: what the cloud asks for, written down before anything is done, each with exactly one end
//! (UPLINK §2.4).
//!
//! An operation is a row from its arrival on. That it is begun, and how it ended, is an event in the critical lane,
//! written with the row in one change; the cloud learns it from there. Those of one kind for one device are done in
//! their order, others side by side. After a crash what was begun ends as failed, but for a restart, which then has
//! worked.

mod commands;
mod configuration;
mod deeds;
mod log_file;
mod row;
mod shell_words;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::domain::{Operation, OperationState};
use crate::store::{ReadError, RowError, Store, WriteError};
use crate::uplink::names::kind;
pub use commands::{Commands, Queue};
pub use deeds::Deeds;
pub use row::OperationRequest;
use row::{INTERRUPTED, Phase, Row, tell};
pub use shell_words::words;

/// Operations that wait at most.
const WAITING: usize = 100;
/// And are done side by side.
const AT_ONCE: usize = 4;
/// Ids that are done are remembered so long: the platform may send an operation twice.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// When the book does not take a row, it is tried again after this.
const AGAIN: Duration = Duration::from_secs(1);

/// An operation as people see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperationShown {
    pub operation: Operation,
    /// When it came.
    pub arrived: Timestamp,
    /// `waiting`, `executing` or `done`.
    pub phase: String,
}

/// What an operation is that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It is to be done.
    New,
    /// It came before.
    Known,
    /// It is not even begun, and ended as failed.
    Refused,
}

/// How operations begin to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// When they are begun.
    WhenBegun,
    /// At once: without ids, what is claimed is not sent again.
    OnArrival,
}

/// The box's list of operations.
pub struct Operations {
    store: Store,
    /// This run of the box, so that what another one began is known.
    process: String,
    bell: Notify,
}

/// One being done; when it is, the slot is free for the next.
type Doing<'a> = Pin<Box<dyn Future<Output = Result<Slot, WriteError<RowError>>> + Send + 'a>>;
/// Of these, one at a time: device and kind.
type Slot = (String, String);

fn slot(row: &Row) -> Slot {
    (row.operation.device.clone(), row.operation.kind.clone())
}

impl Operations {
    /// The operations of this book, in the run of the box of this name.
    #[must_use]
    pub fn new(store: Store, process: String) -> Operations {
        Operations {
            store,
            process,
            bell: Notify::new(),
        }
    }

    /// Writes an operation down; one that came before is not done again.
    pub async fn arrived(
        &self,
        asked: OperationRequest,
        claim: Claim,
        now: Timestamp,
    ) -> Result<Arrival, WriteError<RowError>> {
        let process = self.process.clone();
        let write = move |page: &mut crate::store::Page| {
            let rows = row::all_on(page)?;
            let same = |row: &Row| row.operation.id.is_some() && row.operation == asked.operation;
            if rows.iter().any(|(_, row)| same(row)) {
                return Ok(Arrival::Known);
            }
            let old = |row: &Row| matches!(row.phase, Phase::Done(at) if now.duration_since(at) > REMEMBERED);
            for (key, _) in rows.iter().filter(|(_, row)| old(row)) {
                row::forget_on(page, key)?;
            }
            let open = |row: &Row| !matches!(row.phase, Phase::Done(_));
            let refused = refusal(rows.iter().filter(|(_, row)| open(row)).count(), &asked);
            let mut new = Row {
                operation: asked.operation,
                source: asked.source,
                arrived: now,
                phase: Phase::Waiting,
                worked: false,
                boot: None,
                stopped: false,
            };
            let key = page.seq().0.to_be_bytes();
            if claim == Claim::OnArrival || refused.is_some() {
                tell(page, &new, OperationState::Executing);
                new.phase = Phase::Begun(process);
            }
            let arrival = if refused.is_some() {
                Arrival::Refused
            } else {
                Arrival::New
            };
            match refused {
                Some(why) => {
                    tell(page, &new, OperationState::Failed(why));
                    new.phase = Phase::Done(now);
                }
                None => {
                    row::put_text_on(page, &key, &asked.arguments)?;
                    // What is claimed is still to be done.
                    new.phase = Phase::Waiting;
                }
            }
            row::put_on(page, &key, &new)?;
            Ok(arrival)
        };
        let arrival = self.store.write(write).await?;
        self.bell.notify_one();
        Ok(arrival)
    }

    /// Does what waits, for ever; first what another run began is ended.
    pub async fn work(&self, deeds: &Deeds, claim: Claim) -> Result<Infallible, WriteError<RowError>> {
        let (mut doing, mut busy) = (FuturesUnordered::<Doing<'_>>::new(), BTreeSet::new());
        for (key, row) in self.resume(deeds, claim).await? {
            busy.insert(slot(&row));
            doing.push(Box::pin(self.wait_for_the_house(key, row, deeds)));
        }
        loop {
            while doing.len() < AT_ONCE
                && let Some((key, row)) = self.next(&busy)?
            {
                busy.insert(slot(&row));
                doing.push(Box::pin(self.do_one(key, row, deeds, claim)));
            }
            tokio::select! {
                Some(done) = doing.next(), if !doing.is_empty() => drop(busy.remove(&done?)),
                () = self.bell.notified() => {}
            }
        }
    }

    fn next(&self, busy: &BTreeSet<Slot>) -> Result<Option<(Vec<u8>, Row)>, WriteError<RowError>> {
        let rows = row::all(&self.store).map_err(|error| WriteError::Refused(error.into()))?;
        let free = |row: &Row| row.phase == Phase::Waiting && !busy.contains(&slot(row));
        Ok(rows.into_iter().find(|(_, row)| free(row)))
    }

    async fn do_one(
        &self,
        key: Vec<u8>,
        mut row: Row,
        deeds: &Deeds,
        claim: Claim,
    ) -> Result<Slot, WriteError<RowError>> {
        row.phase = Phase::Begun(self.process.clone());
        row.boot = deeds.boot_that_ends(&row.operation.kind);
        let begun = (claim == Claim::WhenBegun).then_some(OperationState::Executing);
        self.note(&key, &row, begun).await?;
        let end = deeds.carry_out(&self.store, &key, &row).await;
        self.end(deeds, (key, row), end).await
    }

    /// A configuration changed this room itself; the box has the answer.
    async fn wait_for_the_house(&self, key: Vec<u8>, row: Row, deeds: &Deeds) -> Result<Slot, WriteError<RowError>> {
        let end = match deeds.configured(&self.store, &key, &row).await {
            Some(end) => end,
            None => OperationState::Failed(INTERRUPTED.into()),
        };
        self.end(deeds, (key, row), end).await
    }

    async fn end(
        &self,
        deeds: &Deeds,
        (key, mut row): (Vec<u8>, Row),
        end: OperationState,
    ) -> Result<Slot, WriteError<RowError>> {
        row.worked = matches!(end, OperationState::Successful(_));
        let result = if row.worked { "successful" } else { "failed" };
        deeds.status.operation(&row.operation.kind, result);
        row.phase = Phase::Done(Timestamp::now());
        self.note(&key, &row, Some(end)).await?;
        Ok(slot(&row))
    }

    /// Ends what was begun before this room was. Answers those on which the box itself still works.
    async fn resume(&self, deeds: &Deeds, claim: Claim) -> Result<Vec<(Vec<u8>, Row)>, WriteError<RowError>> {
        let now = Timestamp::now();
        let mut waits = Vec::new();
        for (key, row) in row::all(&self.store).map_err(|error| WriteError::Refused(error.into()))? {
            let end = match &row.phase {
                Phase::Begun(by) if *by == self.process && deeds.is_with_the_house(&row.operation.kind) => {
                    waits.push((key, row));
                    continue;
                }
                Phase::Begun(by) => Some(deeds.end_of_what_was_begun(&row, *by == self.process)),
                // What was claimed on arrival and not begun is not begun now: who asked waits for an end.
                Phase::Waiting if claim == Claim::OnArrival && row.arrived < now => {
                    Some(OperationState::Failed(INTERRUPTED.into()))
                }
                Phase::Waiting | Phase::Done(_) => None,
            };
            if let Some(end) = end {
                self.end(deeds, (key, row), end).await?;
            }
        }
        Ok(waits)
    }

    /// Writes a row and what is told of it; as long as the book is full or busy, again and again.
    async fn note(&self, key: &[u8], row: &Row, state: Option<OperationState>) -> Result<(), WriteError<RowError>> {
        loop {
            let (key, row, state) = (key.to_vec(), row.clone(), state.clone());
            let noted = self.store.write(move |page| {
                if let Some(state) = state {
                    tell(page, &row, state);
                }
                if matches!(row.phase, Phase::Done(_)) {
                    row::forget_text_on(page, &key)?;
                }
                row::put_on(page, &key, &row)
            });
            match noted.await {
                Err(WriteError::Busy | WriteError::DiskFull) => sleep(AGAIN).await,
                done => return done,
            }
        }
    }

    /// The box is told to stop: a program that starts it anew may have done that, so that its end is no crash.
    pub async fn stops(&self) -> Result<(), WriteError<RowError>> {
        for (key, mut row) in row::all(&self.store).map_err(|error| WriteError::Refused(error.into()))? {
            if row.operation.kind == kind::RESTART && matches!(row.phase, Phase::Begun(_)) {
                row.stopped = true;
                self.store.write(move |page| row::put_on(page, &key, &row)).await?;
            }
        }
        Ok(())
    }

    /// Whether none is under way or waits.
    pub fn is_idle(&self) -> Result<bool, ReadError> {
        let rows = row::all(&self.store)?;
        Ok(rows.iter().all(|(_, row)| matches!(row.phase, Phase::Done(_))))
    }

    /// The latest, newest first.
    pub fn shown(&self, limit: usize) -> Result<Vec<OperationShown>, ReadError> {
        let rows = row::all(&self.store)?;
        let shown = rows.into_iter().rev().take(limit).map(|(_, row)| OperationShown {
            operation: row.operation,
            arrived: row.arrived,
            phase: match row.phase {
                Phase::Waiting => "waiting",
                Phase::Begun(_) => "executing",
                Phase::Done(_) => "done",
            }
            .to_owned(),
        });
        Ok(shown.collect())
    }
}

/// Why an operation is not even begun, while `open` others are. A command over a plain broker that cannot be carried out
/// whatever happens does not wait behind others to be told so; a tenant may know answers by their order only.
fn refusal(open: usize, asked: &OperationRequest) -> Option<String> {
    let kind = asked.operation.kind.as_str();
    let line = asked.arguments.first().filter(|_| kind.starts_with(kind::PLAIN));
    line.and_then(|line| commands::misuse(line))
        .or_else(|| too_much(open, asked).map(str::to_owned))
}

fn too_much(open: usize, asked: &OperationRequest) -> Option<&'static str> {
    let length: usize = asked.arguments.iter().map(|argument| argument.len() + 4).sum();
    if open >= WAITING {
        return Some("busy: too many operations wait already");
    }
    if length <= row::TEXT {
        return None;
    }
    Some(match asked.operation.kind.as_str() {
        kind::CONFIGURATION => configuration::TOO_LONG,
        _ => "its text is too long",
    })
}
