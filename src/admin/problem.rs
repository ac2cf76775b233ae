//! How refusals of the rooms look on the admin socket: RFC 9457, one place for all.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::accounts::AccountsError;
use crate::http::Problem;
use crate::meter::MetersError;
use crate::meter::driver::Unanswered;
use crate::meter::session::SessionError;
use crate::occupancy::manage::ManageError;
use crate::store::{ReadError, Unwritten};

/// The kind of a refusal that another section of the configuration is in force.
pub const OTHER_SECTION: &str = "another-section";

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

    /// A meter did not do what was asked.
    fn unanswered(why: &Unanswered, detail: String) -> Refusal {
        let (status, slug, title) = match why {
            Unanswered::Session(SessionError::Refused(_)) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "meter-refused", "The meter said no")
            }
            Unanswered::Session(SessionError::Prohibited(_) | SessionError::Clock(_)) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "not-asked", "No meter is asked that")
            }
            Unanswered::Session(SessionError::TokenUncertain(_)) => (
                StatusCode::BAD_GATEWAY,
                "token-uncertain",
                "Nobody knows whether the token is spent",
            ),
            Unanswered::Session(SessionError::Failed { .. }) => {
                (StatusCode::GATEWAY_TIMEOUT, "meter-silent", "The meter does not answer")
            }
            Unanswered::Busy | Unanswered::Yielded => {
                (StatusCode::SERVICE_UNAVAILABLE, "meter-busy", "The meter is busy")
            }
            Unanswered::Stopping => (
                StatusCode::SERVICE_UNAVAILABLE,
                "stopping",
                "The meter is not served now",
            ),
        };
        Refusal(Problem::new(status, slug, title).detail(detail))
    }

    /// What would do it has no section in the configuration.
    pub(super) fn closed(detail: impl Into<String>) -> Refusal {
        Refusal(Problem::new(StatusCode::CONFLICT, "closed", "Not open").detail(detail))
    }

    /// Another section of the configuration is in force than the one that is meant ([`OTHER_SECTION`]).
    pub(super) fn other_section(detail: impl Into<String>) -> Refusal {
        Refusal(Problem::new(StatusCode::CONFLICT, OTHER_SECTION, "Another one is in force").detail(detail))
    }

    fn conflict(detail: impl Into<String>) -> Refusal {
        Refusal(Problem::new(StatusCode::CONFLICT, "exists", "Already there").detail(detail))
    }
}

impl From<Unwritten> for Refusal {
    fn from(why: Unwritten) -> Refusal {
        Refusal(Problem::from(&why))
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
            | AccountsError::TooManyTries { .. }
            | AccountsError::Invitation
            | AccountsError::TokenName
            | AccountsError::NoScope
            | AccountsError::TooManyMeters(_) => Refusal::bad(text),
            AccountsError::Busy(_) => Refusal::unavailable(text),
            AccountsError::Row(_) | AccountsError::Read(_) => Refusal::failed(text),
            AccountsError::Write(why) => why.into(),
        }
    }
}

impl From<MetersError> for Refusal {
    fn from(error: MetersError) -> Refusal {
        let text = error.to_string();
        match error {
            MetersError::Unknown(_) => Refusal::unknown(text),
            MetersError::Exists(_)
            | MetersError::Fixed(_)
            | MetersError::Off(_)
            | MetersError::Link { .. }
            | MetersError::ClockWrong
            | MetersError::Another { .. } => Refusal::conflict(text),
            MetersError::Entry(_) => Refusal::bad(text),
            MetersError::Unanswered(why) => Refusal::unanswered(&why, text),
            MetersError::Row(_) => Refusal::failed(text),
            MetersError::Write(why) => why.into(),
        }
    }
}

impl From<ManageError> for Refusal {
    fn from(error: ManageError) -> Refusal {
        let text = error.to_string();
        match error {
            ManageError::Unknown(_) => Refusal::unknown(text),
            ManageError::Bounds { .. } | ManageError::Name(_) | ManageError::Nothing | ManageError::TooMany(_) => {
                Refusal::bad(text)
            }
            ManageError::Read(_) | ManageError::Row(_) => Refusal::failed(text),
            ManageError::Write(why) => why.into(),
        }
    }
}
