//! Reading the journal: lanes, cursors, when an entry was written, and how far behind a reader is.

pub(in crate::store) mod backlog;
pub(in crate::store) mod cursors;
pub(in crate::store) mod dated;
pub(in crate::store) mod lanes;
pub(in crate::store) mod reader;
