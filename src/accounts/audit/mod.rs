//! The audit's files: a file a month, each line tied to the one before. The box writes them; whoever verifies reads them.

mod chain;
mod months;

pub use chain::Head;
pub use months::{Examined, end_of, examine, file_of, months, walk};

use serde::{Deserialize, Serialize};

use crate::domain::Epoch;
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

/// How far the audit had come when the book was last told, and in which life of it: a book that was restored, perhaps on
/// another box, says nothing of the files here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownHead {
    head: Head,
    epoch: u32,
}

const HEAD: Ledger<KnownHead> = Ledger::new(schema::AUDIT_HEAD);

/// How far the audit is known to have come.
///
/// # Errors
///
/// When the book cannot be read.
pub fn known_head(store: &Store) -> Result<Option<Head>, ReadError> {
    let known = HEAD.get(store, &[])?.filter(|known| known.epoch == store.epoch().0);
    Ok(known.map(|known| known.head))
}

/// Has the book know it, in this life.
///
/// # Errors
///
/// When the row cannot be written.
pub fn know_head_on(page: &mut Page, head: Head, epoch: Epoch) -> Result<(), RowError> {
    HEAD.put_on(page, &[], &KnownHead { head, epoch: epoch.0 })
}
