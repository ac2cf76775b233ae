//! `GET /v1/spaces/{id}/events` and `GET /v1/events`: what happens to spaces (OCC §5.3).

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::caller::Caller;
use super::error::ApiError;
use super::shape::SpaceShown;
use crate::domain::{Event, SpaceId};
use crate::feed::stream::{Listening, Speaker, Upgrade};
use crate::feed::{Filter, Leave, News};
use crate::http::asked::AskedError;
use crate::occupancy::Occupancy;
use crate::occupancy::keys::KeyRole;

/// What happens to one space.
#[utoipa::path(get, path = "/v1/spaces/{id}/events", tag = "spaces",
    params(("id" = String, Path, description = "Its id"), ("Last-Event-ID" = Option<String>, Header, description = "The last id that was seen")),
    responses((status = 200, description = "`text/event-stream`; with an upgrade, a WebSocket with the same messages"), (status = 404, description = "No such space"), (status = 503, description = "There are too many listeners")))]
pub(super) async fn one(
    State(room): State<Arc<Occupancy>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let space = caller.space(&room, &id, KeyRole::Viewer)?;
    let wanted = Filter::These([space.id].into());
    let shown = serde_json::to_value(SpaceShown::of(&space, &room)).unwrap_or_default();
    let listening = listening(&room, caller, wanted, &headers)?;
    Ok(listening.beginning_with("state", shown).answer(upgrade))
}

/// What happens to several spaces, or, for the operator, to all.
#[utoipa::path(get, path = "/v1/events", tag = "spaces",
    params(("space" = Option<Vec<String>>, Query, description = "A space's id; may be given several times"), ("Last-Event-ID" = Option<String>, Header, description = "The last id that was seen")),
    responses((status = 200, description = "`text/event-stream`; with an upgrade, a WebSocket with the same messages"), (status = 403, description = "Only the operator hears of all"), (status = 503, description = "There are too many listeners")))]
pub(super) async fn several(
    State(room): State<Arc<Occupancy>>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let mut spaces = BTreeSet::new();
    for (name, value) in query
        .iter()
        .flat_map(|query| query.split('&'))
        .filter_map(|pair| pair.split_once('='))
    {
        if name != "space" {
            return Err(ApiError::Asked(AskedError::whole(format!("{name}: is not known here"))));
        }
        spaces.insert(caller.space(&room, value, KeyRole::Viewer)?.id);
    }
    let wanted = if spaces.is_empty() {
        caller.is_operator(KeyRole::Viewer)?;
        Filter::All
    } else {
        Filter::These(spaces)
    };
    Ok(listening(&room, caller, wanted, &headers)?.answer(upgrade))
}

fn listening(
    room: &Arc<Occupancy>,
    caller: Caller,
    wanted: Filter<SpaceId>,
    headers: &HeaderMap,
) -> Result<Listening<SpaceId, Talk>, ApiError> {
    let here = Arc::clone(room);
    let leave = Leave::new(room.accounts.bell(), move || caller.still_known(&here));
    Listening::new(&room.hall, (leave, Talk), wanted, headers).map_err(|_| ApiError::TooManyListeners)
}

/// Says what happens to spaces.
struct Talk;

impl Speaker<SpaceId> for Talk {
    fn told(&self, news: &News<SpaceId>) -> Option<(&'static str, Value)> {
        let (kind, mut body) = match &news.event {
            Event::SpaceCreated { occupancy, .. } => (
                "created",
                json!({ "current": occupancy.current, "maximum": occupancy.maximum }),
            ),
            Event::SpaceChanged { by, occupancy, .. } => (
                "changed",
                json!({ "by": by, "current": occupancy.current, "maximum": occupancy.maximum }),
            ),
            Event::SpaceRemoved { why, .. } => ("removed", json!({ "why": why })),
            _ => return None,
        };
        body["space"] = json!(news.subject);
        Some((kind, body))
    }
}
