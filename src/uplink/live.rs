//! What is new and is sent at once, whatever else still waits: the state of meters and spaces as rows have it. Each
//! thing at most once a second, the last value wins, and after a lost session everything again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::domain::{Event, MeterId, MeterNews, Source, SpaceId};

/// One thing is told about at most so often.
const EACH: Duration = Duration::from_secs(1);

/// A thing whose state is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// The box itself.
    Device,
    Meter(MeterId),
    Space(SpaceId),
    /// The alarm of a type on a source.
    Alarm(String, Source),
    /// Which alarms stand.
    Alarms,
}

/// Things whose state is to be told, and when each may be.
#[derive(Debug, Default)]
pub struct Live {
    due: Mutex<Due>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct Due {
    waiting: BTreeSet<Thing>,
    told: BTreeMap<Thing, Instant>,
}

impl Live {
    /// Notes whose state an event has changed.
    pub fn note(&self, event: &Event) {
        let thing = match (event.meter(), event.space()) {
            (Some(meter), _) => Thing::Meter(meter.clone()),
            (None, Some(space)) => Thing::Space(space),
            (None, None) if matches!(event, Event::Alarm { .. }) => Thing::Alarms,
            (None, None) => return,
        };
        // How many there are is part of what the box says of itself.
        let counted = matches!(
            event,
            Event::SpaceCreated { .. }
                | Event::SpaceRemoved { .. }
                | Event::Meter {
                    news: MeterNews::Added | MeterNews::Removed,
                    ..
                }
        );
        self.add(counted.then_some(Thing::Device).into_iter().chain([thing]));
    }

    /// Has these things told as soon as each may be.
    pub fn add(&self, things: impl IntoIterator<Item = Thing>) {
        self.due().waiting.extend(things);
        self.bell.notify_one();
    }

    /// A new session begins: nothing was told in it yet.
    pub fn begin(&self) {
        let mut due = self.due();
        due.told.clear();
        due.waiting.clear();
    }

    /// The next that may be told at `now`; or when there will be one, if any waits.
    pub fn take(&self, now: Instant) -> Result<Thing, Option<Instant>> {
        let mut due = self.due();
        // Whoever was told longest ago matters little; who was told too lately waits.
        due.told.retain(|_, at| now.saturating_duration_since(*at) < EACH);
        let free = due.waiting.iter().find(|thing| !due.told.contains_key(thing)).cloned();
        match free {
            Some(thing) => {
                due.waiting.remove(&thing);
                due.told.insert(thing.clone(), now);
                Ok(thing)
            }
            None => Err(due
                .waiting
                .iter()
                .filter_map(|thing| due.told.get(thing))
                .min()
                .map(|at| *at + EACH)),
        }
    }

    /// When the next that waits may be told.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        let due = self.due();
        let at = |thing| due.told.get(thing).map_or_else(Instant::now, |at| *at + EACH);
        due.waiting.iter().map(at).min()
    }

    /// Waits until something is added.
    pub async fn changed(&self) {
        self.bell.notified().await;
    }

    fn due(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_told_once_a_second_and_the_last_word_is_not_lost() {
        let live = Live::default();
        let meter = Thing::Meter("EML1".parse().unwrap());
        let now = Instant::now();
        live.add([meter.clone(), meter.clone()]);
        assert_eq!(live.take(now), Ok(meter.clone()));
        assert_eq!(live.take(now), Err(None));
        live.add([meter.clone()]);
        let soon = now + Duration::from_millis(400);
        assert_eq!(live.take(soon), Err(Some(now + EACH)));
        live.add([Thing::Device]);
        assert_eq!(live.take(soon), Ok(Thing::Device), "one that waits holds nobody up");
        assert_eq!(live.take(now + EACH), Ok(meter));
        live.begin();
        assert_eq!(live.next_due(), None);
    }
}
