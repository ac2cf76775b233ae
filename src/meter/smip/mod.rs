//! The half-hour files that energy programs exchange ("SMIP CSV", EMOP §15). Pure.

pub mod csv;
pub mod name;

pub use csv::{LineFault, Row, SmipError, Written, heading, line, read, write};
pub use name::{Markers, Name, NameError};
