//! `/v1/people` and `/v1/tokens`, for people who may manage people: by their session. No token covers it.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::desk::PeopleDesk;
use super::refusal::Refusal;
use crate::accounts::{Act, Person, Role, Scope, Token, Wanted};
use crate::admin::{Added, Departed, Departure, Doorman, Linked, NewPerson};
use crate::domain::SpaceId;
use crate::face::{BoxApi, Caller};
use crate::http::problem::method_not_allowed;
use crate::http::{Problem, asked};

type Api = BoxApi<PeopleDesk>;

/// The part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(
    paths(people, add, remove, meters, spaces, invite, move_out, tokens, create, revoke),
    tags(
        (name = "people", description = "Who may sign in, and what is theirs; for admins who are signed in"),
        (name = "tokens", description = "What programs carry; for admins who are signed in")
    )
)]
pub struct Docs;

pub(super) fn router() -> Router<Api> {
    Router::new()
        .route("/v1/people", get(people).post(add))
        .route("/v1/people/{name}", delete(remove))
        .route("/v1/people/{name}/meters", put(meters))
        .route("/v1/people/{name}/spaces", put(spaces))
        .route("/v1/people/{name}/invitation", post(invite))
        .route("/v1/people/{name}/move-out", post(move_out))
        .route("/v1/tokens", get(tokens).post(create))
        .route("/v1/tokens/{id}", delete(revoke))
        .method_not_allowed_fallback(method_not_allowed)
}

/// Nothing is said of people, and nothing read, before this.
fn managing(caller: &Caller) -> Result<(), Refusal> {
    caller.must(Act::ManagePeople).map_err(Refusal::of)
}

/// As [`managing`], for what changes something: whoever asks has proved of late who they are.
fn changing(api: &Api, caller: &Caller) -> Result<(), Refusal> {
    managing(caller)?;
    let now = api.room.admin.accounts.now();
    if api.face.proved_lately(caller.who(), now) {
        return Ok(());
    }
    let problem = Problem::new(
        StatusCode::FORBIDDEN,
        "prove-again",
        "The password was not typed of late",
    );
    let detail =
        "Type it once more at /me/again?to=/me, then send this again, with the new session's cookie and value.";
    Err(Refusal::of(problem.detail(detail)))
}

/// What was sent, or what is wrong with it.
fn sent<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, Refusal> {
    body.map(|Json(sent)| sent).map_err(|error| {
        let status = error.status();
        let problem = match error {
            JsonRejection::JsonDataError(_) | JsonRejection::JsonSyntaxError(_) => {
                Problem::new(status, "bad-body", "The body is not what is asked for")
                    .detail(asked::json(&error).to_string())
            }
            _ => Problem::new(status, "body", "The body cannot be taken").detail(error.body_text()),
        };
        Refusal::of(problem)
    })
}

/// A person who is to be added. They choose their password by the link in the answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPerson)]
struct PersonSent {
    /// What they sign in with: 1 to 64 of a-z, A-Z, 0-9, `.`, `-`, `_`, `@`, `+`.
    #[schema(min_length = 1, max_length = 64, example = "flat-1")]
    name: String,
    /// `admin`, `installer`, `doorman`, `viewer` or `resident`.
    #[schema(value_type = String, example = "resident")]
    role: Role,
    /// The meters that are theirs: `SERIAL`, from now on, or `SERIAL@2026-05-01`, from that day on.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    meters: Vec<Wanted>,
    /// The spaces that a doorman sees; none: all.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    spaces: Vec<SpaceId>,
}

/// A one-time link.
#[derive(Serialize)]
struct Invited {
    link: String,
    link_until: Timestamp,
}

#[derive(Serialize)]
struct AddedShown {
    #[serde(flatten)]
    added: Added,
    #[serde(flatten)]
    invited: Option<Invited>,
}

/// Everybody, by name
#[utoipa::path(get, path = "/v1/people", tag = "people", security(("session" = [])),
    responses((status = 200, description = "People with their role, what is theirs, and whether they have chosen a password", body = [Object]),
        (status = 401, description = "No session"), (status = 403, description = "The role does not cover it; no token does")))]
async fn people(State(api): State<Api>, caller: Caller) -> Result<Json<Vec<Person>>, Refusal> {
    managing(&caller)?;
    api.room.admin.accounts.people().map(Json).map_err(Refusal::from)
}

/// Adds a person, and makes the one-time link by which they choose a password
#[utoipa::path(post, path = "/v1/people", tag = "people", security(("session" = [], "form" = [])), request_body = PersonSent,
    responses((status = 201, description = "The person, their link, who shares their meters, and what was named that the box has not", body = Object),
        (status = 409, description = "There is a person of that name"), (status = 422, description = "A value is not taken"),
        (status = 403, description = "The role does not cover it; no token does")))]
async fn add(
    State(api): State<Api>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Json<PersonSent>, JsonRejection>,
) -> Result<Response, Refusal> {
    changing(&api, &caller)?;
    let sent = sent(body)?;
    let new = NewPerson {
        name: sent.name,
        role: sent.role,
        password: None,
        meters: sent.meters,
        spaces: sent.spaces,
    };
    let added = api.room.admin.add_person(new, caller.who()).await?;
    let invited = added.code.as_ref().map(|code| {
        let (link, link_until) = api.room.link(code, (&uri, &headers));
        Invited { link, link_until }
    });
    Ok((StatusCode::CREATED, Json(AddedShown { added, invited })).into_response())
}

/// Removes a person with their sessions and links; it cannot be undone
#[utoipa::path(delete, path = "/v1/people/{name}", tag = "people", security(("session" = [], "form" = [])),
    params(("name" = String, Path, description = "Their name")),
    responses((status = 204, description = "They are known no more"), (status = 404, description = "There is no such person"),
        (status = 403, description = "The role does not cover it; no token does")))]
async fn remove(State(api): State<Api>, caller: Caller, Path(name): Path<String>) -> Result<StatusCode, Refusal> {
    changing(&api, &caller)?;
    api.room.admin.remove_person(&name, caller.who()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that exactly these meters are a person's: what is left out ends now
#[utoipa::path(put, path = "/v1/people/{name}/meters", tag = "people", security(("session" = [], "form" = [])),
    params(("name" = String, Path, description = "Their name")),
    request_body(content = Vec<String>, description = "`SERIAL`, or `SERIAL@2026-05-01` from that day on"),
    responses((status = 200, description = "The person, who shares their meters, which are unknown, and what is theirs again only later", body = Object),
        (status = 404, description = "There is no such person"), (status = 422, description = "A value is not taken"),
        (status = 403, description = "The role does not cover it; no token does")))]
async fn meters(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
    body: Result<Json<Vec<Wanted>>, JsonRejection>,
) -> Result<Json<Linked>, Refusal> {
    changing(&api, &caller)?;
    let linked = api.room.admin.set_meters(&name, sent(body)?, caller.who()).await;
    linked.map(Json).map_err(Refusal::from)
}

/// Says which spaces a doorman sees; none: all
#[utoipa::path(put, path = "/v1/people/{name}/spaces", tag = "people", security(("session" = [], "form" = [])),
    params(("name" = String, Path, description = "Their name")),
    request_body(content = Vec<String>, description = "Ids of spaces"),
    responses((status = 200, description = "What they see from now on, and what of it there is not", body = Object),
        (status = 404, description = "There is no such person"), (status = 422, description = "They are no doorman, or a value is not taken"),
        (status = 403, description = "The role does not cover it; no token does")))]
async fn spaces(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
    body: Result<Json<Vec<SpaceId>>, JsonRejection>,
) -> Result<Json<Doorman>, Refusal> {
    changing(&api, &caller)?;
    let linked = api.room.admin.set_spaces(&name, sent(body)?, caller.who()).await;
    linked.map(Json).map_err(Refusal::from)
}

/// Makes a one-time link by which a person chooses a password; older links die
#[utoipa::path(post, path = "/v1/people/{name}/invitation", tag = "people", security(("session" = [], "form" = [])),
    params(("name" = String, Path, description = "Their name")),
    responses((status = 201, description = "The link, shown this once, and until when it is good", body = Object),
        (status = 404, description = "There is no such person"), (status = 403, description = "The role does not cover it; no token does")))]
async fn invite(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    changing(&api, &caller)?;
    let code = api.room.admin.invite(&name, caller.who()).await?;
    let (link, link_until) = api.room.link(&code, (&uri, &headers));
    Ok((StatusCode::CREATED, Json(Invited { link, link_until })).into_response())
}

/// How somebody moves out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DepartureSent)]
struct DepartureSent {
    /// On this day, at the midnight that begins it; absent: now.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "2026-05-01")]
    at: Option<Date>,
    /// Only say what would be done.
    #[serde(default)]
    dry_run: bool,
}

/// Takes the last reading of each meter that is somebody's, ends their links, and says what remains to be settled
#[utoipa::path(post, path = "/v1/people/{name}/move-out", tag = "people", security(("session" = [], "form" = [])),
    params(("name" = String, Path, description = "Their name")), request_body = DepartureSent,
    responses((status = 200, description = "What ended, with its last reading, and what remains", body = Object),
        (status = 404, description = "There is no such person"), (status = 422, description = "The day is to come, or before they moved in"),
        (status = 403, description = "The role does not cover it; no token does")))]
async fn move_out(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
    body: Result<Json<DepartureSent>, JsonRejection>,
) -> Result<Json<Departed>, Refusal> {
    changing(&api, &caller)?;
    let DepartureSent { at, dry_run } = sent(body)?;
    let departed = api.room.admin.move_out(name, Departure { at, dry_run }, caller.who());
    departed.await.map(Json).map_err(Refusal::from)
}

/// Every token that is in force, by age
#[utoipa::path(get, path = "/v1/tokens", tag = "tokens", security(("session" = [])),
    responses((status = 200, description = "Tokens with their scopes; never the secret", body = [Object]),
        (status = 401, description = "No session"), (status = 403, description = "The role does not cover it; no token does")))]
async fn tokens(State(api): State<Api>, caller: Caller) -> Result<Json<Vec<Token>>, Refusal> {
    managing(&caller)?;
    api.room.admin.accounts.tokens().map(Json).map_err(Refusal::from)
}

/// A token that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewToken)]
struct TokenSent {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it is good for, e.g. `spaces:read`.
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
}

/// A token with its secret.
#[derive(Serialize)]
struct TokenMade {
    #[serde(flatten)]
    of: Token,
    token: String,
}

/// Makes a token; the answer alone holds it
#[utoipa::path(post, path = "/v1/tokens", tag = "tokens", security(("session" = [], "form" = [])), request_body = TokenSent,
    responses((status = 201, description = "The token, shown this once", body = Object), (status = 422, description = "A value is not taken"),
        (status = 403, description = "The role does not cover it; no token does")))]
async fn create(
    State(api): State<Api>,
    caller: Caller,
    body: Result<Json<TokenSent>, JsonRejection>,
) -> Result<Response, Refusal> {
    changing(&api, &caller)?;
    let TokenSent { name, scopes } = sent(body)?;
    let made = api.room.admin.create_token((&name, scopes), caller.who()).await;
    let (of, secret) = made?;
    let token = secret.reveal().to_owned();
    Ok((StatusCode::CREATED, Json(TokenMade { of, token })).into_response())
}

/// Ends a token: from the next request on it is unknown
#[utoipa::path(delete, path = "/v1/tokens/{id}", tag = "tokens", security(("session" = [], "form" = [])),
    params(("id" = String, Path, description = "Its id in the list")),
    responses((status = 204, description = "It is good for nothing any more"), (status = 404, description = "There is no such token"),
        (status = 403, description = "The role does not cover it; no token does")))]
async fn revoke(State(api): State<Api>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    changing(&api, &caller)?;
    api.room.admin.revoke_token(&id, caller.who()).await?;
    Ok(StatusCode::NO_CONTENT)
}
