//! What breaks the uplink's own work.

use super::ledger::LedgerError;
use crate::store::{ReadError, SubscribeError};

/// The room's own work broke, which is a fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum UplinkError {
    /// The journal cannot be followed.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    /// The journal or a row cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A row of the room's own cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
