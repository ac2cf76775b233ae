//! `GET /v1/meters/{serial}/log`, the meter's own log, and `…/events`, what happens to meters as it happens.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Api;
use super::caller::Caller;
use super::error::ApiError;
use super::meters::MeterV1;
use crate::accounts::Act;
use crate::domain::{Event, MeterId, MeterNews};
use crate::feed::stream::{Listening, Speaker, Upgrade};
use crate::feed::{Filter, Leave, News};
use crate::meter::Meters;
use crate::meter::emop::event_log;

/// An entry of a meter's own log.
#[derive(Serialize, ToSchema)]
pub(super) struct LoggedShown {
    /// When, by the meter's clock.
    #[schema(value_type = String)]
    at: Timestamp,
    /// What: the vendor's number.
    id: u8,
    /// The vendor's name; null when it is not known.
    name: Option<&'static str>,
    /// How often that has happened, counted in a byte.
    set: u8,
    /// Whether somebody should look.
    alarm: bool,
}

/// What a meter wrote into its own log, the newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct LogShown {
    /// The entries that were seen.
    events: Vec<LoggedShown>,
}

/// A meter's own log, as far as it was read.
#[utoipa::path(get, path = "/v1/meters/{serial}/log", tag = "meters", params(("serial" = String, Path, description = "Its serial")),
    responses((status = 200, description = "The newest entries first", body = LogShown), (status = 404, description = "No such meter")))]
pub(super) async fn log(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(serial): Path<String>,
) -> Result<Json<LogShown>, ApiError> {
    let serial = caller.meter(&api, &serial)?.meter.serial;
    let events = api.room.logged(&serial)?;
    let shown = events.into_iter().rev().map(|logged| LoggedShown {
        at: logged.0,
        id: logged.1,
        name: event_log::name(logged.1),
        set: logged.2,
        alarm: event_log::is_alarm(logged.1),
    });
    Ok(Json(LogShown {
        events: shown.collect(),
    }))
}

/// What happens to one meter.
#[utoipa::path(get, path = "/v1/meters/{serial}/events", tag = "meters",
    params(("serial" = String, Path, description = "Its serial"), ("Last-Event-ID" = Option<String>, Header, description = "The last id that was seen")),
    responses((status = 200, description = "`text/event-stream`; with an upgrade, a WebSocket with the same messages"), (status = 404, description = "No such meter"), (status = 503, description = "There are too many listeners")))]
pub(super) async fn one(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(serial): Path<String>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let shown = caller.meter(&api, &serial)?;
    let wanted = Filter::These([shown.meter.serial.clone()].into());
    let state = serde_json::to_value(MeterV1::from(shown)).unwrap_or_default();
    let listening = Listening::new(
        &api.room.hall,
        (leave(&api, caller), Talk(Arc::clone(&api.room))),
        wanted,
        &headers,
    )?;
    Ok(listening.beginning_with("state", state).answer(upgrade))
}

/// What happens to all meters.
#[utoipa::path(get, path = "/v1/meters/events", tag = "meters",
    params(("Last-Event-ID" = Option<String>, Header, description = "The last id that was seen")),
    responses((status = 200, description = "`text/event-stream`; with an upgrade, a WebSocket with the same messages"), (status = 403, description = "The token lacks meters:read"), (status = 503, description = "There are too many listeners")))]
pub(super) async fn all(
    State(api): State<Arc<Api>>,
    caller: Caller,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    caller.must(Act::ReadMeters)?;
    let listening = Listening::new(
        &api.room.hall,
        (leave(&api, caller), Talk(Arc::clone(&api.room))),
        Filter::All,
        &headers,
    )?;
    Ok(listening.answer(upgrade))
}

/// Leave to listen for as long as the token is in force.
pub(super) fn leave(api: &Arc<Api>, caller: Caller) -> Leave {
    let here = Arc::clone(api);
    Leave::new(api.bearers.accounts().bell(), move || caller.still_known(&here))
}

/// Says what happens to meters, but for what was erased since.
struct Talk(Arc<Meters>);

impl Speaker<MeterId> for Talk {
    fn told(&self, news: &News<MeterId>) -> Option<(&'static str, Value)> {
        let erased = self.0.erased(&news.subject).unwrap_or_default();
        if erased.iter().any(|stretch| stretch.holds(news.at)) {
            return None;
        }
        let (kind, mut body) = match &news.event {
            Event::Meter { news, .. } => of_news(news),
            Event::ReadingsRecorded {
                register,
                from,
                count,
                last,
                ..
            } => (
                "readings",
                json!({ "register": register, "from": from, "count": count, "last": last }),
            ),
            _ => return None,
        };
        body["serial"] = json!(news.subject);
        Some((kind, body))
    }
}

fn of_news(news: &MeterNews) -> (&'static str, Value) {
    match news {
        MeterNews::Added => ("added", json!({})),
        MeterNews::Removed => ("removed", json!({})),
        MeterNews::Read { values } => ("read", json!({ "values": values })),
        MeterNews::Doubtful { values } => ("doubtful", json!({ "values": values })),
        MeterNews::Another { says } => ("another", json!({ "says": says })),
        MeterNews::Itself => ("itself", json!({})),
        MeterNews::Silent { why } => ("silent", json!({ "why": why })),
        MeterNews::Answers => ("answers", json!({})),
        MeterNews::Topup { id, state, .. } => ("topup", json!({ "id": id, "state": state })),
        MeterNews::Logged {
            at,
            id,
            name,
            set,
            alarm,
        } => (
            "logged",
            json!({ "logged_at": at, "id": id, "name": name, "set": set, "alarm": alarm }),
        ),
    }
}
