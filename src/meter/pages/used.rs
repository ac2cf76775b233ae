//! What a meter took and gave back: a day, a week, a month or a year of it in numbers and plots, with the way to others.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::PageState;
use super::card::Card;
use super::day::{DayQuery, Halves, date_of, kwh, span_of};
use super::drawn::{Drawing, Part, by_day};
use super::error::{HalfHoursError, PageError};
use super::figures::{doubtful, due, gaps, night_base, peak, sum};
use super::seen::Seen;
use super::stretch::{Kind, Stretch};
use super::tabs::{Head, Tab};
use crate::domain::{Interval, Quantity};
use crate::face::{Page, Shell, SignedIn};
use crate::http::blocking;
use crate::meter::Span;
use crate::texts::Texts;

/// Days that can be gone to at a click, and those that are seen at a glance.
const DAYS: i64 = 14;
const GLANCE: i64 = 60;

#[derive(Template)]
#[template(path = "meter.html", config = ".askama.toml")]
struct UsePage {
    shell: Shell,
    head: Head,
    script: String,
    mark: String,
    row: Card,
    phases: Vec<Phase>,
    /// What is shown, and the ways to more and less of it.
    stretch: String,
    kinds: Vec<KindShown>,
    before: Option<String>,
    after: Option<String>,
    csv: String,
    figures: Option<Figures>,
    plots: Vec<PlotShown>,
    /// Whether a balance of it is known, or was.
    is_prepaid: bool,
    /// Whether they may give it codes, and it takes some.
    tops_up: bool,
}

struct KindShown {
    address: String,
    text: &'static str,
    here: bool,
}

/// The voltage of a phase.
pub(super) struct Phase {
    pub(super) name: &'static str,
    pub(super) volts: f64,
    pub(super) words: String,
}

/// What the half-hours come to.
struct Figures {
    import: String,
    export: Option<String>,
    peak: Option<(String, String)>,
    night: Option<u64>,
    gaps: usize,
    doubtful: usize,
}

struct PlotShown {
    title: String,
    html: String,
    /// Where its numbers are, when no table stands below it.
    csv: Option<String>,
}

/// What was read for a page.
struct Read {
    halves: Halves,
    /// The half-hours of the parts that stand beside it, from the first on.
    around: Vec<Interval>,
    before: Vec<Interval>,
    last: Option<Interval>,
}

/// The page.
pub(super) async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    Path(serial): Path<String>,
    Query(wanted): Query<DayQuery>,
) -> Result<Response, PageError> {
    let mark = state.room.hall.mark();
    let seen = Arc::new(state.find(&person, &serial)?);
    let (shown, now) = (&seen.shown, person.now);
    let serial = &shown.meter.serial;
    let last = date_of(&state, seen.last(now));
    let (day, stretch) = wanted.stretch(last)?;
    let asked = (stretch, last, now);
    let read = blocking({
        let (state, seen) = (state.clone(), Arc::clone(&seen));
        move || Read::of(&state, &seen, asked)
    });
    let read = read.await??;
    let t = Texts::of(person.language);
    let drawing = Drawing {
        t,
        timezone: state.face.timezone(),
        due: due(now),
        catching_up: shown.half_hours.is_some_and(|progress| progress.open > 0),
    };
    let at = |kind: Kind, day: Date| match kind {
        Kind::Day => format!("/energy/{serial}?day={day}"),
        _ => format!("/energy/{serial}?span={}&day={day}", kind.key()),
    };
    let kinds = Kind::ALL.into_iter().map(|kind| KindShown {
        address: at(kind, day.min(last)),
        text: kind.text(),
        here: kind == stretch.kind,
    });
    let span = span_of(&state, stretch.first, stretch.end).map_err(HalfHoursError::from)?;
    let is_theirs = seen.touches(span.from..span.to);
    let csv = match stretch.kind {
        Kind::Day => format!("/energy/{serial}/half-hours.csv?day={day}"),
        kind => format!("/energy/{serial}/half-hours.csv?span={}&day={day}", kind.key()),
    };
    let mut row = Card::of(&seen, (&state.face, t), now);
    if let (false, Some(energy), None) = (row.is_now, read.last.and_then(|one| one.energy), seen.until) {
        row.energy = t.say1("meter-register", "value", row.power).text().to_owned();
        row.power = t.say1("meter-last-half", "energy", kwh(energy.0)).text().to_owned();
    }
    let plots = plots(&state, (&seen, &drawing), (stretch, day, last), &read, &csv)?;
    let page = UsePage {
        shell: state.face.shell("meters", Some(&person)),
        head: Head::of(&state, &person, &seen, Tab::Use)?,
        script: state.face.asset("meters.js"),
        mark,
        row,
        phases: if seen.sees_all { phases(&seen) } else { Vec::new() },
        stretch: stretch.name(t),
        kinds: kinds.collect(),
        before: stretch
            .before()
            .filter(|_| seen.touches(Timestamp::MIN..span.from))
            .map(|day| at(stretch.kind, day)),
        after: (stretch.end <= last).then(|| at(stretch.kind, stretch.end)),
        csv,
        figures: is_theirs.then(|| figures(&read.halves, &drawing, stretch.kind)),
        plots: if is_theirs { plots } else { Vec::new() },
        is_prepaid: state.room.has_money(serial).map_err(HalfHoursError::from)?,
        tops_up: person.who().tops_up(serial, now)
            && shown.value(Quantity::PrepayEnabled).is_some_and(|on| *on == true),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

impl Read {
    fn of(
        state: &PageState,
        seen: &Seen,
        (stretch, last, now): (Stretch, Date, Timestamp),
    ) -> Result<Read, HalfHoursError> {
        let back = |day: Date, days: i64| day.checked_sub(days.days());
        // What is to come has no half-hours.
        let end = stretch.end.min(last.tomorrow()?).max(stretch.first.tomorrow()?);
        let halves = Halves::read(state, seen, span_of(state, stretch.first, stretch.end)?)?;
        let around = match stretch.kind {
            Kind::Day => Some((back(last, DAYS - 1)?, last.tomorrow()?)),
            Kind::Month => Some((back(end, GLANCE)?, end)),
            Kind::Week | Kind::Year => None,
        };
        let around = match around {
            Some((from, to)) => Halves::read(state, seen, span_of(state, from, to)?)?.import,
            None => halves.import.clone(),
        };
        let before = match stretch.kind {
            Kind::Day => {
                let before = span_of(state, stretch.first.yesterday()?, stretch.first)?;
                Halves::read(state, seen, before)?.import
            }
            _ => Vec::new(),
        };
        let hours = |hours| now.saturating_sub(SignedDuration::from_hours(hours));
        let lately = Span {
            from: hours(3)?,
            to: now,
        };
        let lately = Halves::read(state, seen, lately)?.import;
        Ok(Read {
            last: lately.into_iter().rfind(|one| one.energy.is_some()),
            halves,
            around,
            before,
        })
    }
}

fn plots(
    state: &PageState,
    (seen, drawing): (&Seen, &Drawing<'_>),
    (stretch, day, last): (Stretch, Date, Date),
    read: &Read,
    csv: &str,
) -> Result<Vec<PlotShown>, PageError> {
    let say = |name: &str| drawing.t.say(name).text().to_owned();
    let serial = &seen.shown.meter.serial;
    let span = |from, to| span_of(state, from, to).map_err(HalfHoursError::from);
    let mut plots = Vec::new();
    if matches!(stretch.kind, Kind::Day | Kind::Week) {
        plots.push(PlotShown {
            title: say("plot-half-hours"),
            html: drawing.halves(span(stretch.first, stretch.end)?, &read.halves, (&read.before, csv)),
            csv: None,
        });
    }
    let (first, end) = match stretch.kind {
        Kind::Day => (last.checked_sub((DAYS - 1).days()).unwrap_or(last), last),
        _ => (stretch.first, stretch.last().min(last)),
    };
    let mut parts: Vec<Part> = Vec::new();
    for (date, halves) in by_day(&read.around, (first, end), drawing.timezone) {
        let whole = span(date, date.tomorrow().unwrap_or(date))?;
        if halves.is_empty() || !seen.touches(whole.from..whole.to) {
            continue;
        }
        match parts.last_mut() {
            Some(part) if stretch.kind == Kind::Year && part.first.month() == date.month() => {
                part.halves.extend(halves)
            }
            _ => parts.push(Part {
                address: match stretch.kind {
                    Kind::Year => format!("/energy/{serial}?span=month&day={date}"),
                    _ => format!("/energy/{serial}?day={date}"),
                },
                here: stretch.kind == Kind::Day && date == day,
                first: date,
                halves,
            }),
        }
    }
    plots.push(PlotShown {
        title: match stretch.kind {
            Kind::Year => say("meter-months"),
            _ => say("meter-days"),
        },
        html: drawing.parts(stretch.kind, &parts),
        csv: None,
    });
    if stretch.kind == Kind::Month {
        let from = end.checked_sub((GLANCE - 1).days()).unwrap_or(end);
        let mut days = by_day(&read.around, (from, end), drawing.timezone);
        days.retain(|(_, halves)| !halves.is_empty());
        plots.push(PlotShown {
            title: drawing.t.say1("meter-heat", "count", days.len()).text().to_owned(),
            html: drawing.heat(&days),
            csv: Some(csv.to_owned()),
        });
    }
    Ok(plots)
}

fn figures(halves: &Halves, drawing: &Drawing<'_>, kind: Kind) -> Figures {
    let when = |at: Timestamp| {
        let here = at.to_zoned(drawing.timezone.clone());
        let clock = here.strftime("%H:%M").to_string();
        match kind {
            Kind::Day => clock,
            _ => format!("{} {clock}", drawing.t.day(here.date())),
        }
    };
    Figures {
        import: sum(&halves.import).map_or_else(|| drawing.gap(), kwh),
        export: sum(&halves.export).filter(|_| halves.gives_back()).map(kwh),
        peak: peak(&halves.import).map(|(at, energy)| (kwh(energy), when(at))),
        night: night_base(&halves.import, drawing.timezone),
        gaps: gaps(&halves.import, drawing.due),
        doubtful: doubtful(&halves.import),
    }
}

/// The voltages of three phases, as far as they are so now.
pub(super) fn phases(seen: &Seen) -> Vec<Phase> {
    let all = [
        ("L1", Quantity::VoltageL1),
        ("L2", Quantity::VoltageL2),
        ("L3", Quantity::VoltageL3),
    ];
    let known = all.into_iter().filter_map(|(name, quantity)| {
        let words = super::card::present(&seen.shown, quantity)?;
        let volts = seen.shown.value(quantity)?.as_f64()?;
        Some(Phase { name, volts, words })
    });
    known.collect()
}
