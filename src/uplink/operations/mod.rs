//! Operations: what the cloud asks for, written down before anything is done, each with exactly one end
//! (`spec/uplink.md` section 2.4).
//!
//! An operation is a row from its arrival on. That it is begun, and how it ended, is an event in the critical lane,
//! written with the row in one change; the cloud learns it from there. After a crash what was begun ends as failed,
//! but for a restart, which then has worked.

mod commands;
mod words;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::outbox::READER;
use crate::accounts::random_id;
use crate::domain::{Event, Operation, OperationState};
use crate::store::{Ledger, Page, ReadError, RowError, Store, WriteError, schema};
pub use commands::{COMMANDS, Commands};

const ROWS: Ledger<Row> = Ledger::new(schema::UPLINK_OPERATIONS);
/// The kind that starts the box anew.
const RESTART: &str = "c8y_Restart";
/// The kind that carries a command line.
const COMMAND: &str = "c8y_Command";
/// Operations that wait at most.
const WAITING: usize = 100;
/// Ids that are done are remembered so long: the platform may send an operation twice.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// One command may take so long.
const LIMIT: Duration = Duration::from_secs(60);
/// Between two restarts.
const RESTARTS: SignedDuration = SignedDuration::from_mins(5);
/// For the word that a restart begins to reach the cloud.
const ANNOUNCED: Duration = Duration::from_secs(10);
/// When the book does not take a row, it is tried again after this.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest text of an operation that is kept, in bytes.
const TEXT: usize = 2_000;

/// What the cloud asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Which operation.
    pub operation: Operation,
    /// What it says beside its kind.
    pub text: String,
}

/// An operation from its arrival on.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    operation: Operation,
    text: String,
    arrived: Timestamp,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Waiting,
    /// Begun by the process of this name.
    Begun(String),
    Done(Timestamp),
}

/// An operation as people see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperationShown {
    /// Which.
    pub operation: Operation,
    /// When it came.
    pub arrived: Timestamp,
    /// `waiting`, `executing` or `done`.
    pub phase: String,
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
    /// This process, so that what another one began is known.
    process: String,
    bell: Notify,
    restart: Restart,
}

/// What a restart does.
#[derive(Clone)]
pub enum Restart {
    /// The box ends, and whoever started it starts it again.
    Process(Arc<dyn Fn() + Send + Sync>),
    /// Nothing: it is refused.
    Off,
}

impl Operations {
    /// The operations of this book.
    #[must_use]
    pub fn new(store: Store, restart: Restart) -> Operations {
        Operations {
            store,
            process: random_id(),
            bell: Notify::new(),
            restart,
        }
    }

    /// Writes an operation down. Answers whether it is new: one that came before is not done again.
    pub async fn arrived(&self, asked: Asked, claim: Claim, now: Timestamp) -> Result<bool, WriteError<RowError>> {
        let process = self.process.clone();
        let new = self
            .store
            .write(move |page| {
                let rows = ROWS.scan_on(page, &[], None, usize::MAX)?;
                let same = |row: &Row| row.operation.id.is_some() && row.operation == asked.operation;
                if rows.iter().any(|(_, row)| same(row)) {
                    return Ok(false);
                }
                let old = |row: &Row| matches!(row.phase, Phase::Done(at) if now.duration_since(at) > REMEMBERED);
                for (key, _) in rows.iter().filter(|(_, row)| old(row)) {
                    ROWS.delete_on(page, key);
                }
                let waiting = rows
                    .iter()
                    .filter(|(_, row)| !matches!(row.phase, Phase::Done(_)))
                    .count();
                let mut row = Row {
                    operation: asked.operation,
                    text: asked.text,
                    arrived: now,
                    phase: Phase::Waiting,
                };
                let refused = if waiting >= WAITING {
                    Some("busy: too many operations wait already")
                } else if row.text.len() > TEXT {
                    Some("its text is too long")
                } else {
                    None
                };
                if claim == Claim::OnArrival || refused.is_some() {
                    tell(page, &row, OperationState::Executing);
                    row.phase = Phase::Begun(process);
                }
                if let Some(why) = refused {
                    tell(page, &row, OperationState::Failed(why.to_owned()));
                    (row.text, row.phase) = (String::new(), Phase::Done(now));
                } else if claim == Claim::OnArrival {
                    // Claimed, and still to be done by this process.
                    row.phase = Phase::Waiting;
                }
                let key = page.seq().0.to_be_bytes();
                ROWS.put_on(page, &key, &row)?;
                Ok(true)
            })
            .await?;
        self.bell.notify_one();
        Ok(new)
    }

    /// Ends what another process began.
    async fn resume(&self, claim: Claim) -> Result<(), WriteError<RowError>> {
        let process = self.process.clone();
        let now = Timestamp::now();
        self.store
            .write(move |page| {
                for (key, mut row) in ROWS.scan_on(page, &[], None, usize::MAX)? {
                    let begun_elsewhere = match &row.phase {
                        Phase::Begun(by) => *by != process,
                        // What was claimed on arrival and not begun is not begun now: who asked waits for an end.
                        Phase::Waiting => claim == Claim::OnArrival && row.arrived < now,
                        Phase::Done(_) => false,
                    };
                    if begun_elsewhere {
                        let restarted = row.operation.kind == RESTART && matches!(row.phase, Phase::Begun(_));
                        tell(
                            page,
                            &row,
                            if restarted {
                                OperationState::Successful(String::new())
                            } else {
                                OperationState::Failed("interrupted: the box was started anew meanwhile".into())
                            },
                        );
                        row.phase = Phase::Done(now);
                        ROWS.put_on(page, &key, &row)?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// Does what waits, one after the other, for ever.
    pub async fn work(
        &self,
        commands: &Commands,
        claim: Claim,
    ) -> Result<std::convert::Infallible, WriteError<RowError>> {
        self.resume(claim).await?;
        loop {
            let rows = ROWS.scan(&self.store, &[], None, usize::MAX).map_err(RowError::from);
            let rows = rows.map_err(WriteError::Refused)?;
            let next = rows.into_iter().find(|(_, row)| row.phase == Phase::Waiting);
            let Some((key, mut row)) = next else {
                self.bell.notified().await;
                continue;
            };
            row.phase = Phase::Begun(self.process.clone());
            let begun = (claim == Claim::WhenBegun).then_some(OperationState::Executing);
            self.note(&key, &row, begun).await?;
            let end = match timeout(LIMIT, self.carry_out(&row, commands)).await {
                Ok(end) => end,
                Err(_) => OperationState::Failed(format!("timed out after {} s", LIMIT.as_secs())),
            };
            row.phase = Phase::Done(Timestamp::now());
            self.note(&key, &row, Some(end)).await?;
        }
    }

    /// Writes a row and what is told of it; as long as the book is full or busy, again and again.
    async fn note(&self, key: &[u8], row: &Row, state: Option<OperationState>) -> Result<(), WriteError<RowError>> {
        loop {
            let (key, row, state) = (key.to_vec(), row.clone(), state.clone());
            let noted = self.store.write(move |page| {
                if let Some(state) = state {
                    tell(page, &row, state);
                }
                ROWS.put_on(page, &key, &row)
            });
            match noted.await {
                Err(WriteError::Busy | WriteError::DiskFull) => sleep(AGAIN).await,
                done => return done,
            }
        }
    }

    async fn carry_out(&self, row: &Row, commands: &Commands) -> OperationState {
        let result = match row.operation.kind.as_str() {
            COMMAND if row.operation.device == commands.device() => commands.run(&row.text),
            RESTART if row.operation.device == commands.device() => self.start_anew().await,
            _ => Err("not supported".to_owned()),
        };
        match result {
            Ok(text) => OperationState::Successful(text),
            Err(why) => OperationState::Failed(why),
        }
    }

    async fn start_anew(&self) -> Result<String, String> {
        let Restart::Process(restart) = &self.restart else {
            return Err("restarts are switched off".to_owned());
        };
        let rows = ROWS
            .scan(&self.store, &[], None, usize::MAX)
            .map_err(|error| error.to_string())?;
        let now = Timestamp::now();
        let lately = |row: &Row| matches!(row.phase, Phase::Done(at) if now.duration_since(at) < RESTARTS);
        if rows.iter().any(|(_, row)| row.operation.kind == RESTART && lately(row)) {
            return Err("the box was started anew less than five minutes ago".to_owned());
        }
        // The cloud hears that it begins before the box is gone, if it can be reached.
        let _ = timeout(ANNOUNCED, async {
            while self.store.backlog(READER).is_some_and(|behind| behind.changes > 0) {
                sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        restart();
        std::future::pending().await
    }

    /// Whether none is under way or waits.
    pub fn is_idle(&self) -> Result<bool, ReadError> {
        let rows = ROWS.scan(&self.store, &[], None, usize::MAX)?;
        Ok(rows.iter().all(|(_, row)| matches!(row.phase, Phase::Done(_))))
    }

    /// The latest, newest first.
    pub fn shown(&self, limit: usize) -> Result<Vec<OperationShown>, ReadError> {
        let rows = ROWS.scan(&self.store, &[], None, usize::MAX)?;
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

fn tell(page: &mut Page, row: &Row, state: OperationState) {
    page.record(Event::Operation {
        operation: row.operation.clone(),
        state,
    });
}
