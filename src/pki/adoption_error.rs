//! Why an authority of another system is not taken over (MOVE §3).

use jiff::Timestamp;

use super::Hierarchy;

/// An authority is not taken over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdoptionError {
    /// It is not readable.
    #[error("the certificate is not readable")]
    Unreadable,
    /// It is a certificate of a server, a client or a signer.
    #[error("{0} is no authority: its certificate does not say CA:TRUE")]
    NoAuthority(String),
    /// It vouches for itself no more.
    #[error("{subject} was over on {ended}: nothing that it issued is good any more")]
    Over {
        subject: String,
        /// When it ended.
        ended: Timestamp,
    },
    /// The same key is an authority of another hierarchy here.
    #[error("{subject} is believed in the {hierarchy} hierarchy already, and no authority is believed in two")]
    Elsewhere {
        subject: String,
        /// Where it is believed.
        hierarchy: Hierarchy,
    },
    /// It is our own.
    #[error("{0} is this box's own authority")]
    Own(String),
    /// Another key.
    #[error("the key is not that of {0}")]
    OtherKey(String),
    /// A key that cannot be used.
    #[error("the key of {0} cannot be used: RSA, P-256 and P-384 can")]
    Key(String),
}
