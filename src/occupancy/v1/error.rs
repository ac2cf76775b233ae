//! Refusals of `/v1`: RFC 9457, with the old API's `error` beside it (OCC §5.6).

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::http::asked::AskedError;
use crate::http::{BrokenError, Problem};
use crate::occupancy::corrections::WishError;
use crate::store::spaces::{SpaceError, TooManySpacesError};
use crate::store::{ReadError, RowError, WriteError};

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// Nobody is known by that token or key.
    #[error("a token or key is needed: Authorization: Bearer …")]
    Unauthorized,
    /// The token or key does not cover it.
    #[error("this token or key does not cover that")]
    Forbidden,
    /// There is no such space, or the key is of another one. What was asked for is not said, here and wherever something is
    /// not found.
    #[error("there is no such space")]
    Unknown,
    /// There is no such key.
    #[error("this space has no such key")]
    UnknownKey,
    /// The id is not one.
    #[error("that is not the id of a space: they are UUIDs")]
    Id,
    /// The body or the query is not what this request takes.
    #[error("{0}")]
    Asked(AskedError),
    /// A value is out of bounds.
    #[error("{what} must be {wanted}")]
    Bounds {
        what: &'static str,
        /// What it may be.
        wanted: String,
    },
    /// The change does not fit, and the caller wanted all or nothing.
    #[error("only {applied} of {requested} would fit, and the policy is to reject")]
    DoesNotFit {
        /// How many would have fitted.
        applied: i64,
        /// How many were asked for.
        requested: i64,
    },
    /// The space was changed since the version that the caller knows.
    #[error("the space has changed since that version; read it again")]
    Changed,
    /// The idempotency key was used for another request.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// The space has as many keys as it may.
    #[error("the space has {0} keys already; revoke one first")]
    TooManyKeys(usize),
    /// There is no such screen.
    #[error("this space has no such screen")]
    UnknownKiosk,
    /// The space has as many screens as it may.
    #[error("the space has {0} screens already; take one away first")]
    TooManyKiosks(usize),
    /// A correction is not taken.
    #[error(transparent)]
    Wish(#[from] WishError),
    /// There are as many spaces as there may be.
    #[error(transparent)]
    TooManySpaces(TooManySpacesError),
    /// As many listen as may.
    #[error("too many listeners; try again later")]
    TooManyListeners,
    /// A rate was used up; the limiter's own answer.
    #[error("too many requests")]
    TooMany(Box<Problem>),
    /// A row could not be read or written.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The work itself broke.
    #[error("the fault is ours")]
    Broken,
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> ApiError {
        ApiError::Row(error.into())
    }
}

impl From<BrokenError> for ApiError {
    fn from(_: BrokenError) -> ApiError {
        ApiError::Broken
    }
}

impl From<SpaceError> for ApiError {
    fn from(error: SpaceError) -> ApiError {
        match error {
            SpaceError::Unknown(_) => ApiError::Unknown,
            SpaceError::TooMany(many) => ApiError::TooManySpaces(many),
            SpaceError::Row(error) => ApiError::Row(error),
        }
    }
}

impl ApiError {
    fn problem(self) -> Problem {
        let words = self.to_string();
        let (status, kind, title) = match &self {
            ApiError::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized", "Who are you?"),
            ApiError::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            ApiError::Unknown | ApiError::UnknownKey | ApiError::UnknownKiosk => {
                (StatusCode::NOT_FOUND, "unknown", "Not found")
            }
            ApiError::Id | ApiError::Asked(_) => (StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read"),
            ApiError::Bounds { .. } | ApiError::Wish(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "out-of-bounds",
                "A value is out of bounds",
            ),
            ApiError::DoesNotFit { .. } => (StatusCode::CONFLICT, "does-not-fit", "It does not fit"),
            ApiError::TooManyKeys(_) | ApiError::TooManyKiosks(_) | ApiError::TooManySpaces(_) => {
                (StatusCode::CONFLICT, "too-many", "There are too many")
            }
            ApiError::Changed => (StatusCode::PRECONDITION_FAILED, "changed", "The space has changed"),
            ApiError::KeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "key-reused",
                "The idempotency key was used before",
            ),
            ApiError::TooManyListeners => (
                StatusCode::SERVICE_UNAVAILABLE,
                "too-many-listeners",
                "Too many listeners",
            ),
            ApiError::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests"),
            ApiError::Broken | ApiError::Row(_) => {
                if let ApiError::Row(error) = &self {
                    tracing::error!(%error, "the store failed a request");
                }
                let problem = Problem::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "Something went wrong in here",
                );
                return problem
                    .detail("The fault is ours and is in the log.")
                    .member("error", "internal");
            }
        };
        let problem = match self {
            ApiError::TooMany(problem) => *problem,
            ApiError::DoesNotFit { applied, requested } => Problem::new(status, kind, title)
                .member("applied", applied)
                .member("requested", requested),
            ApiError::TooManyListeners => Problem::new(status, kind, title).retry_after(30),
            ApiError::Asked(AskedError {
                pointer: Some(pointer), ..
            }) => Problem::new(status, kind, title).member("pointer", pointer),
            _ => Problem::new(status, kind, title),
        };
        problem.detail(words.clone()).member("error", words)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let asks_who = matches!(self, ApiError::Unauthorized);
        let mut response = self.problem().into_response();
        if asks_who {
            let challenge = axum::http::HeaderValue::from_static("Bearer realm=\"gatelodge\"");
            response
                .headers_mut()
                .insert(axum::http::header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The answer to a change that the book did not make.
pub(super) fn not_written(error: WriteError<ApiError>) -> Response {
    match error.split() {
        Ok(fault) => fault.into_response(),
        Err(why) => {
            let problem = Problem::from(&why);
            let words = problem.title().to_owned();
            problem.member("error", words).into_response()
        }
    }
}
