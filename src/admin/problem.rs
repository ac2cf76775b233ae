//! How refusals of the rooms look on the admin socket: RFC 9457, one place for all.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::accounts::AccountsError;
use crate::http::Problem;
use crate::meter::MetersError;
use crate::meter::driver::DriverError;
use crate::meter::explain::ExplainError;
use crate::meter::remedy::Remedy;
use crate::meter::session::SessionError;
use crate::meter::tariffs::TariffError;
use crate::meter::topup::TopupError;
use crate::occupancy::manage::ManageError;
use crate::store::{ReadError, Unwritten};

/// The kind of a refusal that another section of the configuration is in force.
pub const OTHER_SECTION: &str = "another-section";

/// The kind of a refusal that whoever typed the command mends on the command line.
pub const ARGUMENT: &str = "argument";

/// The kind of a refusal that a room has no section in the configuration.
pub const CLOSED: &str = "closed";

/// A refusal on its way to whoever manages the box.
#[derive(Debug)]
pub struct AdminError(pub(super) Problem);

impl From<AdminError> for Problem {
    fn from(error: AdminError) -> Problem {
        error.0
    }
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl AdminError {
    /// What was asked for cannot be done as it was asked.
    pub(super) fn bad(detail: impl Into<String>) -> AdminError {
        AdminError(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", "Refused").detail(detail))
    }

    /// A value that was given is none, whatever the state of the box ([`ARGUMENT`]).
    pub(super) fn argument(detail: impl Into<String>) -> AdminError {
        AdminError(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, ARGUMENT, "A value is not taken").detail(detail))
    }

    /// There is no such thing.
    pub(super) fn unknown(detail: impl Into<String>) -> AdminError {
        AdminError(Problem::new(StatusCode::NOT_FOUND, "unknown", "Not found").detail(detail))
    }

    /// The box is not in a state to do it.
    pub(super) fn unavailable(detail: impl Into<String>) -> AdminError {
        AdminError(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not now").detail(detail))
    }

    /// Nothing is written to the meter, for a reason that whoever asked can do something about.
    pub(super) fn not_written(detail: impl Into<String>) -> AdminError {
        AdminError(Problem::new(StatusCode::CONFLICT, "not-written", "Not written").detail(detail))
    }

    /// A refusal because something went wrong in the box.
    pub(super) fn failed(detail: impl Into<String>) -> AdminError {
        AdminError(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "Failed").detail(detail))
    }

    /// A meter did not do what was asked.
    fn unanswered(why: &DriverError, detail: String) -> AdminError {
        let (status, slug, title) = match why {
            DriverError::Session(SessionError::Refused(_)) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "meter-refused", "The meter said no")
            }
            DriverError::Session(SessionError::Prohibited(_) | SessionError::Clock(_)) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "not-asked", "No meter is asked that")
            }
            DriverError::Session(SessionError::TokenUncertain(_)) => (
                StatusCode::BAD_GATEWAY,
                "token-uncertain",
                "Nobody knows whether the token is spent",
            ),
            DriverError::Session(SessionError::Failed { .. }) => {
                (StatusCode::GATEWAY_TIMEOUT, "meter-silent", "The meter does not answer")
            }
            DriverError::Busy | DriverError::Yielded => {
                (StatusCode::SERVICE_UNAVAILABLE, "meter-busy", "The meter is busy")
            }
            DriverError::Stopping => (
                StatusCode::SERVICE_UNAVAILABLE,
                "stopping",
                "The meter is not served now",
            ),
        };
        AdminError(Problem::new(status, slug, title).detail(detail))
    }

    /// What would do it has no section in the configuration.
    pub(super) fn closed(detail: impl Into<String>) -> AdminError {
        AdminError(Problem::new(StatusCode::CONFLICT, CLOSED, "Not open").detail(detail))
    }

    /// Another section of the configuration is in force than the one that is meant ([`OTHER_SECTION`]).
    pub(super) fn other_section(detail: impl Into<String>) -> AdminError {
        AdminError(Problem::new(StatusCode::CONFLICT, OTHER_SECTION, "Another one is in force").detail(detail))
    }

    fn conflict(detail: impl Into<String>) -> AdminError {
        AdminError(Problem::new(StatusCode::CONFLICT, "exists", "Already there").detail(detail))
    }
}

/// What went wrong, and the command that helps.
fn with_command(error: &impl Remedy) -> String {
    match error.command() {
        Some(command) => format!("{error}; {command}"),
        None => error.to_string(),
    }
}

impl From<Unwritten> for AdminError {
    fn from(why: Unwritten) -> AdminError {
        AdminError(Problem::from(&why))
    }
}

impl From<ReadError> for AdminError {
    fn from(error: ReadError) -> AdminError {
        AdminError::failed(error.to_string())
    }
}

impl From<AccountsError> for AdminError {
    fn from(error: AccountsError) -> AdminError {
        let text = error.to_string();
        match error {
            AccountsError::Exists(_) => AdminError::conflict(text),
            AccountsError::LastAdmin(_) => {
                let problem = Problem::new(StatusCode::CONFLICT, "last-admin", "One admin has to stay");
                AdminError(problem.detail(text))
            }
            AccountsError::Unknown(_) | AccountsError::UnknownToken(_) => AdminError::unknown(text),
            AccountsError::Name(_)
            | AccountsError::Password(_)
            | AccountsError::TokenName
            | AccountsError::NoScope
            | AccountsError::TooManyMeters(_)
            | AccountsError::NoDoorman
            | AccountsError::TooManySpaces(_) => AdminError::argument(text),
            AccountsError::WrongPassword
            | AccountsError::TooManyTries { .. }
            | AccountsError::Invitation
            | AccountsError::NotYet(..)
            | AccountsError::ToCome => AdminError::bad(text),
            AccountsError::Busy(_) => AdminError::unavailable(text),
            AccountsError::Row(_) | AccountsError::Read(_) => AdminError::failed(text),
            AccountsError::Write(why) => why.into(),
        }
    }
}

impl From<MetersError> for AdminError {
    fn from(error: MetersError) -> AdminError {
        let text = with_command(&error);
        match error {
            MetersError::Unknown(_) => AdminError::unknown(text),
            MetersError::Exists(_)
            | MetersError::Fixed(_)
            | MetersError::Off(_)
            | MetersError::Link { .. }
            | MetersError::ClockWrong
            | MetersError::Another { .. } => AdminError::conflict(text),
            MetersError::Entry(_) | MetersError::Token(_) | MetersError::PayloadSize(_) | MetersError::Why => {
                AdminError::argument(text)
            }
            MetersError::Unfriendly { .. }
            | MetersError::TariffUnderWay(_)
            | MetersError::HasNot { .. }
            | MetersError::NoWrite
            | MetersError::Argument(_) => AdminError::not_written(text),
            MetersError::Unsettled(_) | MetersError::OpenTopups { .. } => AdminError::conflict(text),
            MetersError::Topup(error) => error.into(),
            MetersError::NotTaken => {
                let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "meter-refused", "The meter said no");
                AdminError(problem.detail(text))
            }
            MetersError::NotSettled(_) => {
                let title = "Nobody knows whether the token is spent";
                AdminError(Problem::new(StatusCode::BAD_GATEWAY, "token-uncertain", title).detail(text))
            }
            MetersError::Unanswered(why) => AdminError::unanswered(&why, text),
            MetersError::Row(_) => AdminError::failed(text),
            MetersError::Write(why) => why.into(),
        }
    }
}

impl From<TariffError> for AdminError {
    fn from(error: TariffError) -> AdminError {
        let text = with_command(&error);
        match error {
            TariffError::UnknownMeter(_) => AdminError::unknown(text),
            TariffError::Unanswered(why) => AdminError::unanswered(&why, text),
            TariffError::TooLate { .. } => {
                let title = "The meter does not answer";
                AdminError(Problem::new(StatusCode::GATEWAY_TIMEOUT, "meter-silent", title).detail(text))
            }
            TariffError::Unreadable(_) => {
                let title = "The meter's answer cannot be read";
                AdminError(Problem::new(StatusCode::BAD_GATEWAY, "meter-unreadable", title).detail(text))
            }
            TariffError::Row(_) | TariffError::Read(_) => AdminError::failed(text),
            TariffError::Write(why) => why.into(),
            TariffError::Argument { .. } | TariffError::Moment(_) | TariffError::Value(_) | TariffError::Why => {
                AdminError::argument(text)
            }
            TariffError::Off(_)
            | TariffError::Another { .. }
            | TariffError::ThreePhases(_)
            | TariffError::Past { .. }
            | TariffError::ClockWrong
            | TariffError::MeterClock { .. }
            | TariffError::OnlyPrepay { .. }
            | TariffError::NotKnown { .. }
            | TariffError::Imminent { .. }
            | TariffError::UnderWay(_) => AdminError::not_written(text),
        }
    }
}

impl From<ExplainError> for AdminError {
    fn from(error: ExplainError) -> AdminError {
        let text = error.to_string();
        match error {
            ExplainError::Meters(error) => error.into(),
            ExplainError::Period | ExplainError::Calendar(_) => AdminError::argument(text),
            ExplainError::Topups(_) | ExplainError::Read(_) => AdminError::failed(text),
        }
    }
}

impl From<TopupError> for AdminError {
    fn from(error: TopupError) -> AdminError {
        let text = with_command(&error);
        match error {
            TopupError::UnknownMeter(_) | TopupError::Unknown => AdminError::unknown(text),
            TopupError::Off(_)
            | TopupError::Another { .. }
            | TopupError::TakesNone(_)
            | TopupError::DoesNotPrepay(_)
            | TopupError::ShareFull { .. }
            | TopupError::TooMany(..)
            | TopupError::KeyReused
            | TopupError::NotWaiting(..)
            | TopupError::NotInDoubt(..) => AdminError::conflict(text),
            TopupError::Why => AdminError::argument(text),
            TopupError::Key(_) | TopupError::Row(_) | TopupError::Read(_) => AdminError::failed(text),
            TopupError::Write(why) => why.into(),
        }
    }
}

impl From<ManageError> for AdminError {
    fn from(error: ManageError) -> AdminError {
        let text = error.to_string();
        match error {
            ManageError::Unknown(_) => AdminError::unknown(text),
            ManageError::Bounds { .. }
            | ManageError::Name(_)
            | ManageError::Nothing
            | ManageError::Wish(_)
            | ManageError::KioskName => AdminError::argument(text),
            ManageError::UnknownKiosk => AdminError::unknown(text),
            ManageError::TooMany(_) | ManageError::TooManyKiosks(_) | ManageError::Key | ManageError::KeyReused => {
                AdminError::bad(text)
            }
            ManageError::Read(_) | ManageError::Row(_) => AdminError::failed(text),
            ManageError::Write(why) => why.into(),
        }
    }
}
