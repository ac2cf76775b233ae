//! Dumps of Redis ("RDB files", as `rdb.c` of Redis writes them in versions 1 to 12; MOVE §4), key by key in bounded
//! memory: hashes are read, everything else is passed over by its name. Nothing that a length declares is believed
//! before its bytes are there.

mod error;
mod lzf;
mod packed;
mod reader;
mod skipping;
mod source;
#[cfg(test)]
mod tests;

pub use error::RdbError;
pub use reader::{Found, Held, Rdb};
#[cfg(test)]
pub(super) use tests::sample;
