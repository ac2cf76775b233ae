//! One meter: a day of half-hours as bars, two weeks of days to go to, its values with time and quality, its own log.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::card::Card;
use super::plot::Plot;
use super::{Desk, card as cards};
use crate::domain::{Interval, Measure, MeterId, Quality};
use crate::face::{Page, Shell, SignedIn};
use crate::meter::emop::event_log;
use crate::meter::{MeterShown, MetersError, Span, Totals};
use crate::store::ReadError;

/// Days that can be gone to at a click.
const DAYS: i64 = 14;
/// Entries of the log that are shown.
const EVENTS: usize = 30;
/// Entries that every day brings: two snapshots and their unnamed companion (`spec/emop.md` section 7).
const ROUTINE: [u8; 3] = [38, 39, 52];

#[derive(Template)]
#[template(path = "meter.html", config = ".askama.toml")]
struct MeterPage {
    shell: Shell,
    script: String,
    mark: String,
    row: Card,
    why: Option<String>,
    progress: Option<String>,
    day: String,
    day_key: String,
    before: Option<String>,
    after: Option<String>,
    total: String,
    export: Option<String>,
    gaps: usize,
    plot: String,
    days: Vec<DayShown>,
    values: Vec<ValueRow>,
    events: Vec<EventRow>,
}

/// A day that can be gone to.
struct DayShown {
    key: String,
    weekday: String,
    number: String,
    energy: String,
    share: u32,
    here: bool,
}

struct ValueRow {
    name: &'static str,
    value: String,
    at: String,
    quality: &'static str,
}

struct EventRow {
    at: String,
    name: String,
    alarm: bool,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    day: Option<String>,
}

/// The meter of this page, when the person may see it. Whose it is not learns nothing of it.
fn find(desk: &Desk, person: &SignedIn, serial: &str) -> Result<MeterShown, Refused> {
    let serial: MeterId = serial.parse().map_err(|_| Refused::Unknown)?;
    if !person.sees(&serial) {
        return Err(Refused::Unknown);
    }
    desk.room.show(&serial).map_err(|_| Refused::Unknown)
}

/// The page of one meter.
pub(super) async fn show(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(serial): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refused> {
    let mark = desk.room.hall.mark();
    let shown = find(&desk, &person, &serial)?;
    let today = Timestamp::now().to_zoned(desk.face.timezone().clone()).date();
    let day = day_of(&wanted, today)?;
    let read = tokio::task::spawn_blocking({
        let (desk, serial) = (desk.clone(), shown.meter.serial.clone());
        move || Drawn::read(&desk, &serial, day, today)
    });
    let drawn = read.await.map_err(|_| Refused::Stopped)??;
    let span = span_of(&desk, day, 1).map_err(Unread::from)?;
    let plot = Plot {
        intervals: &drawn.import.intervals,
        from: span.from,
        to: span.to,
        now: Timestamp::now(),
        timezone: desk.face.timezone(),
    };
    let neighbour = |days: i64| day.checked_add(days.days()).ok().map(|day| day.to_string());
    let page = MeterPage {
        shell: desk.face.shell("meters", Some(&person)),
        script: desk.face.asset("meters.js"),
        mark,
        row: Card::of(&shown, &desk.face),
        why: (!shown.health_details.is_empty()).then(|| shown.health_details.clone()),
        progress: progress(&shown, &desk),
        day: day.strftime("%A %-d %B %Y").to_string(),
        day_key: day.to_string(),
        before: neighbour(-1),
        after: neighbour(1).filter(|_| day < today),
        total: kwh(drawn.import.energy()),
        export: (drawn.export.energy() > 0).then(|| kwh(drawn.export.energy())),
        gaps: drawn.import.intervals.iter().filter(|one| is_missing(one)).count(),
        plot: plot.svg(),
        days: drawn.days,
        values: values(&shown, &desk),
        events: events(&desk, &shown.meter.serial).map_err(Unread::from)?,
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// Why half-hours cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    /// The meter went meanwhile.
    #[error(transparent)]
    Room(#[from] MetersError),
    /// The book cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is no such day.
    #[error(transparent)]
    Calendar(#[from] jiff::Error),
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// There is no such meter, or it is somebody else's.
    #[error("There is no such meter.")]
    Unknown,
    /// The day is none.
    #[error("A day is written as 2026-02-10.")]
    Day,
    /// The box stops.
    #[error("The box is stopping.")]
    Stopped,
    /// It could not be read.
    #[error("That could not be read, and the fault is ours.")]
    Unread(#[from] Unread),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match &self {
            Refused::Unknown => StatusCode::NOT_FOUND,
            Refused::Day => StatusCode::BAD_REQUEST,
            Refused::Stopped => StatusCode::SERVICE_UNAVAILABLE,
            Refused::Unread(error) => {
                tracing::error!(%error, "a page of a meter could not be read");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        (status, format!("{self}\n")).into_response()
    }
}

/// What a page shows of half-hours.
struct Drawn {
    import: Totals,
    export: Totals,
    days: Vec<DayShown>,
}

impl Drawn {
    fn read(desk: &Desk, serial: &MeterId, day: Date, today: Date) -> Result<Drawn, Unread> {
        let room = &desk.room;
        let registers = room.registers_of(serial, Measure::Import, None)?;
        let exports = room.registers_of(serial, Measure::Export, None)?;
        let span = span_of(desk, day, 1)?;
        let mut energies = Vec::new();
        for back in (0..DAYS).rev() {
            let one = today.checked_sub(back.days())?;
            let totals = room.totals(serial, registers.clone(), span_of(desk, one, 1)?)?;
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
            import: room.totals(serial, registers, span)?,
            export: room.totals(serial, exports, span)?,
            days: days.collect(),
        })
    }
}

/// The half-hours of a day, for a spreadsheet.
pub(super) async fn csv(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(serial): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refused> {
    let shown = find(&desk, &person, &serial)?;
    let today = Timestamp::now().to_zoned(desk.face.timezone().clone()).date();
    let day = day_of(&wanted, today)?;
    let serial = shown.meter.serial;
    let read = tokio::task::spawn_blocking({
        let (desk, serial) = (desk.clone(), serial.clone());
        move || {
            let registers = desk.room.registers_of(&serial, Measure::Import, None)?;
            Ok::<_, Unread>(desk.room.totals(&serial, registers, span_of(&desk, day, 1)?)?)
        }
    });
    let totals = read.await.map_err(|_| Refused::Stopped)??;
    let mut text = String::from("from,kWh,quality\r\n");
    for one in totals.intervals {
        let energy = one
            .energy
            .map_or_else(String::new, |energy| format!("{:.3}", energy.0 as f64 / 1_000.0));
        let quality = quality(one.quality);
        text.push_str(&format!("{},{energy},{quality}\r\n", one.from));
    }
    let name = format!("attachment; filename=\"{serial}-{day}.csv\"");
    Ok((
        [
            (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (CONTENT_DISPOSITION, name),
        ],
        text,
    )
        .into_response())
}

fn day_of(wanted: &Wanted, today: Date) -> Result<Date, Refused> {
    wanted
        .day
        .as_ref()
        .map_or(Ok(today), |text| text.parse().map_err(|_| Refused::Day))
}

/// So many days from the midnight that begins `day` here: 23 or 25 hours long where clocks change.
fn span_of(desk: &Desk, day: Date, days: i64) -> Result<Span, jiff::Error> {
    let midnight = |day: Date| day.to_zoned(desk.face.timezone().clone());
    Ok(Span {
        from: midnight(day)?.timestamp(),
        to: midnight(day.checked_add(days.days())?)?.timestamp(),
    })
}

/// Whether a half-hour has no energy though it is over.
fn is_missing(one: &Interval) -> bool {
    one.energy.is_none() && one.from.as_second() + crate::domain::HALF_HOUR <= Timestamp::now().as_second()
}

fn progress(shown: &MeterShown, desk: &Desk) -> Option<String> {
    let progress = shown.half_hours?;
    Some(match progress.open {
        0 => format!(
            "All half-hours that the meter holds are here, up to {}.",
            desk.face.time(progress.until)
        ),
        open => format!("{open} half-hours are still to be fetched from the meter; the newest come first."),
    })
}

fn values(shown: &MeterShown, desk: &Desk) -> Vec<ValueRow> {
    let rows = shown.values.iter().filter(|(_, value)| value.quality != Quality::Gap);
    rows.map(|(quantity, value)| ValueRow {
        name: cards::name(*quantity),
        value: cards::in_words(&value.value, value.unit.as_deref()),
        at: desk.face.time(value.at),
        quality: quality(value.quality),
    })
    .collect()
}

fn events(desk: &Desk, serial: &MeterId) -> Result<Vec<EventRow>, ReadError> {
    let events = desk.room.logged(serial)?;
    let told = events.into_iter().rev().filter(|logged| !ROUTINE.contains(&logged.1));
    let rows = told.take(EVENTS).map(|logged| EventRow {
        at: desk.face.time(logged.0),
        name: event_log::name(logged.1).map_or_else(
            || format!("Event {}", logged.1),
            |name| name.to_lowercase().replace('_', " "),
        ),
        alarm: event_log::is_alarm(logged.1),
    });
    Ok(rows.collect())
}

fn quality(quality: Quality) -> &'static str {
    match quality {
        Quality::Measured => "measured",
        Quality::Estimated => "estimated",
        Quality::Stale => "stale",
        Quality::Gap => "gap",
    }
}

fn kwh(watt_hours: u64) -> String {
    format!("{:.2} kWh", watt_hours as f64 / 1_000.0)
}
