//! A day of a meter's half-hours, for its page and for a spreadsheet, and two weeks of days to go to.

use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::PageState;
use super::error::{HalfHoursError, PageError};
use super::seen::Seen;
use crate::domain::{HALF_HOUR, Interval, Measure, Register, given};
use crate::face::SignedIn;
use crate::http::blocking;
use crate::http::table::{self, Row};
use crate::meter::{Span, Totals};

/// Days that can be gone to at a click.
const DAYS: i64 = 14;

/// A day that can be gone to.
pub(super) struct DayShown {
    pub(super) key: String,
    pub(super) weekday: String,
    pub(super) number: String,
    pub(super) energy: String,
    pub(super) share: u32,
    pub(super) here: bool,
}

#[derive(Deserialize)]
pub(super) struct DayQuery {
    pub(super) day: Option<String>,
}

/// What a page shows of half-hours.
pub(super) struct Drawn {
    pub(super) import: Totals,
    pub(super) export: Totals,
    pub(super) days: Vec<DayShown>,
}

impl Drawn {
    /// The day `day` of a meter, and those up to `last`, as far as they may be seen.
    pub(super) fn read(state: &PageState, seen: &Seen, (day, last): (Date, Date)) -> Result<Drawn, HalfHoursError> {
        let (room, serial) = (&state.room, &seen.shown.meter.serial);
        let registers = room.registers_of(serial, Measure::Import, None)?;
        let exports = room.registers_of(serial, Measure::Export, None)?;
        let read = |registers: Vec<Register>, day: Date| -> Result<Totals, HalfHoursError> {
            let mut totals = room.totals(serial, registers, span_of(state, day, 1)?)?;
            totals.intervals = seen.theirs(totals.intervals);
            Ok(totals)
        };
        let mut energies = Vec::new();
        for back in (0..DAYS).rev() {
            let one = last.checked_sub(back.days())?;
            let span = span_of(state, one, 1)?;
            if !seen.touches(span.from..span.to) {
                continue;
            }
            let totals = read(registers.clone(), one)?;
            let known = totals.intervals.iter().any(|one| one.energy.is_some());
            energies.push((one, known.then(|| totals.energy())));
        }
        let most = energies
            .iter()
            .filter_map(|(_, energy)| *energy)
            .max()
            .unwrap_or(0)
            .max(1);
        let days = energies.into_iter().map(|(one, energy)| DayShown {
            key: one.to_string(),
            weekday: one.strftime("%a").to_string(),
            number: one.strftime("%-d").to_string(),
            energy: energy.map_or_else(|| "no reading".to_owned(), kwh),
            share: energy.map_or(0, |energy| u32::try_from(energy * 100 / most).unwrap_or(100)),
            here: one == day,
        });
        Ok(Drawn {
            import: read(registers, day)?,
            export: read(exports, day)?,
            days: days.collect(),
        })
    }
}

/// The half-hours of a day, for a spreadsheet.
pub(super) async fn csv(
    State(state): State<PageState>,
    person: SignedIn,
    Path(serial): Path<String>,
    Query(wanted): Query<DayQuery>,
) -> Result<Response, PageError> {
    let seen = state.find(&person, &serial)?;
    let day = day_of(&wanted, date_of(&state, seen.last(person.now)))?;
    let serial = seen.shown.meter.serial.clone();
    let read = blocking(move || {
        let serial = &seen.shown.meter.serial;
        let registers = state.room.registers_of(serial, Measure::Import, None)?;
        let totals = state.room.totals(serial, registers, span_of(&state, day, 1)?)?;
        Ok::<_, HalfHoursError>(seen.theirs(totals.intervals))
    });
    // What is not over yet is no gap.
    let over = read.await??.into_iter().filter(|one| is_over(one, person.now));
    let rows: Vec<DayRow> = over.map(DayRow).collect();
    let name = format!("attachment; filename=\"{serial}-{day}.csv\"");
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

pub(super) fn day_of(wanted: &DayQuery, today: Date) -> Result<Date, PageError> {
    wanted.day.as_ref().map_or(Ok(today), |text| Ok(given::day(text)?))
}

/// So many days from the midnight that begins `day` here: 23 or 25 hours long where clocks change.
pub(super) fn span_of(state: &PageState, day: Date, days: i64) -> Result<Span, jiff::Error> {
    let midnight = |day: Date| day.to_zoned(state.face.timezone().clone());
    Ok(Span {
        from: midnight(day)?.timestamp(),
        to: midnight(day.checked_add(days.days())?)?.timestamp(),
    })
}

/// Whether a half-hour has no energy though it is over.
pub(super) fn is_missing(one: &Interval, now: Timestamp) -> bool {
    one.energy.is_none() && is_over(one, now)
}

fn is_over(one: &Interval, now: Timestamp) -> bool {
    one.from.as_second() + HALF_HOUR <= now.as_second()
}

pub(super) fn kwh(watt_hours: u64) -> String {
    format!("{:.2} kWh", watt_hours as f64 / 1_000.0)
}
