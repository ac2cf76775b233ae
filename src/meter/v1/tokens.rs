//! `/v1/meters/{serial}/tokens`: top-up codes, and what became of each.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::body::{object, query, whole};
use super::caller::Caller;
use super::error::ApiError;
use super::events::leave;
use crate::domain::given::optional_number;
use crate::domain::{Event, MeterId, MeterNews, TopupState};
use crate::feed::stream::{Listening, Speaker, Upgrade};
use crate::feed::{Filter, News};
use crate::http::once::{LONGEST, Once};
use crate::meter::Meters;
use crate::meter::emop::Token;
use crate::meter::topup::{NewTopup, Origin, Proof, Reply, Through, TopupShown};

/// Top-ups on one page, at most and unless told otherwise.
const MOST: usize = 500;
const USUAL: usize = 50;
/// Top-ups with which a stream begins.
const SHOWN_FIRST: usize = 10;

/// A top-up. The code is in none of its fields.
#[derive(Serialize, ToSchema)]
#[schema(as = Topup)]
pub(super) struct TopupV1 {
    #[schema(example = "3f9a2c5d8e71")]
    id: String,
    #[schema(value_type = String, example = "EML2137580826")]
    meter: MeterId,
    /// `waiting`, `sending`, `taken`, `refused`, `in_doubt`, `not_sent` or `cancelled`.
    #[schema(value_type = String, example = "taken")]
    state: TopupState,
    /// How it is, for whoever lives there.
    #[schema(example = "Your meter took it: £18.43 → £73.98")]
    words: String,
    /// When it came to that state.
    #[schema(value_type = String)]
    since: Timestamp,
    /// When the code was given.
    #[schema(value_type = String)]
    made: Timestamp,
    /// Tries that ended before the code's first byte.
    attempts: u32,
    /// Why it is no further.
    trouble: Option<String>,
    /// In pounds, just before the code was sent.
    #[schema(example = "18.43")]
    balance_before: Option<String>,
    /// In pounds, at the newest look since.
    #[schema(example = "73.98")]
    balance_after: Option<String>,
    /// What the meter said to the frame with the code: `accepted`, `nothing` or `{"refused": 6}`.
    #[schema(value_type = Option<Value>)]
    reply: Option<Reply>,
    /// What proved that it was taken: `count`, `payment`, `balance` or `person`.
    #[schema(value_type = Option<String>)]
    proof: Option<Proof>,
    /// Whether it cannot be told from a code that was keyed in at the meter meanwhile.
    may_be_anothers: bool,
    /// Whether only a person can end it, or should.
    wants_a_person: bool,
    /// Whether the code has to be given again: the key that sealed it is gone.
    wants_the_code: bool,
}

impl From<TopupShown> for TopupV1 {
    fn from(shown: TopupShown) -> TopupV1 {
        TopupV1 {
            id: shown.id,
            meter: shown.meter,
            state: shown.state,
            words: shown.words,
            since: shown.since,
            made: shown.made,
            attempts: shown.attempts,
            trouble: shown.trouble,
            balance_before: shown.balance_before,
            balance_after: shown.balance_after,
            reply: shown.reply,
            proof: shown.proof,
            may_be_anothers: shown.may_be_anothers,
            wants_a_person: shown.wants_a_person,
            wants_the_code: shown.wants_the_code,
        }
    }
}

/// A code for a meter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTopup)]
pub(super) struct Given {
    /// Twenty digits; blanks and hyphens between them do not count.
    #[schema(value_type = String, example = "7146-6394-6215-8916-1020")]
    token: Token,
    /// Send it even when the meter is known not to prepay.
    #[serde(default)]
    anyway: bool,
}

/// A page of top-ups, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = TopupsPage)]
pub(super) struct Listed {
    topups: Vec<TopupV1>,
    /// Where the next page goes on; null at the end.
    next_cursor: Option<String>,
}

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// Go on after this.
    cursor: Option<String>,
    /// At most so many, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    #[serde(default, deserialize_with = "optional_number")]
    limit: Option<usize>,
}

/// Gives a meter a code. The same code again is the same top-up.
#[utoipa::path(post, path = "/v1/meters/{serial}/tokens", tag = "meters", request_body = Given,
    params(("serial" = String, Path, description = "Its serial"), ("Idempotency-Key" = Option<String>, Header, description = "1 to 200 characters: the same request again is the same top-up, another one under the same key is refused")),
    responses((status = 202, description = "It will be sent; the top-up says what becomes of it", body = TopupV1), (status = 200, description = "The code was given before: its top-up", body = TopupV1), (status = 400, description = "It is no code"), (status = 403, description = "The token lacks meters:topup"), (status = 404, description = "No such meter"), (status = 409, description = "The meter takes no codes, is not served, or too many wait for it")))]
pub(super) async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(serial): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let meter = caller.tops_up(&api, &serial)?;
    let body = whole(body)?;
    let given: Given = object(&body)?;
    let mut keys = headers.get_all("idempotency-key").iter();
    let key = match keys.next() {
        Some(_) if keys.next().is_some() => return Err(ApiError::Key),
        Some(key) => {
            let key = key.to_str().ok().filter(|key| (1..=LONGEST).contains(&key.len()));
            Some(key.ok_or(ApiError::Key)?.to_owned())
        }
        None => None,
    };
    let by = caller.name();
    let what: [&[u8]; 2] = [b"top-up", &api.room.mark_of(&meter, &given.token)?];
    let new = NewTopup {
        once: key.as_deref().map(|key| Once::new(&by, key, &what)),
        meter,
        token: given.token,
        origin: Origin {
            by,
            through: Through::Api,
        },
        key: None,
        worth: None,
        anyway: given.anyway,
    };
    let (topup, is_new) = api.room.top_up(new).await?;
    Ok(created(topup, is_new))
}

/// The answer to a code that was given.
pub(super) fn created(topup: TopupShown, is_new: bool) -> Response {
    let status = if is_new { StatusCode::ACCEPTED } else { StatusCode::OK };
    let location = format!("/v1/meters/{}/tokens/{}", topup.meter, topup.id);
    let headers = [(LOCATION, location), (CACHE_CONTROL, "no-store".to_owned())];
    (status, headers, Json(TopupV1::from(topup))).into_response()
}

/// The top-ups of a meter, the newest first, a page at a time.
#[utoipa::path(get, path = "/v1/meters/{serial}/tokens", tag = "meters", params(("serial" = String, Path, description = "Its serial"), Part),
    responses((status = 200, description = "A page of top-ups", body = Listed), (status = 403, description = "The token lacks meters:topup"), (status = 404, description = "No such meter")))]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(serial): Path<String>,
    part: Result<Query<Part>, QueryRejection>,
) -> Result<Json<Listed>, ApiError> {
    let meter = caller.topped_up(&api, &serial)?;
    let part = query(part)?;
    let limit = part.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(ApiError::Limit(MOST));
    }
    if let Some(cursor) = &part.cursor {
        of_meter(&api.room, &meter, cursor)?;
    }
    let mut topups = api.room.topups_of(&meter, part.cursor.as_deref(), limit + 1)?;
    let more = topups.len() > limit;
    topups.truncate(limit);
    let next_cursor = topups.last().filter(|_| more).map(|last| last.id.clone());
    Ok(Json(Listed {
        topups: topups.into_iter().map(TopupV1::from).collect(),
        next_cursor,
    }))
}

/// One top-up of a meter.
#[utoipa::path(get, path = "/v1/meters/{serial}/tokens/{id}", tag = "meters", params(("serial" = String, Path, description = "Its serial"), ("id" = String, Path, description = "The top-up's id")),
    responses((status = 200, description = "How it is", body = TopupV1), (status = 403, description = "The token lacks meters:topup"), (status = 404, description = "No such meter or top-up")))]
pub(super) async fn show(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((serial, id)): Path<(String, String)>,
) -> Result<Json<TopupV1>, ApiError> {
    let meter = caller.topped_up(&api, &serial)?;
    Ok(Json(of_meter(&api.room, &meter, &id)?.into()))
}

/// Takes a code back that waits.
#[utoipa::path(delete, path = "/v1/meters/{serial}/tokens/{id}", tag = "meters", params(("serial" = String, Path, description = "Its serial"), ("id" = String, Path, description = "The top-up's id")),
    responses((status = 200, description = "It was taken back before it was sent", body = TopupV1), (status = 403, description = "The token lacks meters:topup"), (status = 404, description = "No such meter or top-up"), (status = 409, description = "It does not wait any more")))]
pub(super) async fn cancel(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((serial, id)): Path<(String, String)>,
) -> Result<Json<TopupV1>, ApiError> {
    let meter = caller.topped_up(&api, &serial)?;
    of_meter(&api.room, &meter, &id)?;
    Ok(Json(api.room.cancel_topup(&id, &caller.name()).await?.into()))
}

/// What becomes of a meter's top-ups, as it happens.
#[utoipa::path(get, path = "/v1/meters/{serial}/tokens/events", tag = "meters",
    params(("serial" = String, Path, description = "Its serial"), ("Last-Event-ID" = Option<String>, Header, description = "The last id that was seen")),
    responses((status = 200, description = "`text/event-stream` that begins with a message `state` of the newest ten, followed by messages `topup`; with an upgrade, a WebSocket with the same messages"), (status = 403, description = "The token lacks meters:topup"), (status = 404, description = "No such meter"), (status = 503, description = "There are too many listeners")))]
pub(super) async fn events(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(serial): Path<String>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let meter = caller.tops_up(&api, &serial)?;
    let speaker = Talk(Arc::clone(&api.room));
    let wanted = Filter::These([meter.clone()].into());
    let listening = Listening::new(&api.room.hall, (leave(&api, caller), speaker), wanted, &headers)?;
    let newest = api.room.topups_of(&meter, None, SHOWN_FIRST)?;
    let newest: Vec<TopupV1> = newest.into_iter().map(TopupV1::from).collect();
    let state = serde_json::json!({ "topups": newest });
    Ok(listening.beginning_with("state", state).answer(upgrade))
}

/// A top-up of this meter; of another's nothing is said.
pub(super) fn of_meter(room: &Meters, meter: &MeterId, id: &str) -> Result<TopupShown, ApiError> {
    let topup = room.topup(id)?;
    match topup.meter == *meter {
        true => Ok(topup),
        false => Err(crate::meter::topup::TopupError::Unknown.into()),
    }
}

/// Says what becomes of top-ups.
struct Talk(Arc<Meters>);

impl Speaker<MeterId> for Talk {
    fn told(&self, news: &News<MeterId>) -> Option<(&'static str, Value)> {
        let Event::Meter {
            news: MeterNews::Topup { id, state, .. },
            ..
        } = &news.event
        else {
            return None;
        };
        let mut shown = serde_json::to_value(TopupV1::from(self.0.topup(id).ok()?)).ok()?;
        // By now it may be further.
        shown["state"] = serde_json::json!(state);
        Some(("topup", shown))
    }
}
