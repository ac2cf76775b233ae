//! Why the room cannot be built.

use super::token_keys::TokenKeysError;
use crate::store::ReadError;

/// The room cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The keys of tokens cannot be used.
    #[error(transparent)]
    Keys(#[from] TokenKeysError),
    /// The book cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The book cannot be written.
    #[error("the key by which applications' names for people are made is not kept: {0}")]
    Write(String),
}
