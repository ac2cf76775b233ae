//! How much one certificate identity may send, over all its connections (RELAY Q11).
//!
//! Who has used its allowance up is not ended: its connections are not read until there is some again, so that its own
//! sends wait. What one read brings is counted after it was taken, so a peer may be ahead by one read and waits
//! longer for it; over any longer time the rate is exact.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::config::Config;
use super::rule::Identity;
use crate::http::{Bucket, ByteRate, Rate};

/// The two rates of the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rates {
    pub(super) messages: Rate,
    pub(super) bytes: ByteRate,
}

impl Rates {
    pub(super) fn of(config: &Config) -> Rates {
        Rates {
            messages: config.messages_per_identity,
            bytes: config.bytes_per_identity,
        }
    }

    fn are_off(self) -> bool {
        self == Rates::default()
    }
}

/// What a peer said since it was last counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

/// What one identity may send.
#[derive(Debug)]
pub(super) struct Allowance {
    is_limited: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rates: Rates,
    messages: Bucket,
    bytes: Bucket,
}

impl Allowance {
    fn new(rates: Rates) -> Allowance {
        let full = Bucket::full(Instant::now());
        Allowance {
            is_limited: AtomicBool::new(!rates.are_off()),
            state: Mutex::new(State {
                rates,
                messages: full,
                bytes: full,
            }),
        }
    }

    fn set(&self, rates: Rates) {
        self.state().rates = rates;
        self.is_limited.store(!rates.are_off(), Relaxed);
    }

    /// Counts what was sent. Answers until when nothing more is to be read, if there is such a time; with nothing
    /// spent it only looks.
    pub(super) fn spend(&self, now: Instant, spent: Spent) -> Option<Instant> {
        if !self.is_limited.load(Relaxed) {
            return None;
        }
        let mut state = self.state();
        let rates = state.rates;
        let messages = rates.messages.quota();
        let messages = messages.map(|quota| state.messages.take(now, spent.messages, quota));
        let bytes = rates.bytes.quota();
        let bytes = bytes.map(|quota| state.bytes.take(now, spent.bytes, quota));
        messages.max(bytes).filter(|until| *until > now)
    }

    fn is_full(&self, now: Instant) -> bool {
        let state = self.state();
        state.messages.is_full(now) && state.bytes.is_full(now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The allowances of all identities.
#[derive(Debug, Default)]
pub(super) struct Allowances {
    known: Mutex<HashMap<String, Arc<Allowance>>>,
}

impl Allowances {
    /// The allowance of `identity`, which all its connections share.
    pub(super) fn of(&self, identity: &Identity, rates: Rates) -> Arc<Allowance> {
        let mut known = self.known();
        let allowance = known
            .entry(identity.account())
            .or_insert_with(|| Arc::new(Allowance::new(rates)));
        Arc::clone(allowance)
    }

    /// Other rates count from now on; what is owed stays owed.
    pub(super) fn set(&self, rates: Rates) {
        self.known().values().for_each(|allowance| allowance.set(rates));
    }

    /// Forgets whoever is not connected and owes nothing: to dial again brings nobody a fresh allowance.
    pub(super) fn forget_quiet(&self, now: Instant) {
        self.known()
            .retain(|_, allowance| Arc::strong_count(allowance) > 1 || !allowance.is_full(now));
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Arc<Allowance>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn rates(messages: &str, bytes: &str) -> Rates {
        Rates {
            messages: messages.parse().unwrap(),
            bytes: bytes.parse().unwrap(),
        }
    }

    fn identity(name: &str) -> Identity {
        Identity::new(vec![format!("O:{name}")], &[1; 32])
    }

    #[test]
    fn a_whole_unit_may_come_at_once_and_then_one_at_a_time() {
        let allowance = Allowance::new(rates("10/s", "off"));
        let (now, message) = (Instant::now(), Spent { messages: 1, bytes: 10 });
        for _ in 0..9 {
            assert_eq!(allowance.spend(now, message), None);
        }
        let until = allowance.spend(now, message).expect("the tenth is the last");
        let wait = until - now;
        assert!((95..=105).contains(&wait.as_millis()), "{wait:?}");
        assert_eq!(allowance.spend(until, Spent::default()), None);
        assert!(allowance.spend(until, message).is_some());
    }

    #[test]
    fn what_was_sent_ahead_is_waited_for_and_the_slower_rate_counts() {
        let now = Instant::now();
        let allowance = Allowance::new(rates("1000/s", "1KiB/s"));
        let spent = Spent {
            messages: 1,
            bytes: 5 << 10,
        };
        let wait = allowance.spend(now, spent).unwrap() - now;
        assert!((3_990..=4_010).contains(&wait.as_millis()), "{wait:?}");
        let huge = Spent {
            messages: u64::MAX,
            bytes: u64::MAX,
        };
        assert!(allowance.spend(now, huge).is_some(), "no sum of them breaks the clock");
        allowance.set(Rates::default());
        assert_eq!(allowance.spend(now, spent), None);
    }

    #[test]
    fn connections_of_one_identity_share_and_a_redial_forgives_nothing() {
        let (now, all) = (Instant::now(), Allowances::default());
        let some = rates("2/min", "off");
        let spent = Spent { messages: 2, bytes: 0 };
        assert!(all.of(&identity("a"), some).spend(now, spent).is_some());
        all.forget_quiet(now);
        assert!(all.of(&identity("a"), some).spend(now, Spent::default()).is_some());
        assert!(all.of(&identity("b"), some).spend(now, Spent::default()).is_none());
        all.forget_quiet(now + Duration::from_secs(61));
        assert!(all.known().is_empty());
    }
}
