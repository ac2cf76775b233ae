//! What can go wrong with the PKI.

use std::path::PathBuf;

use super::{AdoptionError, AuthorityError, InspectError, RequestError};
use crate::files::FileError;
use crate::store::{ReadError, RowError, WriteError};

/// The PKI could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// An authority failed.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// A file failed.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// The request makes no certificate.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// An authority of another system is not taken over.
    #[error(transparent)]
    Adoption(#[from] AdoptionError),
    /// A file in the way.
    #[error("{} exists already; choose another name, or replace it on purpose", .0.display())]
    Exists(PathBuf),
    /// The register could not be read.
    #[error("the register of certificates: {0}")]
    Read(#[from] ReadError),
    /// The register could not be written.
    #[error("the register of certificates: {0}")]
    Write(#[from] WriteError<RowError>),
    /// A certificate file could not be understood.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// Nothing of that serial number or name was issued.
    #[error("no certificate with serial number or name {0:?} was issued here")]
    Unknown(String),
    /// A name that several certificates have.
    #[error("{count} certificates are named {name:?}; say which by its serial number (`gatelodge pki list`)")]
    Ambiguous {
        name: String,
        /// How many have it.
        count: usize,
    },
    /// The work's thread ended before the work.
    #[error("the work was interrupted")]
    Interrupted,
}

/// A word that is no reason to revoke.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{word:?} is no reason; say unspecified, key-compromise, affiliation-changed, superseded, \
     cessation-of-operation or privilege-withdrawn"
)]
pub struct UnknownReason {
    word: String,
}

impl UnknownReason {
    pub(super) fn new(word: &str) -> UnknownReason {
        UnknownReason { word: word.to_owned() }
    }
}
