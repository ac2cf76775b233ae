//! Refusals of `/v1/meters` (RFC 9457).

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::accounts::BearerError;
use crate::domain::{Element, MeterId, MeterIdError};
use crate::http::asked::AskedError;
use crate::http::{BrokenError, Problem};
use crate::meter::emop::Token;
use crate::meter::explain::ExplainError;
use crate::meter::tariffs::TariffError;
use crate::meter::topup::TopupError;
use crate::meter::topup::provider::ProviderError;
use crate::meter::{MetersError, SpanError};
use crate::store::{ReadError, Unwritten};

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// Not for this token, or not now.
    #[error(transparent)]
    Refused(#[from] BearerError),
    /// There is no such meter. What was asked for is not said, here and wherever something is not found: it may be a code
    /// that was put into the wrong place.
    #[error("there is no such meter")]
    Unknown(MeterId),
    /// There is no list of that id.
    #[error("there is no such list: it was asked more than half an hour ago, or never")]
    NoList,
    /// What stands in a serial's place is none.
    #[error(transparent)]
    Serial(#[from] MeterIdError),
    /// The body or the query is not what this request takes.
    #[error("{0}")]
    Asked(AskedError),
    /// The time asked for cannot be answered.
    #[error(transparent)]
    Span(#[from] SpanError),
    /// Its kind of meter has no such element.
    #[error("meter {0} has no element {1:?}")]
    NoElement(MeterId, Element),
    /// A balance cannot be explained.
    #[error(transparent)]
    Explain(#[from] ExplainError),
    /// A number is out of bounds.
    #[error("limit must be 1 to {0}")]
    Limit(usize),
    /// The meter is not polled.
    #[error("meter {0} is not polled")]
    NotPolled(MeterId),
    /// As many listen as may.
    #[error(transparent)]
    Full(#[from] crate::feed::FullError),
    /// The body is not what this request takes.
    #[error("the body cannot be read: {0}")]
    Body(String),
    /// The body is longer than bodies may be.
    #[error("the body is longer than anything that this address takes")]
    TooLong,
    /// The idempotency key is none, or there are several.
    #[error("an Idempotency-Key is given once, and has 1 to 200 visible characters")]
    Key,
    /// A code was not taken in, or not changed.
    #[error(transparent)]
    Topup(#[from] TopupError),
    /// A tariff was not written.
    #[error(transparent)]
    Tariff(#[from] TariffError),
    /// No tariff was written through this box.
    #[error("no tariff was written to meter {0} through this box")]
    NotWritten(MeterId),
    /// A provider's call is not the provider's.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The book cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The work itself broke.
    #[error("the fault is ours")]
    Broken,
}

impl From<BrokenError> for ApiError {
    fn from(_: BrokenError) -> ApiError {
        ApiError::Broken
    }
}

impl From<MetersError> for ApiError {
    fn from(error: MetersError) -> ApiError {
        match error {
            MetersError::Unknown(meter) => ApiError::Unknown(meter),
            MetersError::Off(meter) => ApiError::NotPolled(meter),
            other => {
                tracing::error!(error = %other, "a request about a meter failed");
                ApiError::Broken
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let words = untold(self.to_string());
        let (status, kind, title) = match self {
            ApiError::Refused(refused) => return refused.into_response(),
            ApiError::Unknown(_) | ApiError::NoList | ApiError::NoElement(..) | ApiError::NotWritten(_) => {
                (StatusCode::NOT_FOUND, "unknown", "Not found")
            }
            ApiError::Topup(error) => return topup_refused(error, words),
            ApiError::Tariff(error) => return tariff_refused(error, words),
            ApiError::Provider(ProviderError::Secrets(error)) => {
                tracing::error!(%error, "a provider's file of secrets cannot be used, so nothing of it is taken");
                // In the words of a name that nobody has: whoever has not signed is not told that there is one.
                return ApiError::Provider(ProviderError::Signature).into_response();
            }
            ApiError::Provider(_) => (StatusCode::UNAUTHORIZED, "unauthorized", "Who are you?"),
            ApiError::Asked(AskedError {
                pointer: Some(pointer), ..
            }) => {
                let problem = Problem::new(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read");
                return problem.detail(words).member("pointer", pointer).into_response();
            }
            ApiError::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too long"),
            ApiError::Serial(_) | ApiError::Asked(_) | ApiError::Body(_) | ApiError::Key => {
                (StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read")
            }
            ApiError::Explain(ExplainError::Meters(MetersError::Unknown(meter))) => {
                return ApiError::Unknown(meter).into_response();
            }
            ApiError::Explain(ExplainError::Period | ExplainError::Calendar(_))
            | ApiError::Span(_)
            | ApiError::Limit(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "out-of-bounds",
                "A value is out of bounds",
            ),
            ApiError::NotPolled(_) => (StatusCode::CONFLICT, "not-polled", "The meter is not polled"),
            ApiError::Full(_) => {
                let problem = Problem::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "too-many-listeners",
                    "Too many listeners",
                );
                return problem.retry_after(30).into_response();
            }
            ApiError::Explain(_) | ApiError::Read(_) | ApiError::Broken => {
                return ours("meters", &words);
            }
        };
        Problem::new(status, kind, title).detail(words).into_response()
    }
}

/// Words that may repeat a code are not said, whatever they are about: programs log what they are answered.
fn untold(words: String) -> String {
    match Token::may_be_in(&words) {
        true => "a value is not what is expected; it is not repeated, since a code may be in it".to_owned(),
        false => words,
    }
}

/// A fault of the box: the log has it, whoever asked is told no more.
fn ours(about: &str, words: &str) -> Response {
    tracing::error!(error = words, about, "a request to the meters failed");
    let title = "Something went wrong in here";
    let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", title);
    problem.detail("The fault is ours and is in the log.").into_response()
}

/// How a tariff is refused.
fn tariff_refused(error: TariffError, words: String) -> Response {
    if let TariffError::UnknownMeter(meter) = error {
        return ApiError::Unknown(meter).into_response();
    }
    let member = match &error {
        TariffError::Argument { option, .. } | TariffError::OnlyPrepay { option, .. } => Some(*option),
        TariffError::NotKnown { option, .. } => Some(*option),
        TariffError::Moment(_) | TariffError::Past { .. } => Some("from"),
        TariffError::Why => Some("why"),
        _ => None,
    };
    let (status, kind, title) = match error {
        TariffError::UnknownMeter(_) => (StatusCode::NOT_FOUND, "unknown", "Not found"),
        TariffError::Off(_) => (StatusCode::CONFLICT, "not-served", "The meter is not served"),
        TariffError::Another { .. } => (StatusCode::CONFLICT, "another-meter", "Another meter answers"),
        TariffError::ThreePhases(_) => (StatusCode::CONFLICT, "no-tariff", "The meter has no tariff"),
        TariffError::UnderWay(_) => (StatusCode::CONFLICT, "under-way", "Another one is being written"),
        TariffError::Imminent { .. } => (StatusCode::CONFLICT, "imminent", "Another one begins soon"),
        TariffError::MeterClock { .. } => (StatusCode::CONFLICT, "clock-off", "The meter's clock is wrong"),
        TariffError::ClockWrong => (StatusCode::SERVICE_UNAVAILABLE, "clock-wrong", "Not now"),
        TariffError::Argument { .. }
        | TariffError::Moment(_)
        | TariffError::Value(_)
        | TariffError::Past { .. }
        | TariffError::OnlyPrepay { .. }
        | TariffError::NotKnown { .. }
        | TariffError::Why => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "out-of-bounds",
            "A value is out of bounds",
        ),
        TariffError::Unanswered(_) | TariffError::TooLate { .. } | TariffError::Unreadable(_) => {
            (StatusCode::GATEWAY_TIMEOUT, "meter-silent", "The meter does not answer")
        }
        TariffError::Write(why) => return Problem::from(&why).into_response(),
        TariffError::Row(_) | TariffError::Read(_) => {
            return ours("a tariff", &words);
        }
    };
    let problem = Problem::new(status, kind, title).detail(words);
    match member {
        Some(member) => problem.member("pointer", format!("/{member}")).into_response(),
        None => problem.into_response(),
    }
}

/// How a code is refused that is none of the caller's fault alone.
fn topup_refused(error: TopupError, words: String) -> Response {
    if let TopupError::UnknownMeter(meter) = error {
        return ApiError::Unknown(meter).into_response();
    }
    let (status, kind, title) = match error {
        TopupError::UnknownMeter(_) | TopupError::Unknown => (StatusCode::NOT_FOUND, "unknown", "Not found"),
        TopupError::Off(_) => (StatusCode::CONFLICT, "not-served", "The meter is not served"),
        TopupError::Another { .. } => (StatusCode::CONFLICT, "another-meter", "Another meter answers"),
        TopupError::TakesNone(_) => (StatusCode::CONFLICT, "takes-no-codes", "The meter takes no codes"),
        TopupError::DoesNotPrepay(_) => (StatusCode::CONFLICT, "does-not-prepay", "The meter does not prepay"),
        TopupError::ShareFull { .. } => (StatusCode::CONFLICT, "share-full", "Your places are full"),
        TopupError::TooMany(..) => (StatusCode::CONFLICT, "too-many", "There are too many"),
        TopupError::KeyReused => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "key-reused",
            "The key was used for another request",
        ),
        TopupError::NotWaiting(..) => (StatusCode::CONFLICT, "not-waiting", "It does not wait any more"),
        TopupError::NotInDoubt(..) => (StatusCode::CONFLICT, "not-in-doubt", "It is not in doubt"),
        TopupError::Why => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "out-of-bounds",
            "A value is out of bounds",
        ),
        TopupError::Key(error) if error.is_for_want_of_room() => {
            return Problem::from(&Unwritten::DiskFull).into_response();
        }
        TopupError::Write(why) => return Problem::from(&why).into_response(),
        TopupError::Key(_) | TopupError::Row(_) | TopupError::Read(_) => {
            return ours("a top-up", &words);
        }
    };
    Problem::new(status, kind, title).detail(words).into_response()
}
