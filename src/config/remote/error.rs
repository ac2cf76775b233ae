//! Why what was told remotely is not put in force.

use crate::config::ConfigErrors;
use crate::files::FileError;

/// A configuration from afar that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// It is no TOML.
    #[error("it is not valid TOML, line {line}: {message}")]
    Syntax {
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A key that this part does not have.
    #[error("`{key}` does not belong into a configuration of type `{section}`")]
    Elsewhere {
        key: String,
        /// What the part is called.
        section: &'static str,
    },
    /// A key that is only changed at the box.
    #[error("`{0}` is changed at the box itself, and not from here")]
    Ours(String),
    /// A time that can only be made longer.
    #[error("`{key}` can only be made longer from here, and {now} is in force; it is made shorter at the box itself")]
    Shorter {
        key: String,
        /// What is in force.
        now: String,
    },
    /// A filter that would leave out what was done by whose order.
    #[error(
        "`{0}` must let `gatelodge::audit=info` through, said by targets alone, such as `warn,gatelodge::audit=info`"
    )]
    Unaudited(String),
    /// `***` within a list, where nobody can tell which it was.
    #[error("`{0}` has *** in a list; write the list out")]
    MaskInList(String),
    /// What stood there before is not all taken any more.
    #[error("{}", .0.join("; "))]
    Screened(Vec<String>),
    /// The whole would not be valid.
    #[error("{0}")]
    Invalid(#[from] ConfigErrors),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}
