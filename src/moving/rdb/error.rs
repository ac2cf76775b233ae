//! What is wrong with a dump.

use std::io;

/// A dump cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum RdbError {
    /// It begins as something else.
    #[error("it is no dump of Redis: it does not begin with REDIS")]
    Magic,
    /// It is the log of commands that stands beside dumps.
    #[error(
        "it is an append-only file of Redis, and no dump: `redis-cli SAVE` (or `redis-cli --rdb FILE`) writes one, with all that is \
         in it"
    )]
    CommandLog,
    /// Commands follow a dump.
    #[error(
        "commands follow at byte {0}: it is an append-only file that begins with a dump, and what came after it would be lost; \
         `redis-cli SAVE` (or `redis-cli --rdb FILE`) writes a whole one"
    )]
    Commands(u64),
    /// It ends in the middle.
    #[error("it is cut: it ends at byte {0}, before its end")]
    Cut(u64),
    /// A byte that stands for nothing known.
    #[error("byte {at} is {what} {found}, which no version up to 12 has: the dump is damaged, or of a newer Redis")]
    Unknown {
        /// Where.
        at: u64,
        /// What it should be.
        what: &'static str,
        found: u64,
    },
    /// A value that contradicts itself.
    #[error("what stands before byte {at} is damaged: {what}")]
    Damaged {
        /// Behind it.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The sum at its end is another.
    #[error("the sum at its end does not fit: the dump is damaged, and nothing of it is taken")]
    Sum,
    /// The system could not read on.
    #[error("reading stopped: {0}")]
    Read(#[from] io::Error),
}
