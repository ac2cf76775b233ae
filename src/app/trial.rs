//! A configuration on trial.

use tokio::sync::watch;
use tokio::time::Instant;

/// Who is told what became of a configuration.
pub(super) type OutcomeSender = watch::Sender<Option<Result<(), String>>>;

/// A configuration that is in force and may not stay.
pub(super) struct Trial {
    /// By when it must have proved itself.
    pub(super) until: Instant,
    pub(super) told: OutcomeSender,
}
