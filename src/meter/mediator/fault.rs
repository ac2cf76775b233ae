//! Refusals as clients of the mediator know them (EMOP §10.1): codes, and texts that they match.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use tonic::{Code, Status};

use crate::domain::MeterId;
use crate::http::Problem;
use crate::meter::MetersError;
use crate::meter::driver::DriverError;
use crate::meter::emop::{Ack, ProhibitedError};
use crate::meter::session::{AttemptError, SessionError};
use crate::meter::topup::TopupError;

/// What clients look for when a meter could not be reached.
const NO_CONNECTION: &str = "failed to connect after retries";
/// Any other failure of a meter.
const FAILED: &str = "Meter communication failed";

/// A meter's failure as a status.
pub(super) fn status(meter: &MeterId, error: &MetersError) -> Status {
    match error {
        MetersError::Unknown(_) | MetersError::Off(_) => unknown(meter.as_str()),
        MetersError::Unanswered(error) => unanswered(meter, error),
        // Nothing is written to another meter.
        MetersError::Another { .. }
        | MetersError::ClockWrong
        | MetersError::Unsettled(_)
        | MetersError::Unfriendly { .. }
        | MetersError::Argument(_)
        | MetersError::HasNot { .. }
        | MetersError::TariffUnderWay(_) => Status::failed_precondition(error.to_string()),
        MetersError::NotTaken => refused(Ack::Security),
        MetersError::Token(_) | MetersError::PayloadSize(_) | MetersError::Why | MetersError::NoWrite => {
            Status::invalid_argument(error.to_string())
        }
        MetersError::Topup(TopupError::TakesNone(_) | TopupError::DoesNotPrepay(_) | TopupError::Another { .. }) => {
            Status::failed_precondition(error.to_string())
        }
        MetersError::Topup(TopupError::ShareFull { .. } | TopupError::TooMany(..)) => {
            Status::resource_exhausted(error.to_string())
        }
        MetersError::Topup(_) | MetersError::NotSettled(_) => Status::internal(FAILED),
        MetersError::Exists(_)
        | MetersError::Fixed(_)
        | MetersError::OpenTopups { .. }
        | MetersError::Link { .. }
        | MetersError::Entry(_)
        | MetersError::Row(_)
        | MetersError::Write(_) => Status::internal(FAILED),
    }
}

/// The client named no meter.
pub(super) fn no_serial() -> Status {
    Status::invalid_argument("Target meter serial not specified")
}

/// The registry has no such meter, or none that this client may reach.
pub(super) fn unknown(serial: &str) -> Status {
    Status::not_found(format!("Meter '{serial}' not known"))
}

fn unanswered(meter: &MeterId, error: &DriverError) -> Status {
    match error {
        DriverError::Busy | DriverError::Yielded => {
            Status::resource_exhausted(format!("Meter {meter} is busy (timeout)"))
        }
        DriverError::Stopping => Status::unavailable("the meter is not served now; try again"),
        DriverError::Session(SessionError::Refused(ack)) => refused(*ack),
        DriverError::Session(SessionError::Prohibited(prohibited)) => prohibition(*prohibited),
        DriverError::Session(SessionError::Failed {
            last: AttemptError::Deadline,
            ..
        }) => Status::deadline_exceeded(NO_CONNECTION),
        DriverError::Session(SessionError::Failed { .. }) => Status::internal(NO_CONNECTION),
        DriverError::Session(SessionError::TokenUncertain(_) | SessionError::Clock(_)) => Status::internal(FAILED),
    }
}

fn refused(ack: Ack) -> Status {
    match ack {
        Ack::UnknownObject => Status::failed_precondition("NAK 5 unknown object"),
        Ack::Security => Status::failed_precondition("NAK 6 refused"),
        other => Status::internal(format!("NAK {}", other.code())),
    }
}

fn prohibition(prohibited: ProhibitedError) -> Status {
    match prohibited {
        ProhibitedError::Length(_) | ProhibitedError::EventPage(_) => Status::invalid_argument(prohibited.to_string()),
        ProhibitedError::InferredWrite(_) | ProhibitedError::ResetProfile(_) => {
            Status::failed_precondition(prohibited.to_string())
        }
    }
}

/// What the door itself refuses (too many, a fault in here), in the shape that gRPC clients read.
#[must_use]
pub fn refusal(_path: &str, problem: Problem, words: &str) -> Response {
    let code = match problem.status() {
        StatusCode::TOO_MANY_REQUESTS => Code::ResourceExhausted,
        StatusCode::URI_TOO_LONG | StatusCode::BAD_REQUEST => Code::InvalidArgument,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        _ => Code::Internal,
    };
    answer(Status::new(code, words))
}

/// A status as a whole answer.
pub(super) fn answer(status: Status) -> Response {
    let mut response = status.into_http::<axum::body::Body>();
    let grpc = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(CONTENT_TYPE, grpc);
    response
}
