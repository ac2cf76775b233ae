//! How a session ends.

use crate::uplink::connection::error::ConnectionError;
use crate::uplink::connection::wire::WireError;
use crate::uplink::error::UplinkError;

/// How a session ended.
#[derive(Debug)]
pub enum Ended {
    /// The box stops.
    Stopped,
    /// The files it was opened with have changed.
    FilesChanged,
    /// Something was wrong.
    Broke(ConnectionError),
}

/// Nothing more can be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// The line to the broker broke.
    #[error(transparent)]
    Line(#[from] WireError),
    /// The room's own work broke.
    #[error(transparent)]
    Own(#[from] UplinkError),
}
