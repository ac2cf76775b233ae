//! Writes the audit down as it is told: a line at once, on disk within a second.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::book::Book;
use super::fault::Fault;
use crate::accounts::AUDIT;
use crate::accounts::audit::Head;

/// Lines that wait until it is known where they go.
const WAITING: usize = 10_000;
/// The longest value of a line, in characters.
const LONGEST: usize = 1_000;

/// What the audit says of itself where lines are not there any more.
pub(super) const MISSING: &str = "lines of the audit are missing";

/// What the audit is told; clones share it.
#[derive(Clone, Default)]
pub struct Trail {
    open: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Told before it was known where.
    waiting: Vec<(Timestamp, String, Map<String, Value>)>,
    book: Option<Book>,
    /// Lines that could not be written since it was last asked.
    lost: u64,
    /// Those of them of which the audit does not say yet that they are lost.
    unsaid: u64,
    fault: Option<Fault>,
}

impl Trail {
    /// Writes into `folder` from now on, where the chain stands at `head`.
    ///
    /// # Errors
    ///
    /// When nothing can be written there.
    pub(super) fn begin(&self, folder: &Path, head: Head) -> io::Result<()> {
        let mut state = self.lock();
        state.book = Some(Book::begin(folder, head, Timestamp::now())?);
        for (at, what, fields) in std::mem::take(&mut state.waiting) {
            state.write(at, &what, fields);
        }
        Ok(())
    }

    /// Where the chain stands.
    pub(super) fn head(&self) -> Option<Head> {
        self.lock().book.as_ref().map(|book| book.head.clone())
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
        state.must_be_there();
        let file = state.book.as_mut().and_then(Book::take_unsynced);
        drop(state);
        (file.map_or(Ok(()), |file| file.sync_data()), lost)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Somebody may take the file away while it is written.
    fn must_be_there(&mut self) {
        let Some(book) = &mut self.book else { return };
        if book.is_there() {
            return;
        }
        let had = book.head.lines;
        self.fault = Some(Fault::Missing { had, has: 0 });
        tracing::error!(had, "the audit's file was taken away or cut while it was written");
        let fields = Map::from_iter([("had".to_owned(), had.into())]);
        self.write(Timestamp::now(), MISSING, fields);
    }

    fn write(&mut self, at: Timestamp, what: &str, fields: Map<String, Value>) {
        match &mut self.book {
            Some(book) => {
                // Whoever reads the audit must see that something is missing.
                if self.unsaid > 0 {
                    let fields = Map::from_iter([("lost".to_owned(), self.unsaid.into())]);
                    if book
                        .write(at, "lines of the audit could not be written", fields)
                        .is_ok()
                    {
                        self.unsaid = 0;
                    }
                }
                if book.write(at, what, fields).is_err() {
                    self.lost += 1;
                    self.unsaid += 1;
                }
            }
            None if self.waiting.len() < WAITING => self.waiting.push((at, what.to_owned(), fields)),
            None => self.lost += 1,
        }
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
