//! All meters that somebody may see, in one table: what each does now, did today and in two weeks, has left, and how well
//! it is heard. Searched, sorted and cut to pages before anything is read of the disk.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::PageState;
use super::card::{self, Card};
use super::day::{date_of, span_of};
use super::error::{HalfHoursError, PageError};
use super::live::hears;
use super::seen::Seen;
use super::spark::spark;
use crate::accounts::Act;
use crate::domain::{MeterId, Quantity};
use crate::face::{Page, Shell, SignedIn};
use crate::http::blocking;
use crate::meter::Span;
use crate::meter::emop::Money;
use crate::texts::{Said, Texts};

/// Rows of one page: fewer bytes than people wait for.
const ROWS: usize = 50;
/// Days of the small picture in a row, today among them.
const DAYS: i64 = 14;

#[derive(Template)]
#[template(path = "energy.html", config = ".askama.toml")]
struct EnergyPage {
    shell: Shell,
    script: String,
    /// Whether anything on it can change.
    live: bool,
    mark: String,
    rows: Vec<RowShown>,
    wanted: Wanted,
    feeders: Vec<String>,
    /// How many answer, and how many do not.
    healthy: usize,
    silent: usize,
    /// How many there are in all, and how many fit what is wanted.
    all: usize,
    found: usize,
    /// The pages before and after this one.
    before: Option<String>,
    after: Option<String>,
    /// What the rows of this page come to: power now and energy today.
    sum: (Option<String>, Option<String>),
    /// Whether they may add meters.
    adds: bool,
    /// Whether more than their own is seen.
    sees_all: bool,
    has_balances: bool,
    to_settle: Vec<(MeterId, String, String)>,
}

/// What somebody wants to see of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// A part of a name, a serial or a feeder.
    q: String,
    /// `worst`, `name`, `power` or `balance`.
    sort: String,
    /// `silent`, `gaps` or `low`.
    only: String,
    feeder: String,
    page: usize,
}

impl Wanted {
    /// The address of another page of the same.
    fn address(&self, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (key, value) in [
            ("q", &self.q),
            ("sort", &self.sort),
            ("only", &self.only),
            ("feeder", &self.feeder),
        ] {
            if !value.is_empty() {
                query.append_pair(key, value);
            }
        }
        query.append_pair("page", &page.to_string());
        format!("/energy?{}", query.finish())
    }

    fn fits(&self, state: &PageState, seen: &Seen) -> bool {
        let shown = &seen.shown;
        let holds = |text: &str| text.to_lowercase().contains(&self.q.trim().to_lowercase());
        let meter = &shown.meter;
        let named = holds(meter.serial.as_str())
            || meter.name.as_deref().is_some_and(holds)
            || meter.feeder.as_deref().is_some_and(holds);
        let on_feeder = self.feeder.is_empty() || meter.feeder.as_deref() == Some(self.feeder.as_str());
        let one_of = match self.only.as_str() {
            "silent" => seen.until.is_none() && card::is_healthy(shown) == Some(false),
            "gaps" => shown.half_hours.is_some_and(|progress| progress.open > 0),
            "low" => state
                .room
                .left(shown)
                .is_some_and(|balance| state.room.is_low(balance.into())),
            _ => true,
        };
        named && on_feeder && one_of
    }

    fn sort(&self, state: &PageState, all: &mut [Seen]) {
        let name = |seen: &Seen| seen.shown.meter.called().to_lowercase();
        match self.sort.as_str() {
            "name" => all.sort_by_key(name),
            "power" => all.sort_by_key(|seen| std::cmp::Reverse(watts(seen).unwrap_or(i64::MIN))),
            "balance" => all.sort_by_key(|seen| state.room.left(&seen.shown).map_or(i64::MAX, |money| money.0)),
            // What wants somebody first, the longest silent before the others; then by name.
            _ => all.sort_by_cached_key(|seen| {
                let silent = seen.until.is_none() && card::is_healthy(&seen.shown) == Some(false);
                let since = seen.shown.answered.filter(|_| silent);
                (!silent, since, name(seen))
            }),
        }
    }
}

/// A row of the table.
pub(super) struct RowShown {
    serial: MeterId,
    name: String,
    /// What it counts, where that is not a flat.
    counts: Option<Said>,
    feeder: Option<String>,
    level: &'static str,
    words: String,
    power: Option<String>,
    today: Option<String>,
    spark: String,
    balance: Option<String>,
    low: bool,
    signal: Option<(u8, Said)>,
    heard: Option<(Said, String)>,
}

/// The power that a meter takes just now, in watts.
fn watts(seen: &Seen) -> Option<i64> {
    let value = seen.shown.values.get(&Quantity::Power)?;
    let is_now = value.quality == crate::domain::Quality::Measured && seen.until.is_none();
    value.value.as_i64().filter(|_| is_now)
}

/// How well a modem hears its network: bars of four, and a word (3GPP TS 27.007 §8.5, CSQ).
pub(super) fn signal(t: Texts, seen: &Seen) -> Option<(u8, Said)> {
    let csq = seen.shown.value(Quantity::Csq)?.as_u64()?;
    Some(match csq {
        0..=9 => (1, t.say("signal-weak")),
        10..=14 => (2, t.say("signal-fair")),
        15..=19 => (3, t.say("signal-good")),
        20..=31 => (4, t.say("signal-strong")),
        _ => return None,
    })
}

/// The page.
pub(super) async fn list(
    State(state): State<PageState>,
    person: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Result<Response, PageError> {
    if !person.saw_meters() {
        return Err(PageError::Forbidden);
    }
    // The mark is taken before the values: a change in between is shown twice rather than missed.
    let mark = state.room.hall.mark();
    let (who, now) = (person.who(), person.now);
    let every = state.room.list().into_iter();
    let mut meters: Vec<Seen> = every.filter_map(|shown| Seen::by(&who, shown, now)).collect();
    let health = |healthy| {
        let of = |seen: &&Seen| seen.until.is_none() && card::is_healthy(&seen.shown) == Some(healthy);
        meters.iter().filter(of).count()
    };
    let (all, healthy, silent) = (meters.len(), health(true), health(false));
    let mut feeders: Vec<String> = meters
        .iter()
        .filter_map(|seen| seen.shown.meter.feeder.clone())
        .collect();
    feeders.sort();
    feeders.dedup();
    let has_balances = meters.iter().any(|seen| state.room.left(&seen.shown).is_some());
    meters.retain(|seen| wanted.fits(&state, seen));
    wanted.sort(&state, &mut meters);
    let found = meters.len();
    let page = wanted.page.min(found.saturating_sub(1) / ROWS);
    let some: Vec<Seen> = meters.into_iter().skip(page * ROWS).take(ROWS).collect();
    let t = Texts::of(person.language);
    let read = blocking({
        let state = state.clone();
        move || rows(&state, t, some, now)
    });
    let (rows, sum) = read.await??;
    let sees_all = person.must(Act::ReadMeters).is_ok();
    let page = EnergyPage {
        shell: state.face.shell("meters", Some(&person)),
        script: state.face.asset("meters.js"),
        live: hears(&person).is_ok(),
        mark,
        rows,
        before: page.checked_sub(1).map(|page| wanted.address(page)),
        after: ((page + 1) * ROWS < found).then(|| wanted.address(page + 1)),
        wanted,
        feeders: if sees_all { feeders } else { Vec::new() },
        healthy,
        silent,
        all,
        found,
        sum,
        adds: person.must(Act::ManageBox).is_ok(),
        sees_all,
        has_balances,
        to_settle: to_settle(&state, &person),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

type Sum = (Option<String>, Option<String>);

/// The rows, with what the disk says of the days.
fn rows(state: &PageState, t: Texts, some: Vec<Seen>, now: Timestamp) -> Result<(Vec<RowShown>, Sum), HalfHoursError> {
    let today = date_of(state, now);
    let mut days: Vec<Span> = Vec::new();
    for back in (0..DAYS).rev() {
        let day = today.checked_sub(back.days())?;
        days.push(span_of(state, day, day.tomorrow()?)?);
    }
    let (mut power, mut energy): (Option<i64>, Option<u64>) = (None, None);
    let mut rows = Vec::new();
    for seen in some {
        let energies = state
            .room
            .energy_of_days(&seen.shown.meter.serial, &days, |all| seen.theirs(all))?;
        let of_today = energies.last().copied().flatten();
        if let Some(watts) = watts(&seen) {
            power = Some(power.unwrap_or(0) + watts);
        }
        if let Some(watt_hours) = of_today {
            energy = Some(energy.unwrap_or(0) + watt_hours);
        }
        rows.push(row(state, t, &seen, (&energies, of_today), now));
    }
    let sum = (
        power.map(|watts| format!("{:.2} kW", watts as f64 / 1_000.0)),
        energy.map(|watt_hours| format!("{:.1} kWh", watt_hours as f64 / 1_000.0)),
    );
    Ok((rows, sum))
}

fn row(
    state: &PageState,
    t: Texts,
    seen: &Seen,
    (energies, of_today): (&[Option<u64>], Option<u64>),
    now: Timestamp,
) -> RowShown {
    let card = Card::of(seen, (&state.face, t), now);
    let meter = &seen.shown.meter;
    let balance = state.room.left(&seen.shown);
    let told: Vec<String> = energies
        .iter()
        .map(|energy| energy.map_or_else(|| "–".to_owned(), |energy| format!("{:.1}", energy as f64 / 1_000.0)))
        .collect();
    RowShown {
        serial: meter.serial.clone(),
        name: card.name,
        counts: (!meter.counts.is_unit()).then(|| t.say(&format!("counts-{}", meter.counts.name()))),
        feeder: meter.feeder.clone(),
        level: card.level,
        words: card.words,
        power: watts(seen).map(|watts| format!("{watts} W")),
        today: of_today.map(|energy| format!("{:.2} kWh", energy as f64 / 1_000.0)),
        spark: spark(energies, t.say1("energy-fortnight", "days", told.join(", ")).text()),
        low: balance.is_some_and(|balance| state.room.is_low(balance.into())),
        balance: balance.map(Money::pounds),
        signal: signal(t, seen),
        heard: seen
            .shown
            .answered
            .map(|at| (t.ago(now.duration_since(at).as_secs()), state.face.date_in(t, at))),
    }
}

pub(super) fn to_settle(state: &PageState, person: &SignedIn) -> Vec<(MeterId, String, String)> {
    if person.must(Act::CommandMeters).is_err() {
        return Vec::new();
    }
    let open = state.room.fleet().to_settle.into_iter();
    open.map(|topup| {
        (
            topup.meter,
            topup.id,
            state.face.date_in(Texts::of(person.language), topup.made),
        )
    })
    .collect()
}
