//! How a meter is: whether it answers, what it said last and how old that is, and which of its half-hours are here.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use jiff::{Timestamp, ToSpan};

use super::PageState;
use super::asking::Asked;
use super::card::{self as cards, present, state as state_of};
use super::day::{Halves, date_of, span_of};
use super::drawn::{Drawing, by_day};
use super::error::{HalfHoursError, PageError};
use super::figures::due;
use super::seen::Seen;
use super::tabs::{Head, Tab};
use super::used::{Phase, phases};
use crate::accounts::Act;
use crate::domain::{Doubt, Duty, Quality, Quantity};
use crate::face::{Page, Shell, SignedIn};
use crate::http::authority;
use crate::http::blocking;
use crate::meter::ValueShown;
use crate::texts::{Texts, named};

/// Days whose half-hours are looked over.
const DAYS: i64 = 14;
/// A modem's signal as it says it (3GPP TS 27.007 §8.5: 0 to 31): from this on it is good.
const GOOD: u64 = 10;
/// What it says when it does not know.
const UNKNOWN: u64 = 99;
/// What whoever lives there reads of what a meter said: what it counts, and what is left.
const THEIRS: [Quantity; 5] = [
    Quantity::ImportA,
    Quantity::ExportA,
    Quantity::ImportB,
    Quantity::ExportB,
    Quantity::Balance,
];

#[derive(Template)]
#[template(path = "meter_health.html", config = ".askama.toml")]
struct HealthPage {
    shell: Shell,
    head: Head,
    level: &'static str,
    /// The name of the text that says how it is.
    words: &'static str,
    /// How long ago it was heard, and when.
    heard: Option<Aged>,
    /// How far its clock is off, in words, and when that was compared.
    clock: Option<(String, Aged)>,
    /// The class of the signal, the name of its text, the number.
    signal: Option<(&'static str, &'static str, u64)>,
    voltage: Option<String>,
    phases: Vec<Phase>,
    /// Half-hours that are still to be fetched; and up to when all are here.
    open: Option<u32>,
    until: Option<String>,
    /// Whether somebody had some erased.
    erased: bool,
    values: Vec<ValueRow>,
    beats: Option<String>,
    /// What a form carries that has it asked anew, for whoever may and where it is asked at all.
    asks: Option<String>,
    /// It was just asked for.
    asked: bool,
    /// Where this box is, as whoever asks writes it.
    base: String,
}

/// How long ago something was, and when exactly.
pub(super) struct Aged {
    pub(super) ago: String,
    pub(super) at: String,
}

impl Aged {
    pub(super) fn of(state: &PageState, t: Texts, at: Timestamp, now: Timestamp) -> Aged {
        Aged {
            ago: t.ago(now.duration_since(at).as_secs()).text().to_owned(),
            at: state.face.time_in(t, at),
        }
    }
}

/// A value that the meter said.
pub(super) struct ValueRow {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) age: Aged,
    /// What there is to know beside it, when it was not just measured.
    pub(super) but: Option<String>,
}

/// The page.
pub(super) async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    Path(serial): Path<String>,
    Query(Asked { asked }): Query<Asked>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let seen = Arc::new(state.find(&person, &serial)?);
    let (shown, now) = (&seen.shown, person.now);
    let t = Texts::of(person.language);
    let days = match seen.until {
        Some(_) => None,
        None => {
            let (state, seen) = (state.clone(), Arc::clone(&seen));
            Some(blocking(move || lately(&state, &seen, now)).await??)
        }
    };
    let drawing = Drawing {
        t,
        timezone: state.face.timezone(),
        due: due(now),
        catching_up: false,
    };
    let clock = shown.values.get(&Quantity::ClockDrift).filter(|_| seen.sees_all);
    let (level, words) = state_of(shown);
    let aged = |at: Timestamp| Aged::of(&state, t, at, now);
    let page = HealthPage {
        shell: state.face.shell("meters", Some(&person)),
        head: Head::of(&state, &person, &seen, Tab::Health)?,
        asks: (person.must(Act::CommandMeters).is_ok() && shown.duty == Duty::Polled).then(|| person.csrf.token()),
        asked: asked.is_some(),
        base: authority::base(&uri, &headers),
        level,
        words,
        heard: shown.answered.map(aged),
        clock: clock
            .filter(|value| value.quality != Quality::Gap)
            .map(|value| (cards::in_words(&value.value, value.unit.as_deref()), aged(value.at))),
        signal: signal(&seen),
        voltage: present(shown, Quantity::Voltage).filter(|_| seen.sees_all),
        phases: if seen.sees_all { phases(&seen) } else { Vec::new() },
        open: shown.half_hours.map(|progress| progress.open),
        until: shown.half_hours.map(|progress| state.face.time_in(t, progress.until)),
        erased: !matches!(state.room.erased(&shown.meter.serial), Ok(erased) if erased.is_empty()),
        values: values(&seen, (&state, t, now), |quantity| match seen.sees_all {
            true => !SETTINGS.contains(&quantity),
            false => THEIRS.contains(&quantity),
        }),
        beats: days.map(|days| drawing.beats(&days)),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// What belongs to the settings.
pub(super) const SETTINGS: [Quantity; 9] = [
    Quantity::TariffsActive,
    Quantity::TariffsFuture,
    Quantity::PrepayEnabled,
    Quantity::DaylightSavings,
    Quantity::Backlight,
    Quantity::LoadSwitch,
    Quantity::Hardware,
    Quantity::MeterSerial,
    Quantity::FirmwareVersion,
];

type Days = Vec<(jiff::civil::Date, Vec<crate::domain::Interval>)>;

fn lately(state: &PageState, seen: &Seen, now: Timestamp) -> Result<Days, HalfHoursError> {
    let last = date_of(state, now);
    let first = last.checked_sub((DAYS - 1).days())?;
    let halves = Halves::read(state, seen, span_of(state, first, last.tomorrow()?)?)?;
    let mut days = by_day(&halves.import, (first, last), state.face.timezone());
    // The newest is what is looked for; what is of others is no row.
    days.retain(|(_, halves)| !halves.is_empty());
    days.reverse();
    Ok(days)
}

/// The signal of a meter that said it lately.
fn signal(seen: &Seen) -> Option<(&'static str, &'static str, u64)> {
    if !seen.sees_all {
        return None;
    }
    let value = seen.shown.values.get(&Quantity::Csq)?;
    let number = seen.shown.value(Quantity::Csq)?.as_u64()?;
    (value.quality != Quality::Stale && number != UNKNOWN).then(|| match number {
        GOOD.. => ("good", named("meter-signal-good"), number),
        _ => ("warn", named("meter-signal-weak"), number),
    })
}

/// What the meter said of the quantities that are wanted.
pub(super) fn values(
    seen: &Seen,
    (state, t, now): (&PageState, Texts, Timestamp),
    wanted: impl Fn(Quantity) -> bool,
) -> Vec<ValueRow> {
    // What the meter has not is no row; what it said and nobody believes is one.
    let said = |value: &ValueShown| value.quality != Quality::Gap || value.why.is_some_and(|why| why != Doubt::Absent);
    let rows = seen.shown.values.iter();
    let rows = rows.filter(|(quantity, value)| said(value) && wanted(**quantity));
    rows.map(|(quantity, value)| ValueRow {
        name: cards::name(*quantity),
        value: match value.why {
            Some(why) => t.say1("meter-no-value", "why", why.words()).text().to_owned(),
            None => cards::in_words(&value.value, value.unit.as_deref()),
        },
        age: Aged::of(state, t, value.at, now),
        but: but(value, (state, t)),
    })
    .collect()
}

/// What there is to know of a value that is not just measured.
fn but(value: &ValueShown, (state, t): (&PageState, Texts)) -> Option<String> {
    let said = match value.quality {
        Quality::Measured | Quality::Gap => return None,
        Quality::Estimated => t.say("meter-estimated"),
        Quality::Stale => t.say1("meter-stale", "time", state.face.time_in(t, value.at)),
    };
    Some(said.text().to_owned())
}
