//! Readings of meters: the rows that the meter room writes and everybody may read (BOOK P17).
//!
//! One row a meter, register and day. Months that are over stand in month files (`month_file.rs`), where the compactor moves
//! them; readings that come later stand in rows again, which win over the file, until it moves those too. Whoever
//! reads sees no difference. Energy of half-hours is worked out when it is asked for, in `domain/interval.rs`.

mod between;
mod block;
mod compactor;
mod day;
mod erase;
mod erased;
mod expire;
mod lookup;
mod month_file;
mod reader;
mod series;
mod survey;
mod writer;

pub use between::Between;
pub use compactor::{CompactionError, Sealed};
pub use erased::{Erased, mark_erased_on};
pub use expire::Expired;
pub use reader::Readings;
pub use writer::{Batch, ReadingError, ReadingsWriter, Recorded};

pub(super) use block::{decode, encode};
pub(super) use compactor::Compactor;
pub(super) use day::Day;
pub(super) use erased::erased_on;
pub(super) use lookup::Lookup;
pub(super) use month_file::{MonthFile, check, parse_name};
pub(super) use series::Month;
pub(super) use survey::{MonthFiles, Standing};
