//! `/v1/setup`: what the page shows and does, for programs with `box:admin` and for people who are signed in.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::super::people::Refusal;
use super::desk::{Knows, SetupDesk};
use super::pages::{set_aside, settings};
use super::steps::steps;
use super::told::{Step, Told};
use crate::accounts::Act;
use crate::admin::Setting;
use crate::face::{BoxApi, Caller};
use crate::http::problem::{method_not_allowed, nothing};
use crate::http::{Problem, asked};
use crate::texts::{Language, Texts};

type Api = BoxApi<SetupDesk>;

/// The part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(
    paths(show, site, meters, aside),
    tags((name = "setup", description = "The first day of a box, step by step"))
)]
pub struct Docs;

pub(super) fn router() -> Router<Api> {
    Router::new()
        .route("/v1/setup", get(show))
        .route("/v1/setup/site", put(site))
        .route("/v1/setup/meters", put(meters))
        .route("/v1/setup/aside", put(aside))
        .method_not_allowed_fallback(method_not_allowed)
}

fn may(caller: &Caller) -> Result<(), Refusal> {
    caller.must(Act::ManageBox).map_err(Refusal::of)
}

fn sent<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    asked::object(body).map_err(|error| {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "bad-body", "The body is not what is asked for");
        Refusal::of(problem.detail(error.to_string()))
    })
}

#[derive(Serialize)]
struct SetupShown {
    steps: Vec<StepShown>,
    /// Whether somebody set the page aside.
    set_aside: bool,
}

#[derive(Serialize)]
struct StepShown {
    step: usize,
    name: String,
    state: &'static str,
    seen: Vec<ToldShown>,
}

#[derive(Serialize)]
struct ToldShown {
    state: &'static str,
    words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_step: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
}

impl StepShown {
    fn of(step: Step, t: Texts) -> StepShown {
        StepShown {
            step: step.number,
            name: t.say(step.text).text().to_owned(),
            state: step.verdict().in_setup(),
            seen: step.told.into_iter().map(ToldShown::from).collect(),
        }
    }
}

impl From<Told> for ToldShown {
    fn from(told: Told) -> ToldShown {
        ToldShown {
            state: told.verdict.in_setup(),
            words: told.words.text().to_owned(),
            next_step: told.next.map(|next| next.text().to_owned()),
            command: told.command,
        }
    }
}

/// The seven steps as the box is now
#[utoipa::path(get, path = "/v1/setup", tag = "setup", security(("bearer" = []), ("session" = [])),
    responses((status = 200, description = "Each step `done`, `waits` or `wrong`, with what was seen and the next move", body = Object),
        (status = 401, description = "No token and no session, or none that is known"),
        (status = 403, description = "The token lacks box:admin, or the person's role does not cover it")))]
async fn show(State(api): State<Api>, caller: Caller, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    may(&caller)?;
    let seen = api.room.see((&uri, &headers)).ok_or_else(|| Refusal::of(nothing()))?;
    let t = Texts::of(Language::English);
    let knows = Knows::of(|act| caller.must(act).is_ok());
    let all = steps(&api.room, &seen, knows, (&api.face, t)).await?;
    let shown = SetupShown {
        steps: all.into_iter().map(|step| StepShown::of(step, t)).collect(),
        set_aside: api.room.is_aside()?,
    };
    Ok(Json(shown).into_response())
}

/// The building. What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SiteSent {
    /// What people call it.
    #[serde(default)]
    name: Option<String>,
    /// Its IANA time zone.
    #[serde(default)]
    #[schema(example = "Europe/London")]
    timezone: Option<String>,
    /// The name or address under which people reach the box.
    #[serde(default)]
    #[schema(example = "lodge.example.org")]
    hostname: Option<String>,
}

/// What is in force from now on.
#[derive(Serialize)]
struct Changed {
    changed: Vec<String>,
}

/// Sets the building's name, zone and address; it stands in `conf.d/10-setup.toml` of the data folder
#[utoipa::path(put, path = "/v1/setup/site", tag = "setup", security(("bearer" = []), ("session" = [], "form" = [])), request_body = SiteSent,
    responses((status = 200, description = "What changed", body = Object),
        (status = 422, description = "A value is not taken, and everything is as it was"),
        (status = 403, description = "The token lacks box:admin, or the person's role does not cover it")))]
async fn site(State(api): State<Api>, caller: Caller, body: Bytes) -> Result<Response, Refusal> {
    may(&caller)?;
    let SiteSent {
        name,
        timezone,
        hostname,
    } = sent(&body)?;
    let changed = api
        .room
        .admin
        .set(settings(name, timezone, hostname), caller.who())
        .await?;
    Ok(Json(Changed { changed }).into_response())
}

/// Opens the meter room
#[utoipa::path(put, path = "/v1/setup/meters", tag = "setup", security(("bearer" = []), ("session" = [], "form" = [])),
    responses((status = 200, description = "What changed; nothing, when it is open", body = Object),
        (status = 422, description = "It cannot be opened, and everything is as it was"),
        (status = 403, description = "The token lacks box:admin, or the person's role does not cover it")))]
async fn meters(State(api): State<Api>, caller: Caller) -> Result<Response, Refusal> {
    may(&caller)?;
    let changed = api.room.admin.set(vec![Setting::Meters], caller.who()).await?;
    Ok(Json(Changed { changed }).into_response())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AsideSent {
    /// Whether `/` leads to the building though nothing is in it.
    aside: bool,
}

/// Sets the setup aside, so that an empty box does not begin with it, or takes it up again
#[utoipa::path(put, path = "/v1/setup/aside", tag = "setup", security(("bearer" = []), ("session" = [], "form" = [])), request_body = AsideSent,
    responses((status = 204, description = "So it is"),
        (status = 403, description = "The token lacks box:admin, or the person's role does not cover it")))]
async fn aside(State(api): State<Api>, caller: Caller, body: Bytes) -> Result<StatusCode, Refusal> {
    may(&caller)?;
    let AsideSent { aside } = sent(&body)?;
    set_aside(&api.room, aside, caller.who()).await?;
    Ok(StatusCode::NO_CONTENT)
}
