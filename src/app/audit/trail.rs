//! Writes the audit down as it is told: a line at once, on disk within a second.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::accounts::AUDIT;
use crate::accounts::audit::{Head, file_of};

/// Lines that wait until it is known where they go.
const WAITING: usize = 10_000;
/// The longest value of a line, in characters.
const LONGEST: usize = 1_000;

/// What the audit is told; clones share it.
#[derive(Clone, Default)]
pub struct Trail {
    open: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Told before it was known where.
    waiting: Vec<(Timestamp, String, Map<String, Value>)>,
    book: Option<Open>,
    /// Lines that could not be written since it was last asked.
    lost: u64,
    fault: Option<Fault>,
}

/// Why the audit is not all that it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A line does not follow the one before.
    #[error("line {line} of {} does not follow the one before: somebody changed it, or one before it", file.display())]
    Broken { file: PathBuf, line: u64 },
    /// Its folder cannot be used.
    #[error("it cannot be written: {0}")]
    Unwritten(String),
    /// Lines are missing.
    #[error("lines that could not be written since the start: {0}")]
    Lost(u64),
}

impl Fault {
    /// What to do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Fault::Broken { .. } => {
                "gatelodge verify says which; keep a copy, find out who may write there, and move the month's file away"
            }
            Fault::Unwritten(_) => "see that <data_dir>/audit is a folder of the service's own with room, and restart",
            Fault::Lost(_) => "see that the disk has room and works; the log has the lines, and a restart begins anew",
        }
    }
}

/// The files, as they stand.
struct Open {
    folder: PathBuf,
    month: String,
    file: Option<File>,
    head: Head,
    unsynced: bool,
}

/// The name of the month's file.
pub(super) fn month_of(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string()
}

impl Trail {
    /// Writes into `folder` from now on, where the chain stands at `head`.
    pub(super) fn begin(&self, folder: &Path, head: Head) {
        let mut state = self.lock();
        state.book = Some(Open {
            folder: folder.to_owned(),
            month: String::new(),
            file: None,
            head,
            unsynced: false,
        });
        for (at, what, fields) in std::mem::take(&mut state.waiting) {
            state.write(at, &what, fields);
        }
    }

    /// What keeps the audit from being what it should be.
    pub fn fault(&self) -> Option<Fault> {
        self.lock().fault.clone()
    }

    /// Something was found.
    pub(super) fn is_at_fault(&self, fault: Fault) {
        self.lock().fault = Some(fault);
    }

    /// Has what was written last on disk; how many lines are lost for good since it was last asked.
    pub(super) fn sync(&self) -> (io::Result<()>, u64) {
        let mut state = self.lock();
        let lost = std::mem::take(&mut state.lost);
        if lost > 0 {
            state.fault = match state.fault.take() {
                Some(Fault::Lost(before)) => Some(Fault::Lost(before + lost)),
                Some(other) => Some(other),
                None => Some(Fault::Lost(lost)),
            };
        }
        let file = state.book.as_mut().and_then(|open| {
            let unsynced = std::mem::take(&mut open.unsynced);
            open.file.as_ref().filter(|_| unsynced)?.try_clone().ok()
        });
        drop(state);
        (file.map_or(Ok(()), |file| file.sync_data()), lost)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn write(&mut self, at: Timestamp, what: &str, fields: Map<String, Value>) {
        match &mut self.book {
            Some(open) => {
                if open.write(at, what, fields).is_err() {
                    self.lost += 1;
                }
            }
            None if self.waiting.len() < WAITING => self.waiting.push((at, what.to_owned(), fields)),
            None => self.lost += 1,
        }
    }
}

impl Open {
    fn write(&mut self, at: Timestamp, what: &str, fields: Map<String, Value>) -> io::Result<()> {
        let month = month_of(at);
        // A clock that is set back does not part what was tied together.
        if self.file.is_none() || month > self.month {
            let mut options = OpenOptions::new();
            let file = options
                .create(true)
                .append(true)
                .mode(0o600)
                .open(file_of(&self.folder, &month))?;
            (self.file, self.month) = (Some(file), month);
        }
        let (line, head) = self.head.next(at, what, fields);
        let Some(file) = &mut self.file else { return Ok(()) };
        let before = file.metadata()?.len();
        if let Err(error) = file.write_all(format!("{line}\n").as_bytes()) {
            // Half a line would break the chain for whoever reads it.
            let _ = file.set_len(before);
            return Err(error);
        }
        (self.head, self.unsynced) = (head, true);
        Ok(())
    }
}

impl<S: Subscriber> Layer<S> for Trail {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != AUDIT {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.lock().write(Timestamp::now(), &fields.message, fields.others);
    }
}

/// What stands in an event.
#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn take(&mut self, field: &Field, value: Value) {
        match field.name() {
            "message" => self.message = value.as_str().unwrap_or_default().to_owned(),
            name => drop(self.others.insert(name.to_owned(), value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let text: String = format!("{value:?}").chars().take(LONGEST).collect();
        self.take(field, text.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let text: String = value.chars().take(LONGEST).collect();
        self.take(field, text.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.take(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.take(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.take(field, value.into());
    }
}
