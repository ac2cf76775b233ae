//! A meter as commands, pages and programs see it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::served::{Served, Source};
use crate::domain::{Doubt, Duty, HalfHour, HalfHoursAsked, Health, Identity, Meter, MeterId, Quality, Quantity};

/// A meter, what is done with it, and what was last known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeterShown {
    /// Its entry in the registry.
    #[serde(flatten)]
    pub meter: Meter,
    /// Where that entry comes from.
    pub source: Source,
    /// What is done with it.
    pub duty: Duty,
    /// Whether it answers.
    pub health: Health,
    pub health_details: String,
    /// When it last answered.
    pub answered: Option<Timestamp>,
    /// Which meter answers on its line; absent until it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// Why the book does not take what it says: what is shown is older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwritten: Option<String>,
    /// When its clock was last compared.
    pub clock_compared: Option<Timestamp>,
    /// How far its half-hours are fetched; absent until the first of them was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_hours: Option<Progress>,
    /// What it last said.
    pub values: BTreeMap<Quantity, ValueShown>,
}

/// How far the half-hours in a meter's own memory are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Nothing before this is asked for.
    pub since: Timestamp,
    /// The newest register at a half-hour that was asked for.
    pub until: Timestamp,
    /// How many half-hours are still to be fetched.
    pub open: u32,
}

/// A value with its unit, its time and its quality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueShown {
    /// The value; null: the meter has none.
    pub value: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// When the meter said so.
    pub at: Timestamp,
    /// How much it may be believed.
    pub quality: Quality,
    /// Why there is none, when the meter did say something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Doubt>,
}

impl ValueShown {
    /// How old it is, in seconds.
    #[must_use]
    pub fn age_s(&self, now: Timestamp) -> u64 {
        u64::try_from(now.duration_since(self.at).as_secs()).unwrap_or(0)
    }
}

/// The fleet in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetShown {
    /// Meters in the registry.
    pub total: usize,
    /// Those that are asked regularly.
    pub polled: usize,
    /// Those that answered when they were last asked.
    pub healthy: usize,
    /// Those that did not.
    pub unhealthy: usize,
    /// Half-hours that are still to be fetched from their memories.
    pub half_hours_open: u64,
    /// Those on whose line another meter answers.
    #[serde(default)]
    pub another: usize,
    /// Those of which the book does not take what they say.
    #[serde(default)]
    pub unwritten: usize,
    /// Codes that were given before are not known again, since the key that knew them was lost lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes_unknown_before: Option<Timestamp>,
    /// Top-ups that only a person can end.
    #[serde(default)]
    pub to_settle: Vec<ToSettle>,
}

/// A top-up that only a person can end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToSettle {
    /// The top-up's id.
    pub id: String,
    pub meter: MeterId,
    /// When its code was given.
    pub made: Timestamp,
}

impl MeterShown {
    /// A meter as it stands in the book, with how far its half-hours from `horizon` on are fetched.
    pub(super) fn of(served: &Served, horizon: HalfHour, now: Timestamp) -> MeterShown {
        let (duty, state, unwritten) = {
            let live = served.live();
            (live.duty, live.shown.clone(), live.refused.clone())
        };
        let values = state.values.iter().map(|(quantity, latest)| {
            let shown = ValueShown {
                value: latest.value.clone(),
                unit: quantity.unit().map(str::to_owned),
                at: latest.at,
                quality: state.quality(*quantity, now),
                why: latest.why,
            };
            (*quantity, shown)
        });
        let values = values.collect();
        MeterShown {
            meter: served.meter.clone(),
            source: served.source,
            duty,
            health: state.health,
            health_details: state.health_details.clone(),
            answered: state.answered,
            identity: state.identity.clone(),
            unwritten,
            clock_compared: state.clock_compared,
            half_hours: progress(&state.half_hours, horizon, now),
            values,
        }
    }

    /// A value, unless the meter has none.
    #[must_use]
    pub fn value(&self, quantity: Quantity) -> Option<&Value> {
        let shown = self.values.get(&quantity)?;
        (shown.quality != Quality::Gap).then_some(&shown.value)
    }
}

impl FleetShown {
    /// The fleet in numbers.
    pub(super) fn of(all: &[Arc<Served>], horizon: HalfHour, now: Timestamp) -> FleetShown {
        let mut fleet = FleetShown::default();
        for served in all {
            let live = served.live();
            fleet.total += 1;
            fleet.polled += usize::from(live.duty == Duty::Polled);
            fleet.healthy += usize::from(live.shown.health == Health::Healthy);
            fleet.unhealthy += usize::from(live.shown.health == Health::Unhealthy);
            fleet.another += usize::from(live.shown.is_another());
            fleet.unwritten += usize::from(live.refused.is_some());
            let progress = progress(&live.shown.half_hours, horizon, now);
            fleet.half_hours_open += progress.map_or(0, |progress| u64::from(progress.open));
        }
        fleet
    }
}

fn progress(asked: &HalfHoursAsked, horizon: HalfHour, now: Timestamp) -> Option<Progress> {
    let last = asked.settled.parts().last()?;
    // The newest two are on their way: the meter is asked about as often as it writes.
    let due = HalfHour(HalfHour::of(now).0.saturating_sub(1));
    let open = asked.settled.missing(horizon..due);
    Some(Progress {
        since: horizon.start(),
        until: HalfHour(last.end.0 - 1).start(),
        open: open.iter().map(|part| part.end.0 - part.start.0).sum(),
    })
}
