//! The API that apps want, `/v1/meters`: what meters last said, their half-hours with gaps in the open, their own
//! logs, and what happens to them as it happens; and the jobs that the box does with them by itself.

mod asking;
mod body;
mod caller;
mod error;
mod events;
mod intervals;
mod jobs;
mod meters;
mod money;
mod provider;
mod settlement;
mod tariffs;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use utoipa::OpenApi;

use super::Meters;
use crate::accounts::Bearers;
use crate::face::{BoxApi, Face};
use crate::http::problem::method_not_allowed;

/// What the routes need.
struct Api {
    room: Arc<Meters>,
    bearers: Arc<Bearers>,
}

/// The routes of `/v1/meters`.
pub fn router(room: Arc<Meters>, bearers: Arc<Bearers>, face: &Face) -> Router {
    let by_people_too = BoxApi {
        room: Arc::clone(&room),
        bearers: Arc::clone(&bearers),
        face: face.clone(),
    };
    Router::new()
        .route("/v1/meters", get(meters::list))
        .route("/v1/meters/events", get(events::all))
        .route("/v1/meters/{serial}", get(meters::show))
        .route("/v1/meters/{serial}/poll", post(meters::poll))
        .route("/v1/meters/{serial}/intervals", get(intervals::intervals))
        .route("/v1/meters/{serial}/readings", get(intervals::readings))
        .route("/v1/meters/{serial}/money", get(money::money))
        .route("/v1/meters/{serial}/log", get(events::log))
        .route("/v1/meters/{serial}/events", get(events::one))
        .route("/v1/meters/{serial}/tokens", get(tokens::list).post(tokens::create))
        .route("/v1/meters/{serial}/tokens/events", get(tokens::events))
        .route(
            "/v1/meters/{serial}/tokens/{id}",
            get(tokens::show).delete(tokens::cancel),
        )
        .route("/v1/meters/{serial}/tokens/{id}/settlement", post(settlement::settle))
        .route("/v1/meters/{serial}/tariffs", get(tariffs::show))
        .route(
            "/v1/meters/{serial}/tariffs/future",
            get(tariffs::written).put(tariffs::write),
        )
        .route("/v1/jobs", get(jobs::list))
        .route("/v1/topups/{provider}", post(provider::topup))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::new(Api { room, bearers }))
        .merge(asking::router(by_people_too))
}

/// The document of this API.
#[derive(OpenApi)]
#[openapi(
    paths(
        meters::list,
        meters::show,
        meters::poll,
        asking::begin,
        asking::look,
        asking::add,
        intervals::intervals,
        intervals::readings,
        money::money,
        events::log,
        events::one,
        events::all,
        tariffs::show,
        tariffs::written,
        tariffs::write,
        tokens::create,
        tokens::list,
        tokens::show,
        tokens::cancel,
        settlement::settle,
        tokens::events,
        jobs::list,
        provider::topup
    ),
    tags((name = "meters", description = "Electricity meters: state, half-hours, events"))
)]
pub struct Docs;
