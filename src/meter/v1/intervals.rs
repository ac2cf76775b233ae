//! `GET /v1/meters/{serial}/intervals` and `…/readings`: half-hours, and the registers they are worked out from.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::body::query;
use super::caller::Caller;
use super::error::ApiError;
use crate::domain::given::optional_moment;
use crate::domain::{
    Element, HALF_HOUR, HalfHour, HalfHoursAsked, Interval, Measure, MeterId, Quality, Reading, Register, Stretches,
};
use crate::http::blocking;
use crate::http::table::{self, Format, Row};
use crate::meter::Span;
use crate::store::ReadError;
use crate::store::readings::{Erased, Readings};

/// Which half-hours.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct IntervalsQuery {
    /// From when on; absent: a day before `to`.
    #[param(value_type = Option<String>)]
    #[serde(default, deserialize_with = "optional_moment")]
    from: Option<Timestamp>,
    /// Until when; absent: now.
    #[param(value_type = Option<String>)]
    #[serde(default, deserialize_with = "optional_moment")]
    to: Option<Timestamp>,
    /// `import` (which is meant when absent) or `export`: the sum of the meter's elements.
    #[param(value_type = Option<String>)]
    measure: Option<Measure>,
    /// `A` or `B`: of that element only.
    #[param(value_type = Option<String>)]
    element: Option<Element>,
    /// One register instead, such as `reactive_import_a`.
    #[param(value_type = Option<String>)]
    register: Option<Register>,
    /// `json`, `csv` or `ndjson`; absent: as `Accept` says.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
}

/// One half-hour; without energy it is a gap.
#[derive(Serialize, ToSchema)]
struct IntervalShown {
    /// When it begins.
    #[schema(value_type = String)]
    from: Timestamp,
    /// When it ends.
    #[schema(value_type = String)]
    to: Timestamp,
    /// The energy in it; null: a register at one of its ends is missing, or a new series begins.
    energy: Option<u64>,
    /// The registers at its end, together; null when unknown.
    cumulative: Option<u64>,
    /// `measured`, `estimated` or `gap`.
    #[schema(value_type = String)]
    quality: Quality,
    /// When the box knew.
    #[schema(value_type = Option<String>)]
    taken: Option<Timestamp>,
    /// Why it is a gap.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl From<Interval> for IntervalShown {
    fn from(one: Interval) -> IntervalShown {
        IntervalShown {
            from: one.from,
            to: Timestamp::from_second(one.from.as_second() + HALF_HOUR).unwrap_or(one.from),
            energy: one.energy.map(|energy| energy.0),
            cumulative: one.cumulative.map(|value| value.0),
            quality: one.quality,
            taken: one.taken,
            reason: None,
        }
    }
}

impl IntervalShown {
    /// A half-hour, and if it is a gap why: as far as the account of what the meter was asked says so, and what was erased.
    fn of(one: Interval, asked: &HalfHoursAsked, erased: &[Erased]) -> IntervalShown {
        let first = HalfHour::of(one.from);
        let ends = [first, first.later(1)];
        let any = |stretches: &Stretches| ends.iter().any(|end| stretches.contains(*end));
        let is_erased = |end: &HalfHour| erased.iter().any(|stretch| stretch.covers(end.start()));
        let reason = one.energy.is_none().then(|| match () {
            () if ends.iter().any(is_erased) => "erased, as whoever lived there wished",
            () if any(&asked.doubtful) => "the meter said what cannot be",
            () if any(&asked.absent) => "the meter holds nothing there",
            () if ends.iter().all(|end| asked.settled.contains(*end)) => {
                "the register fell or leapt: a new series begins"
            }
            () => "not read yet",
        });
        IntervalShown {
            reason,
            ..IntervalShown::from(one)
        }
    }
}

impl Row for IntervalShown {
    const COLUMNS: &str = "from,to,energy,cumulative,quality,taken";

    fn fields(&self) -> Vec<String> {
        vec![
            self.from.to_string(),
            self.to.to_string(),
            optional(self.energy),
            optional(self.cumulative),
            self.quality.name().to_owned(),
            optional(self.taken),
        ]
    }
}

/// The half-hours of a span.
#[derive(Serialize, ToSchema)]
pub(super) struct IntervalsShown<'a> {
    /// Whose they are.
    #[schema(value_type = String)]
    serial: &'a MeterId,
    /// The registers whose sum they are.
    #[schema(value_type = Vec<String>)]
    registers: &'a [Register],
    /// What is counted: `Wh`, `varh` or `VAh`.
    unit: &'static str,
    /// The energy of all that have one.
    total: u64,
    /// How many have none.
    gaps: usize,
    /// Every half-hour in the span, oldest first.
    intervals: &'a [IntervalShown],
}

/// Half-hours of a meter, gaps among them.
#[utoipa::path(get, path = "/v1/meters/{serial}/intervals", tag = "meters", params(("serial" = String, Path, description = "Its serial"), IntervalsQuery),
    responses((status = 200, description = "Every half-hour in the span; CSV or NDJSON when asked for", body = IntervalsShown), (status = 404, description = "No such meter, or no such element"), (status = 422, description = "Too long a span")))]
pub(super) async fn intervals(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(serial): Path<String>,
    asked: Result<Query<IntervalsQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let serial = caller.meter(&api, &serial)?.meter.serial;
    let asked = query(asked)?;
    let span = Span::new(asked.from, asked.to, Timestamp::now())?;
    let registers = registers(&api, &serial, &asked)?;
    let totals = blocking({
        let (api, serial) = (Arc::clone(&api), serial.clone());
        move || api.room.totals(&serial, registers, span)
    })
    .await??;
    let (total, gaps) = (totals.energy(), totals.gaps());
    let account = api.room.half_hours_asked(&serial);
    let erased = api.room.erased(&serial)?;
    let rows: Vec<IntervalShown> = totals
        .intervals
        .into_iter()
        .map(|one| IntervalShown::of(one, &account, &erased))
        .collect();
    let whole = IntervalsShown {
        serial: &serial,
        registers: &totals.registers,
        unit: totals.registers.first().map_or("Wh", |register| register.unit()),
        total,
        gaps,
        intervals: &rows,
    };
    Ok(table::answer(Format::of(asked.format, &headers), &rows, whole))
}

fn registers(api: &Api, serial: &MeterId, asked: &IntervalsQuery) -> Result<Vec<Register>, ApiError> {
    match (asked.register, asked.measure, asked.element) {
        (Some(register), None, None) => Ok(vec![register]),
        (Some(_), ..) => Err(ApiError::Body(
            "give either register, or measure and element".to_owned(),
        )),
        (None, measure, element) => {
            let registers = api.room.registers_of(serial, measure.unwrap_or_default(), element)?;
            match element {
                Some(element) if registers.is_empty() => Err(ApiError::NoElement(serial.clone(), element)),
                _ => Ok(registers),
            }
        }
    }
}

/// Which readings.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadingsQuery {
    /// Of which register, such as `import_a`.
    #[param(value_type = String)]
    register: Register,
    /// From when on; absent: a day before `to`.
    #[param(value_type = Option<String>)]
    #[serde(default, deserialize_with = "optional_moment")]
    from: Option<Timestamp>,
    /// Until when; absent: now.
    #[param(value_type = Option<String>)]
    #[serde(default, deserialize_with = "optional_moment")]
    to: Option<Timestamp>,
    /// `json`, `csv` or `ndjson`; absent: as `Accept` says.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
}

/// What a register showed.
#[derive(Serialize, ToSchema)]
struct ReadingShown {
    /// When.
    #[schema(value_type = String)]
    at: Timestamp,
    /// What it showed.
    value: u64,
    /// `measured` or `estimated`.
    #[schema(value_type = String)]
    quality: Quality,
    /// When the box knew.
    #[schema(value_type = String)]
    taken: Timestamp,
}

impl Row for ReadingShown {
    const COLUMNS: &str = "at,value,quality,taken";

    fn fields(&self) -> Vec<String> {
        vec![
            self.at.to_string(),
            self.value.to_string(),
            self.quality.name().to_owned(),
            self.taken.to_string(),
        ]
    }
}

/// The readings of a span.
#[derive(Serialize, ToSchema)]
pub(super) struct ReadingsShown<'a> {
    /// Whose they are.
    #[schema(value_type = String)]
    serial: &'a MeterId,
    /// Of which register.
    #[schema(value_type = String)]
    register: Register,
    /// What it counts.
    unit: &'static str,
    /// The readings, oldest first.
    readings: &'a [ReadingShown],
}

/// What a register of a meter showed.
#[utoipa::path(get, path = "/v1/meters/{serial}/readings", tag = "meters", params(("serial" = String, Path, description = "Its serial"), ReadingsQuery),
    responses((status = 200, description = "The stored readings; CSV or NDJSON when asked for", body = ReadingsShown), (status = 404, description = "No such meter"), (status = 422, description = "Too long a span")))]
pub(super) async fn readings(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(serial): Path<String>,
    wanted: Result<Query<ReadingsQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let serial = caller.meter(&api, &serial)?.meter.serial;
    let wanted = query(wanted)?;
    let span = Span::new(wanted.from, wanted.to, Timestamp::now())?;
    let register = wanted.register;
    let found: Result<Vec<Reading>, ReadError> = blocking({
        let (readings, serial) = (Readings::new(api.room.store.clone()), serial.clone());
        move || readings.between(&serial, register, span.from, span.to).collect()
    })
    .await?;
    let found = found?.into_iter().filter(|reading| register.holds(reading.value));
    let rows = found.map(|reading| ReadingShown {
        at: reading.at,
        value: reading.value.0,
        quality: reading.quality,
        taken: reading.taken,
    });
    let rows: Vec<ReadingShown> = rows.collect();
    let whole = ReadingsShown {
        serial: &serial,
        register,
        unit: register.unit(),
        readings: &rows,
    };
    Ok(table::answer(Format::of(wanted.format, &headers), &rows, whole))
}

fn optional(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
