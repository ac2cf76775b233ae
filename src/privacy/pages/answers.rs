//! Answers of several pages.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::accounts::AccountsError;
use crate::http::Problem;

/// Something could not be read, and the fault is ours.
pub(super) fn broken(error: &AccountsError) -> Response {
    tracing::error!(%error, "what the box holds of somebody could not be read");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// There is nothing of that name, or not for them.
pub(super) fn unknown() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here").into_response()
}
