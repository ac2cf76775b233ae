//! The half-hour files that energy programs exchange ("SMIP CSV", `spec/emop.md` section 15). Pure.

pub mod csv;
pub mod name;

pub use csv::{Row, SmipError, Written, read, write};
pub use name::{Markers, Name, NameError};
