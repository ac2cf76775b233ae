//! How doors refuse what never reaches a room.

use axum::response::{IntoResponse, Response};

use crate::http::Problem;
use crate::occupancy::compat;

/// A refusal in the shape of the API that the path belongs to.
pub(super) fn refused(path: &str, problem: Problem, text: &str) -> Response {
    if path == "/space" || path.starts_with("/space/") {
        return compat::refusal(path, problem.status(), text);
    }
    problem.into_response()
}
