//! `/v1/uplink` and `/v1/uplink/operations`: how the road to the cloud is, for programs with `uplink:admin`.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi;

use super::board::UplinkShown;
use super::operations::OperationShown;
use super::room::Uplink;
use crate::accounts::{Accounts, Act, Secret};
use crate::http::problem::method_not_allowed;
use crate::http::{Limiter, Problem, Rate, bearer};
use crate::store::ReadError;

/// What the routes need.
pub struct Api {
    room: Arc<Uplink>,
    accounts: Accounts,
    bearers: Limiter<[u8; 32]>,
}

impl Api {
    /// The API of a room; each token may ask at `per_bearer`.
    #[must_use]
    pub fn new(room: Arc<Uplink>, accounts: Accounts, per_bearer: Rate) -> Arc<Api> {
        Arc::new(Api {
            room,
            accounts,
            bearers: Limiter::new(per_bearer),
        })
    }

    /// Whose API it is.
    #[must_use]
    pub fn room(&self) -> &Arc<Uplink> {
        &self.room
    }
}

/// The routes of `/v1/uplink`.
pub fn router(api: Arc<Api>) -> Router {
    Router::new()
        .route("/v1/uplink", get(show))
        .route("/v1/uplink/operations", get(operations))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(api)
}

/// The document of this API.
#[derive(OpenApi)]
#[openapi(
    paths(show, operations),
    tags((name = "uplink", description = "The road to the cloud: whether it is open, what waits, what went wrong"))
)]
pub struct Docs;

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
enum Refused {
    /// Nobody is known by that token.
    #[error("a token is needed: Authorization: Bearer …")]
    Unauthorized,
    /// The token does not cover it.
    #[error("this token does not cover that; it wants uplink:admin")]
    Forbidden,
    /// A rate was used up; the limiter's own answer.
    #[error("too many requests")]
    TooMany(Box<Problem>),
    /// The book cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let text = self.to_string();
        let problem = |status, slug, title: &str| Problem::new(status, slug, title).detail(text);
        match self {
            Refused::Unauthorized => {
                let problem = problem(StatusCode::UNAUTHORIZED, "unauthorized", "Who are you?");
                let mut response = problem.into_response();
                let bearer = HeaderValue::from_static("Bearer");
                response.headers_mut().insert(WWW_AUTHENTICATE, bearer);
                response
            }
            Refused::Forbidden => problem(StatusCode::FORBIDDEN, "forbidden", "Not covered").into_response(),
            Refused::TooMany(problem) => problem.into_response(),
            Refused::Read(error) => {
                tracing::error!(%error, "the operations of the uplink could not be read");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The fault is ours").into_response()
            }
        }
    }
}

/// Somebody who may see the uplink.
struct Caller;

impl FromRequestParts<Arc<Api>> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Caller, Refused> {
        let secret = Secret::given(bearer(&parts.headers).ok_or(Refused::Unauthorized)?);
        let who = api.accounts.token(&secret)?.ok_or(Refused::Unauthorized)?;
        let counted = api.bearers.check(&secret.hash());
        counted.map_err(|problem| Refused::TooMany(Box::new(problem)))?;
        if who.may(Act::ManageUplink) {
            Ok(Caller)
        } else {
            Err(Refused::Forbidden)
        }
    }
}

/// How the uplink is
#[utoipa::path(
    get, path = "/v1/uplink", tag = "uplink",
    responses(
        (status = 200, description = "Whether it is connected, what waits, what went wrong"),
        (status = 401, description = "No token, or none that is known"),
        (status = 403, description = "A token without uplink:admin")
    )
)]
async fn show(State(api): State<Arc<Api>>, _: Caller) -> Json<UplinkShown> {
    Json(api.room.shown())
}

/// What the cloud asked for lately, newest first
#[utoipa::path(
    get, path = "/v1/uplink/operations", tag = "uplink",
    responses(
        (status = 200, description = "The latest operations and what became of them"),
        (status = 401, description = "No token, or none that is known"),
        (status = 403, description = "A token without uplink:admin")
    )
)]
async fn operations(State(api): State<Arc<Api>>, _: Caller) -> Result<Json<Vec<OperationShown>>, Refused> {
    Ok(Json(api.room.operations()?))
}
