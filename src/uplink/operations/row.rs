//! An operation as a row of the book. What it says can be longer than a row may be: then it stands in parts beside it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{Event, Operation, OperationState};
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

const ROWS: Ledger<Row> = Ledger::new(schema::UPLINK_OPERATIONS);
const TEXTS: Ledger<String> = Ledger::new(schema::UPLINK_TEXTS);
/// Bytes of one part: however it is escaped, it fits into a row.
const PART: usize = 600;
/// What an operation says takes so many bytes at most.
pub(super) const TEXT: usize = 12_000;

/// What an operation ends with that nobody goes on with.
pub(super) const INTERRUPTED: &str = "interrupted: the box, or its uplink, was started anew meanwhile";

/// What the cloud asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationRequest {
    pub operation: Operation,
    /// What it says beside its kind, in the order of the platform's lines.
    pub arguments: Vec<String>,
    /// The number under which the platform knows whom it is addressed to, where it says so.
    pub source: Option<String>,
}

/// An operation from its arrival on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) operation: Operation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    pub(super) arrived: Timestamp,
    pub(super) phase: Phase,
    /// Whether it is done and worked.
    #[serde(default)]
    pub(super) worked: bool,
    /// The boot in which a command began to start the machine anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) boot: Option<String>,
    /// Whether this run of the box was told to stop while it was under way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) stopped: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    Waiting,
    /// Begun by the run of the box of this name.
    Begun(String),
    Done(Timestamp),
}

/// Every row, in the order in which they came.
pub(super) fn all(store: &Store) -> Result<Vec<(Vec<u8>, Row)>, ReadError> {
    ROWS.scan(store, &[], None, usize::MAX)
}

/// Every row as this change finds it.
pub(super) fn all_on(page: &Page) -> Result<Vec<(Vec<u8>, Row)>, RowError> {
    ROWS.scan_on(page, &[], None, usize::MAX)
}

/// Writes a row.
pub(super) fn put_on(page: &mut Page, key: &[u8], row: &Row) -> Result<(), RowError> {
    ROWS.put_on(page, key, row)
}

/// Forgets a row and what it said.
pub(super) fn forget_on(page: &mut Page, key: &[u8]) -> Result<(), RowError> {
    ROWS.delete_on(page, key);
    forget_text_on(page, key)
}

/// Forgets what an operation said.
pub(super) fn forget_text_on(page: &mut Page, key: &[u8]) -> Result<(), RowError> {
    for (part, _) in TEXTS.scan_on(page, key, None, usize::MAX)? {
        TEXTS.delete_on(page, &part);
    }
    Ok(())
}

/// Keeps what an operation says.
pub(super) fn put_text_on(page: &mut Page, key: &[u8], arguments: &[String]) -> Result<(), RowError> {
    let text = serde_json::to_string(arguments).expect("texts are JSON");
    let (mut rest, mut number) = (text.as_str(), 0u16);
    while !rest.is_empty() {
        let (part, more) = rest.split_at(rest.floor_char_boundary(PART));
        let place = [key, &number.to_be_bytes()].concat();
        TEXTS.put_on(page, &place, &part.to_owned())?;
        (rest, number) = (more, number + 1);
    }
    Ok(())
}

/// What an operation says.
pub(super) fn text(store: &Store, key: &[u8]) -> Result<Vec<String>, ReadError> {
    let parts = TEXTS.scan(store, key, None, usize::MAX)?;
    let text: String = parts.into_iter().map(|(_, part)| part).collect();
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

/// Records what became of an operation.
pub(super) fn tell(page: &mut Page, row: &Row, state: OperationState) {
    page.record(Event::Operation {
        operation: row.operation.clone(),
        state,
    });
}
