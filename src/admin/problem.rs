//! How refusals of the rooms look on the admin socket: RFC 9457, one place for all.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::accounts::AccountsError;
use crate::http::Problem;
use crate::occupancy::manage::ManageError;
use crate::store::{ReadError, WriteError};

/// A refusal on its way to the command line.
pub(super) struct Refusal(pub(super) Problem);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl Refusal {
    /// What was asked for cannot be done as it was asked.
    pub(super) fn bad(detail: impl Into<String>) -> Refusal {
        Refusal(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", "Refused").detail(detail))
    }

    /// There is no such thing.
    pub(super) fn unknown(detail: impl Into<String>) -> Refusal {
        Refusal(Problem::new(StatusCode::NOT_FOUND, "unknown", "Not found").detail(detail))
    }

    /// The box is not in a state to do it.
    pub(super) fn unavailable(detail: impl Into<String>) -> Refusal {
        Refusal(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not now").detail(detail))
    }

    /// It went wrong in here.
    pub(super) fn failed(detail: impl Into<String>) -> Refusal {
        Refusal(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "Failed").detail(detail))
    }

    fn conflict(detail: impl Into<String>) -> Refusal {
        Refusal(Problem::new(StatusCode::CONFLICT, "exists", "Already there").detail(detail))
    }

    pub(super) fn not_written<E: std::fmt::Display>(error: &WriteError<E>) -> Refusal {
        match error {
            WriteError::DiskFull => Refusal(
                Problem::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", "The disk is full")
                    .detail("nothing was changed; free some space and try again"),
            ),
            WriteError::Busy | WriteError::Closed => Refusal::unavailable(error.to_string()),
            WriteError::Refused(error) => Refusal::failed(error.to_string()),
            WriteError::Panicked => Refusal::failed(error.to_string()),
        }
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Refusal {
        Refusal::failed(error.to_string())
    }
}

impl From<AccountsError> for Refusal {
    fn from(error: AccountsError) -> Refusal {
        let text = error.to_string();
        match error {
            AccountsError::Exists(_) => Refusal::conflict(text),
            AccountsError::Unknown(_) | AccountsError::UnknownToken(_) => Refusal::unknown(text),
            AccountsError::Name(_)
            | AccountsError::Password(_)
            | AccountsError::WrongPassword
            | AccountsError::TooManyTries
            | AccountsError::Invitation
            | AccountsError::TokenName
            | AccountsError::NoScope => Refusal::bad(text),
            AccountsError::Row(_) | AccountsError::Read(_) => Refusal::failed(text),
            AccountsError::Write(error) => Refusal::not_written(&error),
        }
    }
}

impl From<ManageError> for Refusal {
    fn from(error: ManageError) -> Refusal {
        let text = error.to_string();
        match error {
            ManageError::Unknown(_) => Refusal::unknown(text),
            ManageError::Bounds { .. } | ManageError::Name(_) | ManageError::Nothing => Refusal::bad(text),
            ManageError::Read(_) => Refusal::failed(text),
            ManageError::Write(error) => Refusal::not_written(&error),
        }
    }
}
