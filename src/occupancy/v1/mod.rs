//! The API that apps want, `/v1/spaces` (OCC §5): JSON, keys of a space, changes by any
//! number, requests that may be sent again, versions, listing.

mod caller;
mod change;
mod correct;
mod error;
mod history;
mod keys;
mod kiosks;
mod list;
mod shape;
mod spaces;
mod stream;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post, put};
use utoipa::OpenApi;

use super::Occupancy;
use crate::http::longest_body;
use crate::http::problem::method_not_allowed;

/// Bytes of a request's body at most; a space is described in less.
const BODY: usize = 16 << 10;

/// The routes of `/v1/spaces`.
pub fn router(room: Arc<Occupancy>) -> Router {
    let cors = caller::cors(&room);
    let router = Router::new()
        .route("/v1/spaces", get(list::list).post(spaces::create))
        .route("/v1/spaces/totals", get(list::totals))
        .route(
            "/v1/spaces/{id}",
            get(spaces::show).patch(spaces::patch).delete(spaces::remove),
        )
        .route("/v1/spaces/{id}/change", post(change::change))
        .route("/v1/spaces/{id}/reset", post(correct::reset))
        .route("/v1/spaces/{id}/set", post(correct::set))
        .route("/v1/spaces/{id}/corrections", get(correct::list))
        .route("/v1/spaces/{id}/maximum", put(change::maximum))
        .route("/v1/spaces/{id}/keys", get(keys::list).post(keys::create))
        .route("/v1/spaces/{id}/keys/{key}", delete(keys::revoke))
        .route("/v1/spaces/{id}/kiosks", get(kiosks::list).post(kiosks::create))
        .route("/v1/spaces/{id}/kiosks/{kiosk}", delete(kiosks::revoke))
        .route("/v1/spaces/{id}/export", get(spaces::export))
        .route("/v1/spaces/{id}/history", get(history::history))
        .route("/v1/spaces/{id}/events", get(stream::one))
        .route("/v1/events", get(stream::several))
        // Set here, so that what is laid round the routes lies round their refusals too.
        .method_not_allowed_fallback(method_not_allowed);
    let router = longest_body(router, BODY).with_state(room);
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

/// The document of this API.
#[derive(OpenApi)]
#[openapi(
    paths(
        list::list,
        list::totals,
        spaces::create,
        spaces::show,
        spaces::patch,
        spaces::remove,
        spaces::export,
        change::change,
        correct::reset,
        correct::set,
        correct::list,
        change::maximum,
        keys::list,
        keys::create,
        keys::revoke,
        kiosks::list,
        kiosks::create,
        kiosks::revoke,
        history::history,
        stream::one,
        stream::several
    ),
    tags((name = "spaces", description = "Spaces, counted by programs with keys"))
)]
pub struct Docs;
