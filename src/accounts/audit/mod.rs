//! The audit's files: a file a month, each line tied to the one before. The box writes them; whoever verifies reads them.

mod chain;
mod months;

pub use chain::Head;
pub use months::{Examined, end_of, examine, file_of, months, walk};

use crate::store::{Ledger, schema};

/// How far the audit had come when the book was last told.
pub const HEAD: Ledger<Head> = Ledger::new(schema::AUDIT_HEAD);
