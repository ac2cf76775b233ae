//! An answer that says no, small enough to be handed on.

use axum::response::{IntoResponse, Response};

use crate::admin::AdminError;
use crate::http::Problem;
use crate::store::ReadError;

/// What is answered instead.
pub(in crate::app) struct Refusal(Box<Response>);

impl Refusal {
    pub(in crate::app) fn of(answer: impl IntoResponse) -> Refusal {
        Refusal(Box::new(answer.into_response()))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl From<AdminError> for Refusal {
    fn from(error: AdminError) -> Refusal {
        Refusal::of(Problem::from(error))
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Refusal {
        Refusal::from(AdminError::from(error))
    }
}
