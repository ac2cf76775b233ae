//! Answers of several pages.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::accounts::AccountsError;
use crate::http::problem::nothing;

/// Something could not be read, and the fault is ours.
pub(super) fn broken(error: &AccountsError) -> Response {
    if let AccountsError::Unknown(_) = error {
        // They were erased, or removed, while they asked.
        return Redirect::to("/login").into_response();
    }
    tracing::error!(%error, "what the box holds of somebody could not be read");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// There is nothing of that name, or not for them.
pub(super) fn unknown() -> Response {
    nothing().into_response()
}
