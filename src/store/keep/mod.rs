//! What is kept beside the log: snapshots, generations, notes, the clock, runs, and what belongs to the book.

pub(in crate::store) mod beside;
pub(in crate::store) mod call;
pub(in crate::store) mod clock;
pub(in crate::store) mod clock_fixes;
pub(in crate::store) mod generation;
pub(in crate::store) mod keeper;
pub(in crate::store) mod lock;
pub(in crate::store) mod note;
pub(in crate::store) mod runs;
pub(in crate::store) mod snapshot;
