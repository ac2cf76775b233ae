//! `/v1/doors` and `/v1/certificates`, for programs with `box:admin` and for whoever runs the box.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::{OpenApi, ToSchema};

use super::desk::{DoorDesk, DoorKnown, DoorState, Renewal, doors};
use crate::accounts::{Act, BearerError};
use crate::admin::CertificateShown;
use crate::face::{BoxApi, Caller};
use crate::http::Problem;
use crate::http::problem::method_not_allowed;

type Api = BoxApi<DoorDesk>;

/// The part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(
    paths(show_doors, show_certificates, renew),
    tags((name = "doors", description = "Where the box listens, and what it shows for itself there"))
)]
pub struct Docs;

pub(super) fn router() -> Router<Api> {
    Router::new()
        .route("/v1/doors", get(show_doors))
        .route("/v1/certificates", get(show_certificates))
        .route("/v1/certificates/{door}/renewal", post(renew))
        .method_not_allowed_fallback(method_not_allowed)
}

/// A door.
#[derive(Serialize, ToSchema)]
struct DoorShown {
    /// `https`, `http`, `mtls`, `grpc`, `relay` or `metrics`.
    name: &'static str,
    /// `open`; `shut`: it could not be opened and is tried again; `closed`: nobody configured it.
    state: &'static str,
    /// Where it listens.
    addresses: Vec<String>,
    /// Since when it is open as it is, or shut.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// Why it is shut.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<DoorKnown> for DoorShown {
    fn from(DoorKnown { name, state }: DoorKnown) -> DoorShown {
        let (state, addresses, since, reason) = match state {
            DoorState::Open(addresses, since) => ("open", addresses, since, None),
            DoorState::Shut(shut) => ("shut", Vec::new(), Some(shut.since), Some(shut.reason)),
            DoorState::Closed => ("closed", Vec::new(), None, None),
        };
        DoorShown {
            name,
            state,
            addresses: addresses.iter().map(ToString::to_string).collect(),
            since,
            reason,
        }
    }
}

fn managing(caller: &Caller) -> Result<(), BearerError> {
    caller.must(Act::ManageBox)
}

/// Every door: open, shut or not configured
#[utoipa::path(get, path = "/v1/doors", tag = "doors", security(("bearer" = []), ("session" = [])),
    responses((status = 200, description = "The doors", body = [DoorShown]),
        (status = 401, description = "No token and no session, or none that is known"),
        (status = 403, description = "The token lacks box:admin, or the person's role does not cover it")))]
async fn show_doors(State(api): State<Api>, caller: Caller) -> Result<Json<Vec<DoorShown>>, Response> {
    managing(&caller).map_err(IntoResponse::into_response)?;
    let status = api.room.status().await.map_err(IntoResponse::into_response)?;
    Ok(Json(doors(&status).into_iter().map(DoorShown::from).collect()))
}

/// The certificate of each door: names, issuer, end, next renewal, what went wrong last
#[utoipa::path(get, path = "/v1/certificates", tag = "doors", security(("bearer" = []), ("session" = [])),
    responses((status = 200, description = "The certificates", body = [Object]),
        (status = 401, description = "No token and no session, or none that is known"),
        (status = 403, description = "The token lacks box:admin, or the person's role does not cover it")))]
async fn show_certificates(State(api): State<Api>, caller: Caller) -> Result<Json<Vec<CertificateShown>>, Response> {
    managing(&caller).map_err(IntoResponse::into_response)?;
    let status = api.room.status().await.map_err(IntoResponse::into_response)?;
    Ok(Json(status.certificates))
}

/// Orders the certificate of a door anew, whatever its schedule says
#[utoipa::path(post, path = "/v1/certificates/{door}/renewal", tag = "doors", security(("bearer" = []), ("session" = [], "form" = [])),
    params(("door" = String, Path, description = "The door that shows it")),
    responses((status = 200, description = "It was issued: its names, its issuer and its end", body = Object),
        (status = 202, description = "It takes longer and goes on; `GET /v1/certificates` tells how it went"),
        (status = 401, description = "No token and no session, or none that is known"),
        (status = 403, description = "The token lacks box:admin, or the person's role does not cover it"),
        (status = 404, description = "No door of that name shows a certificate"),
        (status = 409, description = "That certificate is not ordered by the box"),
        (status = 502, description = "The authority did not issue one; `detail` says why")))]
async fn renew(State(api): State<Api>, caller: Caller, Path(door): Path<String>) -> Result<Response, Response> {
    managing(&caller).map_err(IntoResponse::into_response)?;
    let renewal = api.room.renew(&door, caller.who()).await;
    Ok(match renewal.map_err(IntoResponse::into_response)? {
        Renewal::Done(renewed) => Json(renewed).into_response(),
        Renewal::GoesOn => (StatusCode::ACCEPTED, Json(json!({ "state": "goes_on" }))).into_response(),
        Renewal::Failed(words) => Problem::new(StatusCode::BAD_GATEWAY, "not-renewed", "No certificate was issued")
            .detail(words)
            .into_response(),
    })
}
