//! One meter: a day of half-hours as bars, two weeks of days to go to, its values with time and quality, its own log.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::{Timestamp, ToSpan};

use super::card::Card;
use super::day::{DayQuery, DayShown, Drawn, date_of, day_of, is_missing, kwh, span_of};
use super::error::{HalfHoursError, PageError};
use super::seen::Seen;
use super::tariff::TariffsPart;
use super::{PageState, card as cards};
use crate::accounts::Act;
use crate::domain::{Doubt, Quality, Quantity};
use crate::face::plot::{HalfHourWords, HalfHours, Sheet};
use crate::face::{Page, Shell, SignedIn};
use crate::http::blocking;
use crate::meter::emop::event_log;
use crate::meter::{MeterShown, ValueShown};
use crate::store::ReadError;
use crate::texts::{Texts, named};

/// Entries of the log that are shown.
const EVENTS: usize = 30;
/// The longest value that stands in one line, in characters: a serial does.
const ONE_LINE: usize = 14;
/// Entries that every day brings: two snapshots and their unnamed companion (EMOP §7).
const ROUTINE: [u8; 3] = [38, 39, 52];

#[derive(Template)]
#[template(path = "meter.html", config = ".askama.toml")]
struct MeterPage {
    shell: Shell,
    script: String,
    mark: String,
    row: Card,
    /// Since when it is theirs no more.
    until: Option<String>,
    why: Option<String>,
    progress: Option<String>,
    day: String,
    day_key: String,
    before: Option<String>,
    after: Option<String>,
    /// `None`: nothing of that day is theirs.
    total: Option<String>,
    export: Option<String>,
    gaps: usize,
    plot: String,
    days: Vec<DayShown>,
    values: Vec<ValueRow>,
    events: Vec<EventRow>,
    /// What it charges; of the time of whoever lives there now.
    charges: Option<TariffsPart>,
    /// Whether a balance of it is known, or was.
    is_prepaid: bool,
    /// Whether they may give it codes, and it takes some.
    tops_up: bool,
    /// Top-ups that only a person can end, for whoever runs the box: the id, and when the code was given.
    to_settle: Vec<(String, String)>,
}

struct ValueRow {
    name: &'static str,
    value: String,
    at: String,
    age: String,
    quality: &'static str,
    /// Whether it is too long for one line of a phone.
    long: bool,
}

struct EventRow {
    at: String,
    name: String,
    alarm: bool,
}

/// The page of one meter.
pub(super) async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    Path(serial): Path<String>,
    Query(wanted): Query<DayQuery>,
) -> Result<Response, PageError> {
    let mark = state.room.hall.mark();
    let seen = Arc::new(state.find(&person, &serial)?);
    let (shown, now) = (&seen.shown, person.now);
    let last = date_of(&state, seen.last(now));
    let day = day_of(&wanted, last)?;
    let read = blocking({
        let (state, seen) = (state.clone(), Arc::clone(&seen));
        move || Drawn::read(&state, &seen, (day, last))
    });
    let drawn = read.await??;
    let span = span_of(&state, day, 1).map_err(HalfHoursError::from)?;
    let t = Texts::of(person.language);
    let say = |name| t.say(name).text().to_owned();
    let (title, gap, doubtful) = (
        say(named("plot-half-hours")),
        say(named("plot-gap")),
        say(named("plot-doubtful")),
    );
    let halves = HalfHours {
        from: span.from,
        to: span.to,
        due: now,
        imports: &drawn.import.intervals,
        exports: &[],
        ghost: &[],
        tints: &[],
        words: HalfHourWords {
            unit: "kWh",
            import: "",
            export: "",
            gap: &gap,
            doubtful: &doubtful,
            ghost: "",
        },
    };
    let sheet = Sheet {
        id: "day",
        title: &title,
        told: "",
        t,
        timezone: state.face.timezone(),
    };
    let sees_all = person.must(Act::ReadMeters).is_ok();
    let neighbour = |days: i64| day.checked_add(days.days()).ok().map(|day| day.to_string());
    let prepays = shown
        .value(Quantity::PrepayEnabled)
        .is_some_and(|enabled| enabled == true);
    let charges = match seen.until {
        None => TariffsPart::of(&state, &seen, (sees_all, prepays)).map_err(HalfHoursError::from)?,
        Some(_) => None,
    };
    let page = MeterPage {
        shell: state.face.shell("meters", Some(&person)),
        script: state.face.asset("meters.js"),
        mark,
        row: Card::of(&seen, &state.face),
        until: seen.until.map(|until| state.face.date(until)),
        why: (!shown.health_details.is_empty()).then(|| match sees_all {
            true => shown.health_details.clone(),
            // The details are for whoever runs the box: they can name the way to the meter, and other meters.
            false => "Whoever runs this box can see why.".to_owned(),
        }),
        progress: progress(shown, &state),
        day: day.strftime("%A %-d %B %Y").to_string(),
        day_key: day.to_string(),
        before: neighbour(-1).filter(|_| seen.touches(Timestamp::MIN..span.from)),
        after: neighbour(1).filter(|_| day < last),
        total: seen.touches(span.from..span.to).then(|| kwh(drawn.import.energy())),
        export: (drawn.export.energy() > 0).then(|| kwh(drawn.export.energy())),
        gaps: drawn.import.intervals.iter().filter(|one| is_missing(one, now)).count(),
        plot: sheet.drawn(&halves),
        days: drawn.days,
        values: values(shown, (&state, now), sees_all),
        events: events(&state, &seen).map_err(HalfHoursError::from)?,
        charges,
        is_prepaid: state
            .room
            .has_money(&shown.meter.serial)
            .map_err(HalfHoursError::from)?,
        to_settle: to_settle(&state, &person, &seen).map_err(HalfHoursError::from)?,
        tops_up: person.who().tops_up(&shown.meter.serial, now) && prepays,
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

fn to_settle(state: &PageState, person: &SignedIn, seen: &Seen) -> Result<Vec<(String, String)>, ReadError> {
    if person.must(Act::CommandMeters).is_err() {
        return Ok(Vec::new());
    }
    let open = state.room.topups_to_settle(Some(&seen.shown.meter.serial))?.into_iter();
    Ok(open.map(|topup| (topup.id, state.face.date(topup.made))).collect())
}

fn progress(shown: &MeterShown, state: &PageState) -> Option<String> {
    let progress = shown.half_hours?;
    Some(match progress.open {
        0 => format!(
            "All half-hours that the meter holds are here{}, up to {}.",
            match state.room.erased(&shown.meter.serial) {
                Ok(erased) if erased.is_empty() => "",
                Ok(_) | Err(_) => ", but for those that somebody had erased",
            },
            state.face.time(progress.until)
        ),
        open => format!("{open} half-hours are still to be fetched from the meter; the newest come first."),
    })
}

fn values(shown: &MeterShown, (state, now): (&PageState, Timestamp), sees_all: bool) -> Vec<ValueRow> {
    // What the meter has not is no row; what it said and nobody believes is one.
    let said = |value: &ValueShown| value.quality != Quality::Gap || value.why.is_some_and(|why| why != Doubt::Absent);
    // A line to the wrong meter says the serial of somebody else's.
    let theirs = |quantity: Quantity, value: &ValueShown| match quantity {
        Quantity::MeterSerial => sees_all,
        // They have a part of their own, unless they are none.
        Quantity::TariffsActive | Quantity::TariffsFuture => value.why.is_some(),
        // Settings and signals are for whoever runs the box.
        Quantity::Csq | Quantity::Backlight | Quantity::LoadSwitch => sees_all,
        _ => true,
    };
    let rows = shown
        .values
        .iter()
        .filter(|(quantity, value)| said(value) && theirs(**quantity, value));
    rows.map(|(quantity, value)| {
        let words = match value.why {
            Some(why) => format!("no value: {}", why.words()),
            None => cards::in_words(&value.value, value.unit.as_deref()),
        };
        ValueRow {
            name: cards::name(*quantity),
            long: words.chars().count() > ONE_LINE,
            value: words,
            at: state.face.time(value.at),
            age: cards::age(value.age_s(now)),
            quality: value.quality.name(),
        }
    })
    .collect()
}

fn events(state: &PageState, seen: &Seen) -> Result<Vec<EventRow>, ReadError> {
    let events = state.room.logged(&seen.shown.meter.serial)?;
    let theirs = events.into_iter().rev().filter(|logged| seen.sight.holds(logged.0));
    let told = theirs.filter(|logged| !ROUTINE.contains(&logged.1));
    let rows = told.take(EVENTS).map(|logged| EventRow {
        at: state.face.time(logged.0),
        name: event_log::name(logged.1).map_or_else(
            || format!("Event {}", logged.1),
            |name| name.to_lowercase().replace('_', " "),
        ),
        alarm: event_log::is_alarm(logged.1),
    });
    Ok(rows.collect())
}
