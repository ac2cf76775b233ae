//! The meters of whoever lives there, for their first page: values in words, and the plots of the first. Nothing of other
//! flats is read for it, and of their own nothing that only whoever runs the box can use.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::PageState;
use super::error::PageError;
use super::own_days::OwnDays;
use super::own_now::{OwnNow, register};
use super::seen::Seen;
use crate::domain::{MeterId, Quality, Quantity};
use crate::face::{Face, SignedIn};
use crate::http::blocking;
use crate::meter::Meters;
use crate::meter::emop::event_log;
use crate::meter::explain::Price;
use crate::texts::Texts;

/// A meter that is theirs now.
pub struct OwnMeter {
    pub serial: MeterId,
    pub name: String,
    pub now: OwnNow,
    pub days: OwnDays,
    /// `None`: it is not known, or depends on the hour or on how much is used.
    pub price: Option<Price>,
    /// Whether they may give it codes, and it takes some.
    pub tops_up: bool,
    /// Whether there are balances of it to explain.
    pub has_money: bool,
    /// What its registers of import show, with the time of each.
    pub registers: Vec<(String, Timestamp)>,
    /// When the newest power cut began that its own log tells of.
    pub cut: Option<Timestamp>,
}

/// All that were or are theirs.
#[derive(Default)]
pub struct OwnMeters {
    /// From where on news are listened to.
    pub mark: String,
    /// Those of now; the first has its month and its plots.
    pub now: Vec<OwnMeter>,
    /// Those that were theirs, and until when.
    pub before: Vec<(MeterId, Timestamp)>,
}

/// The meters of a person, in the order of their links.
///
/// # Errors
///
/// The answer to give where they cannot be read.
pub async fn own(room: &Arc<Meters>, face: &Face, person: &SignedIn) -> Result<OwnMeters, Response> {
    let state = PageState {
        room: Arc::clone(room),
        face: face.clone(),
    };
    let person = person.clone();
    let read = blocking(move || read(&state, &person)).await;
    let read = read.map_err(PageError::from).and_then(|read| read);
    read.map_err(IntoResponse::into_response)
}

fn read(state: &PageState, person: &SignedIn) -> Result<OwnMeters, PageError> {
    // The mark is taken before the values: a change in between is shown twice rather than missed.
    let mark = state.room.hall.mark();
    let (who, now) = (person.who(), person.now);
    let mut own = OwnMeters {
        mark,
        now: Vec::new(),
        before: Vec::new(),
    };
    let mut looked_at: Vec<&MeterId> = Vec::new();
    for link in &person.links {
        let seen = state.room.show(&link.meter).ok();
        let seen = seen.and_then(|shown| Seen::by(&who, shown, now));
        let Some(seen) = seen.filter(|_| !looked_at.contains(&&link.meter)) else {
            continue;
        };
        looked_at.push(&link.meter);
        match seen.until {
            Some(until) => own.before.push((link.meter.clone(), until)),
            None => own.now.push(OwnMeter::of(state, person, (&seen, own.now.is_empty()))?),
        }
    }
    Ok(own)
}

impl OwnMeter {
    fn of(state: &PageState, person: &SignedIn, (seen, whole): (&Seen, bool)) -> Result<OwnMeter, PageError> {
        let (shown, now, t) = (&seen.shown, person.now, Texts::of(person.language));
        let serial = &shown.meter.serial;
        let unread = super::error::HalfHoursError::from;
        let registers = [Quantity::ImportA, Quantity::ImportB].into_iter().filter_map(|one| {
            let value = shown.values.get(&one).filter(|value| value.quality != Quality::Gap)?;
            Some((register(value.value.as_u64()?), value.at))
        });
        let events = state.room.logged(serial).map_err(unread)?;
        let cuts = events.iter().filter(|event| event_log::is_power_cut(event.1));
        Ok(OwnMeter {
            name: shown.meter.called(),
            now: OwnNow::of(state, seen, (t, now))?,
            days: OwnDays::of(state, seen, (t, now, whole))?,
            price: state.room.price(shown),
            tops_up: person.who().tops_up(serial, now)
                && shown.value(Quantity::PrepayEnabled).is_some_and(|on| *on == true),
            has_money: state.room.has_money(serial).map_err(unread)? && state.room.left(shown).is_some(),
            registers: registers.collect(),
            cut: cuts.map(|event| event.0).filter(|at| seen.sight.holds(*at)).max(),
            serial: serial.clone(),
        })
    }
}
