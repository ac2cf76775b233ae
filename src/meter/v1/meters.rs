//! `GET /v1/meters`, one meter, and asking it anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::body::query;
use super::caller::Caller;
use super::error::ApiError;
use crate::accounts::Act;
use crate::domain::given::optional_number;
use crate::domain::{Counts, Doubt, Duty, Health, Identity, MeterId, Quantity, SpaceId};
use crate::meter::{MeterShown, Progress, ValueShown};

/// Meters on one page, at most and unless told otherwise.
const MOST: usize = 500;
const USUAL: usize = 100;

/// A meter as apps see it: everything but the way to it.
#[derive(Serialize, ToSchema)]
pub(super) struct MeterV1 {
    /// Its serial.
    #[schema(value_type = String, example = "EML2137580826")]
    serial: MeterId,
    /// What people call it.
    name: Option<String>,
    /// The code of the company that supplies through it.
    esco: Option<String>,
    /// The feeder it hangs on.
    feeder: Option<String>,
    /// What it counts in the building's energy: `unit`, `common`, `main` or `generation`.
    #[schema(value_type = String, example = "unit")]
    counts: Counts,
    /// The space that it feeds.
    #[schema(value_type = Option<String>)]
    space: Option<SpaceId>,
    /// Its kind, such as `C1.w`; null until it was asked.
    hardware: Option<String>,
    /// `polled`, `served` or `off`.
    #[schema(value_type = String, example = "polled")]
    duty: Duty,
    /// `healthy`, `unhealthy` or `unknown`.
    #[schema(value_type = String, example = "healthy")]
    health: Health,
    /// Why it does not answer; empty when it does.
    health_details: String,
    /// When it last answered.
    #[schema(value_type = Option<String>)]
    answered: Option<Timestamp>,
    /// Which meter answers on its line: whether it is another, the serial that it says, when it was asked.
    #[schema(value_type = Option<Object>, example = json!({"another": false, "says": "EML2137580826", "checked": "2026-02-10T12:00:00Z", "right": "2026-02-10T12:00:00Z"}))]
    identity: Option<Identity>,
    /// How far its half-hours are fetched.
    #[schema(value_type = Option<Object>, example = json!({"since": "2025-10-01T00:00:00Z", "until": "2026-02-10T12:00:00Z", "open": 0}))]
    half_hours: Option<Progress>,
    /// What it last said: value, unit, time, age in seconds and quality (`measured`, `stale`, `gap`) of each quantity;
    /// of a gap the reason, when the meter did say something.
    #[schema(value_type = BTreeMap<String, ValueDescribed>, example = json!({"import_a": {"value": 104250, "unit": "Wh", "at": "2026-02-10T12:00:00Z", "quality": "measured", "age_s": 1720}}))]
    values: BTreeMap<Quantity, ValueV1>,
}

/// A value as the document describes it.
#[derive(ToSchema)]
#[schema(as = MeterValue)]
#[expect(dead_code, reason = "utoipa reads it; what is sent is made of two others")]
struct ValueDescribed {
    /// The value: a number, a text or an object; null: the meter has none.
    value: Option<Value>,
    /// Its unit.
    unit: Option<String>,
    /// When the meter said so.
    #[schema(format = DateTime)]
    at: String,
    /// `measured`, `estimated`, `stale` or `gap`.
    quality: String,
    /// How old it is, in seconds.
    age_s: u64,
    /// Why there is none, when the meter did say something.
    reason: Option<String>,
}

/// A value with its age.
#[derive(Serialize)]
struct ValueV1 {
    #[serde(flatten)]
    shown: ValueShown,
    age_s: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl From<MeterShown> for MeterV1 {
    fn from(shown: MeterShown) -> MeterV1 {
        let now = Timestamp::now();
        let asked = shown.value(Quantity::Hardware).and_then(|code| code.as_str());
        MeterV1 {
            hardware: shown.meter.hardware.clone().or_else(|| asked.map(str::to_owned)),
            serial: shown.meter.serial,
            name: shown.meter.name,
            esco: shown.meter.esco,
            feeder: shown.meter.feeder,
            counts: shown.meter.counts,
            space: shown.meter.space,
            duty: shown.duty,
            health: shown.health,
            health_details: shown.health_details,
            answered: shown.answered,
            identity: shown.identity,
            half_hours: shown.half_hours,
            values: shown
                .values
                .into_iter()
                .map(|(quantity, shown)| (quantity, with_age(shown, now)))
                .collect(),
        }
    }
}

fn with_age(shown: ValueShown, now: Timestamp) -> ValueV1 {
    ValueV1 {
        age_s: shown.age_s(now),
        reason: shown.why.map(Doubt::words),
        shown,
    }
}

/// Which meters.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// Only those of this supplier.
    esco: Option<String>,
    /// Only those on this feeder.
    feeder: Option<String>,
    /// Only those that are `healthy`, `unhealthy` or `unknown`.
    #[param(value_type = Option<String>)]
    health: Option<Health>,
    /// Go on after this.
    cursor: Option<String>,
    /// At most so many, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    #[serde(default, deserialize_with = "optional_number")]
    limit: Option<usize>,
}

impl Filter {
    fn takes(&self, meter: &MeterShown) -> bool {
        let is = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        is(&self.esco, &meter.meter.esco)
            && is(&self.feeder, &meter.meter.feeder)
            && self.health.is_none_or(|health| health == meter.health)
            && self
                .cursor
                .as_ref()
                .is_none_or(|cursor| meter.meter.serial.as_str() > cursor.as_str())
    }
}

/// A page of meters.
#[derive(Serialize, ToSchema)]
#[schema(as = MetersPage)]
pub(super) struct Listed {
    /// The meters, in the order of their serials.
    meters: Vec<MeterV1>,
    /// Where the next page goes on; null at the end.
    next_cursor: Option<String>,
}

/// Meters, a page at a time.
#[utoipa::path(get, path = "/v1/meters", tag = "meters", params(Filter),
    responses((status = 200, description = "A page of meters", body = Listed), (status = 403, description = "The token lacks meters:read")))]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Listed>, ApiError> {
    caller.must(Act::ReadMeters)?;
    let filter = query(filter)?;
    let limit = filter.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(ApiError::Limit(MOST));
    }
    let mut found: Vec<MeterShown> = api.room.list();
    found.retain(|meter| filter.takes(meter));
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(|last| last.meter.serial.to_string());
    Ok(Json(Listed {
        meters: found.into_iter().map(MeterV1::from).collect(),
        next_cursor,
    }))
}

/// One meter.
#[utoipa::path(get, path = "/v1/meters/{serial}", tag = "meters", params(("serial" = String, Path, description = "Its serial")),
    responses((status = 200, description = "The meter and what it last said", body = MeterV1), (status = 404, description = "No such meter")))]
pub(super) async fn show(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(serial): Path<String>,
) -> Result<Json<MeterV1>, ApiError> {
    Ok(Json(caller.meter(&api, &serial)?.into()))
}

/// Asks a meter everything anew, as soon as its turn comes.
#[utoipa::path(post, path = "/v1/meters/{serial}/poll", tag = "meters", params(("serial" = String, Path, description = "Its serial")),
    responses((status = 202, description = "It will be asked; its events say what it answers"), (status = 403, description = "The token lacks meters:write"), (status = 409, description = "It is not polled")))]
pub(super) async fn poll(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(serial): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.must(Act::CommandMeters)?;
    let meter = caller.meter(&api, &serial)?;
    api.room.poll_now(&meter.meter.serial)?;
    Ok(StatusCode::ACCEPTED)
}
