//! `/energy/load.csv`: the building's energy of a day, for a spreadsheet.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::StartState;
use super::tiles::span_of;
use crate::accounts::Act;
use crate::domain::{HALF_HOUR, given};
use crate::face::SignedIn;
use crate::http::table::{self, Row};
use crate::http::{Problem, blocking};
use crate::meter::house::HalfHourLoad;

#[derive(Deserialize)]
pub(super) struct Wanted {
    /// Absent: today.
    day: Option<String>,
}

/// A half-hour in a spreadsheet.
struct LoadRow(Timestamp, HalfHourLoad);

impl Row for LoadRow {
    const COLUMNS: &str = "from,used_kWh,given_kWh,made_kWh,meters_known,meters_missing";

    fn fields(&self) -> Vec<String> {
        let kwh = |watt_hours: u64| format!("{:.3}", watt_hours as f64 / 1_000.0);
        let LoadRow(from, load) = self;
        vec![
            from.to_string(),
            kwh(load.used),
            kwh(load.given),
            kwh(load.made),
            load.known.to_string(),
            load.missing.to_string(),
        ]
    }
}

/// The half-hours of the day that are over.
pub(super) async fn csv(
    State(state): State<StartState>,
    person: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Response> {
    person.must(Act::ReadMeters).map_err(IntoResponse::into_response)?;
    let nothing = || Problem::new(StatusCode::NOT_FOUND, "no-meters", "There are no meters here").into_response();
    let room = state.start.meters.clone().ok_or_else(nothing)?;
    let now = person.now.to_zoned(state.face.timezone().clone());
    let day = match &wanted.day {
        None => now.date(),
        Some(text) => given::day(text).map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST, "no-day", "That is no day")
                .detail(error.to_string())
                .into_response()
        })?,
    };
    let span = span_of(day, now.time_zone()).ok_or_else(nothing)?;
    let read = blocking(move || room.load(span));
    let broken = |error: &dyn std::error::Error| {
        tracing::error!(%error, "the building's energy cannot be read");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    };
    let load = read
        .await
        .map_err(|error| broken(&error))?
        .map_err(|error| broken(&error))?;
    let begins = |place: usize| {
        let after = SignedDuration::from_secs(HALF_HOUR * i64::try_from(place).unwrap_or(0));
        span.from.saturating_add(after).unwrap_or(span.to)
    };
    let all = load
        .half_hours
        .iter()
        .enumerate()
        .map(|(place, one)| LoadRow(begins(place), *one));
    let over = all.filter(|row| row.0.as_second() + HALF_HOUR <= person.now.as_second());
    let rows: Vec<LoadRow> = over.collect();
    let name = format!("attachment; filename=\"load-{day}.csv\"");
    Ok((
        [
            (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (CONTENT_DISPOSITION, name),
        ],
        table::csv(&rows),
    )
        .into_response())
}
