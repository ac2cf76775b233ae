//! A meter's half-hours as its page and spreadsheets take them.

use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::PageState;
use super::error::{HalfHoursError, PageError};
use super::seen::Seen;
use super::stretch::{Kind, Stretch};
use crate::domain::{HALF_HOUR, Interval, Measure, MeterId, given};
use crate::face::SignedIn;
use crate::http::blocking;
use crate::http::table::{self, Row};
use crate::meter::Span;
use crate::meter::energy::LONGEST;

#[derive(Deserialize)]
pub(super) struct DayQuery {
    pub(super) day: Option<String>,
    /// How much around it: `day` where nothing is said, `week`, `month` or `year`.
    pub(super) span: Option<String>,
}

impl DayQuery {
    /// What is asked for; without a day, what `last` lies in.
    pub(super) fn stretch(&self, last: Date) -> Result<(Date, Stretch), PageError> {
        let kind = Kind::asked(self.span.as_deref())
            .ok_or_else(|| PageError::Stretch(self.span.clone().unwrap_or_default()))?;
        let day = self.day.as_ref().map_or(Ok(last), |text| given::day(text))?;
        let stretch = Stretch::of(kind, day).ok_or_else(|| given::GivenError::Day(day.to_string()))?;
        Ok((day, stretch))
    }
}

/// Half-hours in and out, as far as they may be seen.
#[derive(Default)]
pub(super) struct Halves {
    pub(super) import: Vec<Interval>,
    pub(super) export: Vec<Interval>,
}

impl Halves {
    /// Those from one midnight to another. Reads the disk: a thread that may block.
    pub(super) fn read(state: &PageState, seen: &Seen, span: Span) -> Result<Halves, HalfHoursError> {
        let (room, serial) = (&state.room, &seen.shown.meter.serial);
        let read = |measure| -> Result<Vec<Interval>, HalfHoursError> {
            let registers = room.registers_of(serial, measure, None)?;
            Ok(seen.theirs(room.totals(serial, registers, span)?.intervals))
        };
        let (mut import, mut export) = (read(Measure::Import)?, read(Measure::Export)?);
        let unknown = import.iter().take_while(|one| one.energy.is_none()).count();
        let is_coming = seen.shown.half_hours.is_some_and(|progress| progress.open > 0);
        // What was before anything was known of the meter is no gap: nobody waits for it.
        if unknown > 0 && !is_coming && !Halves::is_known_before(state, serial, span.from)? {
            import.drain(..unknown);
            let first = import.first().map(|one| one.from);
            export.retain(|one| first.is_some_and(|first| one.from >= first));
        }
        Ok(Halves { import, export })
    }

    /// Whether anything is known of a meter before a moment, as far back as anybody looks.
    fn is_known_before(state: &PageState, serial: &MeterId, moment: Timestamp) -> Result<bool, HalfHoursError> {
        let registers = state.room.registers_of(serial, Measure::Import, None)?;
        let span = Span {
            from: moment.saturating_sub(LONGEST)?,
            to: moment,
        };
        let before = state.room.totals(serial, registers, span)?;
        Ok(before.intervals.iter().any(|one| one.energy.is_some()))
    }

    /// Whether anything went out.
    pub(super) fn gives_back(&self) -> bool {
        self.export
            .iter()
            .any(|one| one.energy.is_some_and(|energy| energy.0 > 0))
    }
}

/// The half-hours of a day, week, month or year, for a spreadsheet.
pub(super) async fn csv(
    State(state): State<PageState>,
    person: SignedIn,
    Path(serial): Path<String>,
    Query(wanted): Query<DayQuery>,
) -> Result<Response, PageError> {
    let seen = state.find(&person, &serial)?;
    let (_, stretch) = wanted.stretch(date_of(&state, seen.last(person.now)))?;
    let span = span_of(&state, stretch.first, stretch.end).map_err(HalfHoursError::from)?;
    let serial = seen.shown.meter.serial.clone();
    let read = blocking(move || {
        let serial = &seen.shown.meter.serial;
        let registers = state.room.registers_of(serial, Measure::Import, None)?;
        let totals = state.room.totals(serial, registers, span)?;
        Ok::<_, HalfHoursError>(seen.theirs(totals.intervals))
    });
    // What is not over yet is no gap.
    let over = read.await??.into_iter().filter(|one| is_over(one, person.now));
    let rows: Vec<DayRow> = over.map(DayRow).collect();
    let days = match stretch.kind {
        Kind::Day => stretch.first.to_string(),
        _ => format!("{}-{}", stretch.first, stretch.last()),
    };
    let name = format!("attachment; filename=\"{serial}-{days}.csv\"");
    Ok((
        [
            (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (CONTENT_DISPOSITION, name),
        ],
        table::csv(&rows),
    )
        .into_response())
}

/// A half-hour in a spreadsheet.
struct DayRow(Interval);

impl Row for DayRow {
    const COLUMNS: &str = "from,kWh,quality";

    fn fields(&self) -> Vec<String> {
        let DayRow(one) = self;
        let energy = one.energy.map(|energy| format!("{:.3}", energy.0 as f64 / 1_000.0));
        let quality = one.quality.name().to_owned();
        vec![one.from.to_string(), energy.unwrap_or_default(), quality]
    }
}

/// The day of a moment here.
pub(super) fn date_of(state: &PageState, at: Timestamp) -> Date {
    at.to_zoned(state.face.timezone().clone()).date()
}

/// From the midnight that begins `from` here to the one that begins `to`: a day of 23 or 25 hours where clocks change.
pub(super) fn span_of(state: &PageState, from: Date, to: Date) -> Result<Span, jiff::Error> {
    let midnight = |day: Date| day.to_zoned(state.face.timezone().clone());
    Ok(Span {
        from: midnight(from)?.timestamp(),
        to: midnight(to)?.timestamp(),
    })
}

fn is_over(one: &Interval, now: Timestamp) -> bool {
    one.from.as_second() + HALF_HOUR <= now.as_second()
}

pub(super) fn kwh(watt_hours: u64) -> String {
    format!("{:.2} kWh", watt_hours as f64 / 1_000.0)
}
