//! When open spaces were last used: reading renews a space's life, and that renewal alone is kept in
//! memory and written at most once a minute (OCC §3).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::domain::{Space, SpaceId};

/// How often the renewals of one space are written down at most, and so how much grace a restart adds.
pub const NOTE_EVERY: SignedDuration = SignedDuration::from_secs(60);

#[derive(Clone, Copy)]
struct Use {
    at: Timestamp,
    written: Option<Timestamp>,
}

/// After how long without use a space dies; `None`: never. Those that somebody unknown made live `idle` where nothing
/// else is said, the operator's for ever.
pub fn life(space: &Space, idle: SignedDuration) -> Option<SignedDuration> {
    let own = space.ttl.and_then(|ttl| SignedDuration::try_from(ttl.0).ok());
    let usual = (!space.origin.is_by_somebody_known()).then_some(idle);
    own.or(usual).filter(|life| !life.is_zero())
}

/// The last use of every open space that was read lately.
pub struct LastUse {
    started: Timestamp,
    uses: Mutex<HashMap<SpaceId, Use>>,
}

impl LastUse {
    /// Nothing is known yet; the box started at `started`.
    #[must_use]
    pub fn new(started: Timestamp) -> LastUse {
        LastUse {
            started,
            uses: Mutex::default(),
        }
    }

    /// Takes over what was written down before a restart.
    pub fn remember(&self, written: impl IntoIterator<Item = (SpaceId, Timestamp)>) {
        let mut uses = self.lock();
        for (id, at) in written {
            uses.entry(id).or_insert(Use { at, written: Some(at) });
        }
    }

    /// The space was used now.
    pub fn renew(&self, id: SpaceId, now: Timestamp) {
        self.lock().entry(id).or_insert(Use { at: now, written: None }).at = now;
    }

    /// When the life of `space` ends, or `None` when it does not end by idleness.
    ///
    /// A use from before the start may have been followed by one that was not written any more:
    /// it counts as a minute later.
    #[cfg(test)]
    fn ends(&self, space: &Space, idle: SignedDuration) -> Option<Timestamp> {
        let (used, idle) = self.life(space, idle)?;
        Some(used.checked_add(idle).unwrap_or(Timestamp::MAX))
    }

    /// When `space` was used last and how long it lives from then on; `None` when it does not end by idleness.
    pub fn life(&self, space: &Space, idle: SignedDuration) -> Option<(Timestamp, SignedDuration)> {
        let idle = life(space, idle)?;
        let used = self
            .lock()
            .get(&space.id)
            .map_or(space.last_updated, |used| used.at.max(space.last_updated));
        let grace = if used < self.started {
            NOTE_EVERY
        } else {
            SignedDuration::ZERO
        };
        Some((used, idle.saturating_add(grace)))
    }

    /// Up to `limit` renewals to write down: those never written, or written over a minute before.
    pub fn due(&self, limit: usize) -> Vec<(SpaceId, Timestamp)> {
        self.select(limit, |used| {
            used.written
                .is_none_or(|written| used.at.duration_since(written) >= NOTE_EVERY)
        })
    }

    /// Up to `limit` renewals newer than what is written, for an orderly stop.
    pub fn unwritten(&self, limit: usize) -> Vec<(SpaceId, Timestamp)> {
        self.select(limit, |used| used.written.is_none_or(|written| used.at > written))
    }

    fn select(&self, limit: usize, wanted: impl Fn(&Use) -> bool) -> Vec<(SpaceId, Timestamp)> {
        self.lock()
            .iter()
            .filter(|(_, used)| wanted(used))
            .take(limit)
            .map(|(id, used)| (*id, used.at))
            .collect()
    }

    /// Notes that these renewals are on disk.
    pub fn wrote(&self, renewals: &[(SpaceId, Timestamp)]) {
        let mut uses = self.lock();
        for (id, at) in renewals {
            if let Some(used) = uses.get_mut(id) {
                used.written = Some(*at);
            }
        }
    }

    /// The space is gone.
    pub fn forget(&self, id: SpaceId) {
        self.lock().remove(&id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SpaceId, Use>> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Occupancy, Seq, SpaceOrigin, Thresholds};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn space(origin: SpaceOrigin) -> Space {
        Space {
            id: SpaceId::from_random([1; 16]),
            name: None,
            occupancy: Occupancy { current: 0, maximum: 1 },
            created: at(0),
            last_updated: at(100),
            origin,
            seq: Seq(1),
            tags: Vec::new(),
            thresholds: Thresholds::default(),
            ttl: None,
            overfill: false,
        }
    }

    #[test]
    fn a_read_renews_the_life_and_is_written_once_a_minute() {
        let last_use = LastUse::new(at(0));
        let idle = SignedDuration::from_secs(10);
        let space = space(SpaceOrigin::Open);
        assert_eq!(last_use.ends(&space, idle), Some(at(110)));
        last_use.renew(space.id, at(105));
        assert_eq!(last_use.ends(&space, idle), Some(at(115)));
        let due = last_use.due(10);
        assert_eq!(due, [(space.id, at(105))]);
        last_use.wrote(&due);
        last_use.renew(space.id, at(164));
        assert!(
            last_use.due(10).is_empty(),
            "less than a minute after the one that was written"
        );
        assert_eq!(
            last_use.unwritten(10),
            [(space.id, at(164))],
            "but an orderly stop writes it"
        );
        last_use.renew(space.id, at(165));
        assert_eq!(last_use.due(10), [(space.id, at(165))]);
    }

    #[test]
    fn a_restart_adds_a_minute() {
        let last_use = LastUse::new(at(210));
        let space = space(SpaceOrigin::Open);
        assert_eq!(last_use.ends(&space, SignedDuration::from_secs(10)), Some(at(170)));
        last_use.remember([(space.id, at(200))]);
        assert_eq!(last_use.ends(&space, SignedDuration::from_secs(10)), Some(at(270)));
        last_use.renew(space.id, at(220));
        assert_eq!(last_use.ends(&space, SignedDuration::from_secs(10)), Some(at(230)));
    }

    #[test]
    fn zero_and_operator_spaces_live_for_ever() {
        let last_use = LastUse::new(at(0));
        assert_eq!(last_use.ends(&space(SpaceOrigin::Open), SignedDuration::ZERO), None);
        assert_eq!(
            last_use.ends(&space(SpaceOrigin::Operator), SignedDuration::from_secs(1)),
            None
        );
    }
}
