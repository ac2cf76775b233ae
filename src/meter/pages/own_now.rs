//! What changes on the first page of whoever lives there while they look at it: what is left, or what the register shows,
//! with its age; whether the meter is heard; what became of the latest code.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::PageState;
use super::card::is_healthy;
use super::seen::Seen;
use super::topups::light;
use crate::domain::{Duty, Quality, Quantity};
use crate::meter::purse::{DAYS, Purse};
use crate::meter::topup::TopupError;
use crate::texts::{Texts, named};

/// What a meter says now, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnNow {
    /// What stands above it, such as that energy is paid by bill.
    pub lead: Option<String>,
    /// The largest: what is left, or what the register shows; absent: nothing was heard yet.
    pub big: Option<String>,
    /// For how long it lasts.
    pub lasts: Option<String>,
    /// How long ago it was read, and the exact moment.
    pub read: String,
    pub read_at: String,
    /// Whether it is so little that they should look.
    pub low: bool,
    /// Whether it is of before: the meter is silent, or nobody asks it.
    pub old: bool,
    /// Since when it is silent, and what that means.
    pub silence: Option<String>,
    /// What became of the latest code.
    pub topup: Option<OwnTopup>,
}

/// A code, as far as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnTopup {
    pub address: String,
    pub words: String,
    /// The class of its lamp.
    pub light: &'static str,
    pub given: String,
}

impl OwnNow {
    /// Of one that is theirs now. Reads the disk: a thread that may block.
    pub(super) fn of(state: &PageState, seen: &Seen, (t, now): (Texts, Timestamp)) -> Result<OwnNow, TopupError> {
        let shown = &seen.shown;
        let said = |name: &str| Some(t.say(name).text().to_owned());
        let purse = purse(state, seen, now);
        let silent = is_healthy(shown) == Some(false);
        let prepays = shown
            .value(Quantity::PrepayEnabled)
            .and_then(serde_json::Value::as_bool);
        let register = shown.values.get(&Quantity::ImportA).and_then(|value| {
            let watt_hours = value.value.as_u64().filter(|_| value.quality != Quality::Gap)?;
            Some((register(watt_hours), value))
        });
        let (lead, big, value) = match (purse, register, prepays) {
            (Some(purse), ..) => {
                let left = t.say1("my-left", "amount", purse.balance.pounds());
                (None, Some(left.text().to_owned()), shown.values.get(&Quantity::Balance))
            }
            (None, Some((words, value)), prepays) => {
                let lead = match prepays {
                    Some(false) => said(named("my-billed")),
                    Some(true) => said(named("my-not-said")),
                    None => said(named("my-reading")),
                };
                (lead, Some(words), Some(value))
            }
            // Since when nothing was heard says more.
            (None, None, _) if silent && shown.answered.is_some() => (None, None, None),
            (None, None, _) => (said(named("my-nothing")), None, None),
        };
        let off = shown.duty == Duty::Off;
        let read = value.map(|value| t.ago(now.duration_since(value.at).as_secs()));
        Ok(OwnNow {
            lead,
            big,
            lasts: purse
                .and_then(|purse| purse.days())
                .map(|days| t.say1("my-lasts", "count", days).text().to_owned()),
            read: read.map_or_else(String::new, |ago| {
                t.say1("my-read", "ago", ago.text()).text().to_owned()
            }),
            read_at: value.map_or_else(String::new, |value| state.face.date_in(t, value.at)),
            low: purse.is_some_and(|purse| state.room.is_low(purse)),
            old: silent || off || value.is_some_and(|value| value.quality == Quality::Stale),
            silence: match (silent, off) {
                (true, _) => silence(state, seen, (t, now)),
                (false, true) => said(named("my-off")),
                (false, false) => None,
            },
            topup: topup(state, seen, t)?,
        })
    }
}

/// What is left, and for how long it lasts: by a week that is all theirs, or else nobody says.
pub(super) fn purse(state: &PageState, seen: &Seen, now: Timestamp) -> Option<Purse> {
    let balance = state.room.left(&seen.shown)?;
    match is_their_week(seen, now) {
        true => state.room.purse(&seen.shown),
        false => Some(Purse::from(balance)),
    }
}

/// Whether the days that the pace is taken from were all theirs.
pub(super) fn is_their_week(seen: &Seen, now: Timestamp) -> bool {
    let begins = now.saturating_sub(SignedDuration::from_hours(24 * DAYS));
    begins.is_ok_and(|begins| seen.sight.covers(&(begins..now)))
}

/// What a register shows, as it is read out: `9 141.7 kWh`.
pub(super) fn register(watt_hours: u64) -> String {
    let tenths = watt_hours / 100;
    let (whole, tenth) = ((tenths / 10).to_string(), tenths % 10);
    let mut words = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            words.push('\u{202f}');
        }
        words.push(digit);
    }
    format!("{words}.{tenth} kWh")
}

/// Of one that was never heard there is nothing but that to say, and it stands above already.
fn silence(state: &PageState, seen: &Seen, (t, now): (Texts, Timestamp)) -> Option<String> {
    let at = seen.shown.answered?;
    let here = |at: Timestamp| at.to_zoned(state.face.timezone().clone());
    let since = match here(at).date() == here(now).date() {
        true => here(at).strftime("%H:%M").to_string(),
        false => state.face.moment(t, at),
    };
    Some(t.say1("meter-silent-theirs", "time", since).text().to_owned())
}

fn topup(state: &PageState, seen: &Seen, t: Texts) -> Result<Option<OwnTopup>, TopupError> {
    let meter = &seen.shown.meter.serial;
    let newest = state.room.topups_of(meter, None, 1)?.into_iter().next();
    let theirs = newest.filter(|topup| seen.sight.holds(topup.made));
    Ok(theirs.map(|topup| OwnTopup {
        address: format!("/energy/{meter}/topups/{}", topup.id),
        words: topup.told.said(t).text().to_owned(),
        light: light(topup.state),
        given: state.face.moment(t, topup.made),
    }))
}

#[cfg(test)]
mod tests {
    use super::register;

    #[test]
    fn registers_are_read_out_in_groups_of_three() {
        for (watt_hours, words) in [
            (9_141_749, "9\u{202f}141.7 kWh"),
            (0, "0.0 kWh"),
            (999_999, "999.9 kWh"),
            (1_234_567_800, "1\u{202f}234\u{202f}567.8 kWh"),
        ] {
            assert_eq!(register(watt_hours), words, "cut off, as a display does");
        }
    }
}
