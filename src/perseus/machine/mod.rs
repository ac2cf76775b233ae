//! The machine endpoints of the authorization server, behind the mtls door (PER §2).

mod answer;
mod asked;
mod permissions;
mod push;
mod revoke;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use super::metadata::paths;
use super::room::Perseus;

/// The endpoints for applications. Each takes every method itself, so that the refusal has its form.
pub(super) fn router(room: &Arc<Perseus>) -> Router {
    Router::new()
        .route(paths::PUSH, any(push::push))
        .route(paths::TOKEN, any(token::token))
        .route(paths::REVOKE, any(revoke::revoke))
        .route(paths::PERMISSIONS, any(permissions::permissions))
        .route(paths::PERMISSION, any(permissions::permissions))
        .with_state(Arc::clone(room))
}

/// What everybody may read: what the server says of itself, and its public keys.
pub(super) fn published(room: &Arc<Perseus>) -> Router {
    let (says, keys) = (Arc::clone(room), Arc::clone(room));
    Router::new()
        .route(
            paths::METADATA,
            get(async move || published_json(says.metadata().to_owned())),
        )
        .route(paths::JWKS, get(async move || published_json(keys.keys.jwks())))
}

fn published_json(json: String) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "public, max-age=300"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, json).into_response()
}
