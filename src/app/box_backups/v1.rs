//! `/v1/backups`, for programs with `box:admin` and for whoever runs the box.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::desk::{BackupDesk, Known};
use crate::accounts::{Act, BearerError};
use crate::admin::{KeysIn, LastBackup, RestoreTrial};
use crate::app::parts::{Ended, Kept, Order, Step, Where};
use crate::config::Backup;
use crate::face::{BoxApi, Caller};
use crate::http::problem::method_not_allowed;

type Api = BoxApi<BackupDesk>;

/// The part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(
    paths(show, back_up, try_one),
    tags((name = "backups", description = "What the box keeps of itself, and whether it can be restored"))
)]
pub struct Docs;

pub(super) fn router() -> Router<Api> {
    Router::new()
        .route("/v1/backups", get(show).post(back_up))
        .route("/v1/backups/{name}/trial", post(try_one))
        .method_not_allowed_fallback(method_not_allowed)
}

/// How backups stand.
#[derive(Serialize, ToSchema)]
struct BackupsShown {
    /// As they are configured; absent: not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<BackupPlan>,
    /// The last one that lies where it belongs, with `at` and whether `keys` are `sealed` in it or `left_out`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    last: Option<LastBackup>,
    /// Why the box could not back itself up the last time it tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    /// The last one that was restored for trial: when (`at`), which (`of`), and what was wrong with it (`fault`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    last_trial: Option<RestoreTrial>,
    /// Those that are kept, the newest first.
    kept: Vec<BackupShown>,
    /// What was asked for and has not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Order>,
    /// What is done just now, asked for or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<Step>,
    /// What was asked for last and has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<BackupEnded>,
}

/// How the box is to back itself up.
#[derive(Serialize, ToSchema)]
struct BackupPlan {
    /// The folder that they go to.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    /// The bucket that they go to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "s3://lodge/elm-court")]
    bucket: Option<String>,
    /// Whether keys are sealed in them; else they are left out.
    with_keys: bool,
    /// Seconds between two.
    interval_s: u64,
    /// How many are kept.
    keep: u32,
    /// Seconds between two trials; 0: none by themselves.
    trial_every_s: u64,
}

impl From<Backup> for BackupPlan {
    fn from(plan: Backup) -> BackupPlan {
        BackupPlan {
            folder: plan.folder().map(|folder| folder.display().to_string()),
            bucket: plan.bucket().and(plan.target.as_ref()).map(ToString::to_string),
            with_keys: plan.key_file.is_some(),
            interval_s: plan.interval.0.as_secs(),
            keep: plan.keep,
            trial_every_s: plan.test_restore.0.as_secs(),
        }
    }
}

/// One that is kept.
#[derive(Serialize, ToSchema)]
struct BackupShown {
    /// The name of its file.
    #[schema(example = "gatelodge-20260102T030405Z.backup")]
    name: String,
    place: Where,
    /// Its size.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// When it was made.
    #[schema(value_type = String)]
    made: Timestamp,
    /// Whether the box read it again to its end; of what an earlier version made, nobody knows.
    read_again: bool,
    /// `sealed` or `left_out`, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    keys: Option<KeysIn>,
    /// How its last trial went: `at`, `of`, `fault`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    trial: Option<RestoreTrial>,
}

impl From<Kept> for BackupShown {
    fn from(kept: Kept) -> BackupShown {
        BackupShown {
            name: kept.name,
            place: kept.place,
            bytes: kept.bytes,
            made: kept.at,
            read_again: kept.read_again,
            keys: kept.keys,
            trial: kept.trial,
        }
    }
}

/// What came of something that was asked for.
#[derive(Serialize, ToSchema)]
struct BackupEnded {
    #[serde(flatten)]
    #[schema(inline)]
    order: Order,
    #[schema(value_type = String)]
    at: Timestamp,
    /// Why it was not done, or what it found.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

impl From<Ended> for BackupEnded {
    fn from(ended: Ended) -> BackupEnded {
        BackupEnded {
            order: ended.order,
            at: ended.at,
            fault: ended.fault,
        }
    }
}

impl From<Known> for BackupsShown {
    fn from(known: Known) -> BackupsShown {
        BackupsShown {
            plan: known.plan.map(BackupPlan::from),
            last: known.last,
            trouble: known.trouble,
            last_trial: known.trial,
            kept: known.kept.into_iter().map(BackupShown::from).collect(),
            order: known.told.order,
            step: known.told.step.map(|(step, _)| step),
            ended: known.told.ended.map(BackupEnded::from),
        }
    }
}

fn managing(caller: &Caller) -> Result<(), BearerError> {
    caller.must(Act::ManageBox)
}

/// The backups of the box, what is done just now, and how the last trial went
#[utoipa::path(get, path = "/v1/backups", tag = "backups", security(("bearer" = []), ("session" = [])),
    responses((status = 200, description = "How backups stand", body = BackupsShown),
        (status = 401, description = "No token and no session, or none that is known"),
        (status = 403, description = "The token lacks box:admin, or the person's role does not cover it")))]
async fn show(State(api): State<Api>, caller: Caller) -> Result<Json<BackupsShown>, Response> {
    managing(&caller).map_err(IntoResponse::into_response)?;
    let known = api.room.known().await.map_err(IntoResponse::into_response)?;
    Ok(Json(known.into()))
}

/// Backs the box up now, to where it is configured; the oldest over the number to keep goes
#[utoipa::path(post, path = "/v1/backups", tag = "backups", security(("bearer" = []), ("session" = [], "form" = [])),
    responses((status = 202, description = "It is begun; `GET /v1/backups` tells how it goes", body = BackupsShown),
        (status = 401, description = "No token and no session, or none that is known"),
        (status = 403, description = "The token lacks box:admin, or the person's role does not cover it"),
        (status = 409, description = "No backups are configured, or something that was asked for goes on")))]
async fn back_up(State(api): State<Api>, caller: Caller) -> Result<Response, Response> {
    ask(&api, &caller, Order::BackUp).await
}

/// Restores a backup for trial, into a folder of its own that goes again; nothing of the box is changed
#[utoipa::path(post, path = "/v1/backups/{name}/trial", tag = "backups", security(("bearer" = []), ("session" = [], "form" = [])),
    params(("name" = String, Path, description = "Its name in the list")),
    responses((status = 202, description = "It is begun; `GET /v1/backups` tells how it goes", body = BackupsShown),
        (status = 401, description = "No token and no session, or none that is known"),
        (status = 403, description = "The token lacks box:admin, or the person's role does not cover it"),
        (status = 404, description = "There is no backup of that name"),
        (status = 409, description = "It is sealed, no backups are configured, or something that was asked for goes on")))]
async fn try_one(State(api): State<Api>, caller: Caller, Path(of): Path<String>) -> Result<Response, Response> {
    ask(&api, &caller, Order::Trial { of }).await
}

async fn ask(api: &Api, caller: &Caller, order: Order) -> Result<Response, Response> {
    managing(caller).map_err(IntoResponse::into_response)?;
    let asked = api.room.ask(order, caller.who()).await;
    asked.map_err(IntoResponse::into_response)?;
    let known = api.room.known().await.map_err(IntoResponse::into_response)?;
    Ok((StatusCode::ACCEPTED, Json(BackupsShown::from(known))).into_response())
}
