//! The audit's files: a file a month, each line tied to the one before. The box writes them; whoever verifies reads them.

mod chain;
mod months;

pub use chain::Head;
pub use months::{Examined, end_of, examine, file_of, months, walk};
