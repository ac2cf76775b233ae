//! What breaks the room's own work, and why nothing is sent once more.

use crate::store::{FollowError, RowError, WriteError};

/// The room's own work broke, which is a fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum WebhooksError {
    /// The journal cannot be followed, or what became of it not written down.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// A worker broke.
    #[error("a worker broke: {0}")]
    Worker(#[from] tokio::task::JoinError),
}

/// Nothing is sent once more.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such target.
    #[error("there is no webhook `{0}`")]
    Target(String),
    /// There is no such delivery, or it is not settled yet.
    #[error("`{0}` is no delivery that was sent or given up")]
    Delivery(String),
    /// It cannot be written down.
    #[error(transparent)]
    Write(#[from] WriteError<RowError>),
}
