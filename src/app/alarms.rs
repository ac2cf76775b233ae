//! Alarms: `/v1/alarms` says which stand, and takes word that somebody has seen one; the first page's button does the same.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::accounts::{AUDIT, Act, Bearers, Who};
use crate::domain::{Alarm, AlarmKey, AlarmValues, Source};
use crate::face::{self, BoxApi, Caller, Face, Form, SignedIn, mounted};
use crate::http::Problem;
use crate::rules::Inbox;
use crate::store::alarms::Alarms;

/// What is asked of alarms.
pub(super) struct AlarmDesk {
    pub(super) standing: Alarms,
    pub(super) inbox: Inbox,
}

type Api = BoxApi<AlarmDesk>;
type PageState = face::PageState<AlarmDesk>;

/// The part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(list, acknowledge), tags((name = "alarms", description = "What is not as it should be, and who has seen it")))]
pub(super) struct Docs;

/// The routes, for programs and for pages.
pub(super) fn router(desk: AlarmDesk, bearers: Arc<Bearers>, face: &Face) -> Router {
    let api = Router::new()
        .route("/v1/alarms", get(list))
        .route("/v1/alarms/{alarm}/acknowledgement", post(acknowledge));
    let pages = Router::new().route("/box/alarms/seen", post(seen));
    mounted(desk, (bearers, face), (api, pages))
}

/// An alarm that stands.
#[derive(Serialize, ToSchema)]
struct AlarmShown {
    /// Its name: its type and what it is about.
    #[schema(example = "disk_low:appliance")]
    id: String,
    /// Its type: of one type a source has at most one alarm.
    kind: String,
    /// What it is about: `appliance`, `meter:SERIAL` or `space:ID`.
    #[schema(value_type = String)]
    source: Source,
    /// The rule that found it.
    rule: String,
    /// `WARNING`, `MINOR`, `MAJOR` or `CRITICAL`.
    #[schema(example = "MAJOR")]
    severity: &'static str,
    /// What it is, for people.
    text: String,
    /// Of what the words are made, for whoever says it in words of their own; absent where the installer wrote the words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    values: Option<AlarmValues>,
    /// Since when.
    #[schema(value_type = String)]
    since: Timestamp,
    /// Whether somebody has seen it.
    acknowledged: bool,
}

impl From<Alarm> for AlarmShown {
    fn from(alarm: Alarm) -> AlarmShown {
        AlarmShown {
            id: alarm.key().name(),
            kind: alarm.kind,
            source: alarm.source,
            rule: alarm.rule,
            severity: alarm.severity.name(),
            text: alarm.text,
            values: alarm.values,
            since: alarm.since,
            acknowledged: alarm.acknowledged,
        }
    }
}

/// The alarms that stand, the worst first; those about meters and spaces for who may read those.
#[utoipa::path(get, path = "/v1/alarms", tag = "alarms", security(("bearer" = []), ("session" = [])),
    responses((status = 200, description = "The alarms that stand", body = [AlarmShown]),
        (status = 401, description = "No token and no session, or none that is known"),
        (status = 403, description = "The token lacks box:admin, or the person's role does not cover it")))]
async fn list(State(api): State<Api>, caller: Caller) -> Result<Json<Vec<AlarmShown>>, Response> {
    caller.must(Act::ManageBox).map_err(IntoResponse::into_response)?;
    let standing = api.room.standing.standing().map_err(|error| unreadable(&error))?;
    let theirs = standing
        .into_iter()
        .filter(|alarm| may_know(caller.who(), &alarm.source));
    Ok(Json(theirs.map(AlarmShown::from).collect()))
}

/// Says that somebody has seen an alarm: it is told again only when it gets worse.
#[utoipa::path(post, path = "/v1/alarms/{alarm}/acknowledgement", tag = "alarms", security(("bearer" = []), ("session" = [], "form" = [])),
    params(("alarm" = String, Path, description = "Its id in the list")),
    responses((status = 204, description = "It is written down; also when it was seen before"),
        (status = 404, description = "No such alarm stands"),
        (status = 401, description = "No token and no session, or none that is known"),
        (status = 403, description = "The token lacks box:admin, or the person's role does not cover it"),
        (status = 503, description = "No rules are in force just now: ask again")))]
async fn acknowledge(
    State(api): State<Api>,
    caller: Caller,
    Path(alarm): Path<String>,
) -> Result<StatusCode, Response> {
    caller.must(Act::ManageBox).map_err(IntoResponse::into_response)?;
    see(&api.room, &alarm, caller.who())
        .await
        .map_err(IntoResponse::into_response)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Seen {
    alarm: String,
}

async fn seen(State(state): State<PageState>, person: SignedIn, Form(form): Form<Seen>) -> Result<Response, Response> {
    person.must(Act::ManageBox).map_err(IntoResponse::into_response)?;
    match see(&state.room, &form.alarm, &person.who()).await {
        // One that is over meanwhile is on no page any more.
        Ok(()) => Ok(Redirect::to("/#wanted").into_response()),
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Ok(Redirect::to("/#wanted").into_response()),
        Err(problem) => Err(problem.into_response()),
    }
}

/// Whether somebody may know of alarms about this: what is said of a meter or of a space is for who may read those.
fn may_know(who: &Who, source: &Source) -> bool {
    who.may(match source {
        Source::Appliance => Act::ReadBox,
        Source::Meter(_) => Act::ReadMeters,
        Source::Space(_) => Act::ReadSpaces,
    })
}

/// Has an alarm be seen by somebody; it is on disk then.
async fn see(desk: &AlarmDesk, alarm: &str, who: &Who) -> Result<(), Problem> {
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "unknown-alarm", "No such alarm stands");
    let key = AlarmKey::named(alarm)
        .filter(|key| may_know(who, &key.source))
        .ok_or_else(unknown)?;
    let standing = desk.standing.standing().map_err(|error| broken(&error))?;
    let one = standing.iter().find(|one| one.key() == key).ok_or_else(unknown)?;
    if one.acknowledged {
        return Ok(());
    }
    let seen = desk.inbox.see(key).await.map_err(|error| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no-rules", "Not now").detail(format!("{error}: try again"))
    })?;
    if seen {
        let by = who.in_audit();
        tracing::info!(target: AUDIT, by, alarm, "an alarm was seen");
    }
    Ok(())
}

fn broken(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "alarms cannot be read");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Something went wrong in here",
    )
}

fn unreadable(error: &dyn std::error::Error) -> Response {
    broken(error).into_response()
}
