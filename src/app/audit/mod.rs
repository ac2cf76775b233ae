//! The audit: who did what, in a file a month, each line tied to the one before by its hash.
//!
//! Whatever is logged under `AUDIT` is written down, whichever lines the log shows. `trail` is told, `book` writes, `keeping` ties a month
//! to the box's own authority and lets old ones go.

mod book;
mod fault;
mod keeping;
mod trail;

pub(super) use keeping::add_to;
pub(super) use trail::Trail;
