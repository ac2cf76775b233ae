//! What was worked out of a span, shown again for a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::load::Load;

/// Spans that are kept at most; the one that is over first goes first.
const MOST: usize = 64;

type Kept = BTreeMap<(Timestamp, Timestamp), (Timestamp, Arc<Load>)>;

/// Days of the building that were worked out lately.
#[derive(Debug, Default)]
pub struct HouseDays {
    kept: Mutex<Kept>,
}

impl HouseDays {
    /// The load between two moments as it was worked out less than `keeps` before `now`, else what `work` comes to.
    pub(super) fn get_or<E>(
        &self,
        key: (Timestamp, Timestamp),
        (now, keeps): (Timestamp, SignedDuration),
        work: impl FnOnce() -> Result<Load, E>,
    ) -> Result<Arc<Load>, E> {
        let known = self.lock().get(&key).cloned();
        if let Some((at, load)) = known {
            let age = now.duration_since(at);
            // A clock that was set back makes it old, not new.
            if age >= SignedDuration::ZERO && age < keeps {
                return Ok(load);
            }
        }
        // Not under the lock: who asks for another day does not wait. Two who ask at once work it out twice.
        let load = Arc::new(work()?);
        let mut kept = self.lock();
        kept.insert(key, (now, Arc::clone(&load)));
        while kept.len() > MOST {
            let oldest = kept.iter().min_by_key(|(_, (at, _))| *at).map(|(key, _)| *key);
            let Some(oldest) = oldest else { break };
            kept.remove(&oldest);
        }
        Ok(load)
    }

    /// Forgets all of it: what is in the book changed otherwise than by what meters say.
    pub(in crate::meter) fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn a_span_is_worked_out_again_when_it_is_old_and_when_it_was_forgotten() {
        let (days, worked) = (HouseDays::default(), Cell::new(0));
        let ask = |now: i64| {
            let span = (at(0), at(86_400));
            let work = || {
                worked.set(worked.get() + 1);
                Ok::<_, ()>(Load::default())
            };
            days.get_or(span, (at(now), SignedDuration::from_secs(10)), work)
                .unwrap();
            worked.get()
        };
        assert_eq!(
            [ask(0), ask(9), ask(10), ask(5)],
            [1, 1, 2, 3],
            "also when the clock was set back"
        );
        days.forget();
        assert_eq!(ask(6), 4);
    }

    #[test]
    fn only_so_many_are_kept() {
        let days = HouseDays::default();
        for second in 0..200 {
            let span = (at(second), at(second + 1));
            let keeps = SignedDuration::from_hours(1);
            days.get_or(span, (at(second), keeps), || Ok::<_, ()>(Load::default()))
                .unwrap();
        }
        assert_eq!(days.lock().len(), MOST);
    }
}
