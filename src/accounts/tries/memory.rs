//! What failed of late and what is being tried, and who must wait for it. Pure.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::place::Bucket;

/// For so long a failure counts.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// So many for a name.
pub(super) const A_NAME: usize = 5;
/// So many from an address.
pub(super) const AN_ADDRESS: usize = 20;

/// Why a try is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// There were too many failures; seconds until there is room for one more.
    For(u64),
    /// What is being tried now may become one too many.
    Until,
}

#[derive(Default)]
pub(super) struct Memory {
    pub(super) failures: HashMap<Bucket, Vec<Timestamp>>,
    pub(super) trying: HashMap<Bucket, usize>,
    pub(super) swept: Vec<u8>,
}

impl Memory {
    pub(super) fn held(&self, buckets: [Bucket; 2], now: Timestamp) -> Option<Held> {
        let limits = [A_NAME, AN_ADDRESS];
        let held = buckets.iter().zip(limits).filter_map(|(bucket, limit)| {
            let live = live(self.failures.get(bucket).map_or(&[][..], Vec::as_slice), now);
            let trying = self.trying.get(bucket).copied().unwrap_or_default();
            match live.len().checked_sub(limit) {
                Some(over) => Some(Held::For(wait(live[over], now))),
                None if live.len() + trying >= limit => Some(Held::Until),
                None => None,
            }
        });
        // Whoever must wait for long is told so at once.
        held.max_by_key(|held| match held {
            Held::For(seconds) => *seconds,
            Held::Until => 0,
        })
    }

    pub(super) fn forget_old(&mut self, now: Timestamp) {
        if self.failures.len() > 1_000 {
            let trying = &self.trying;
            self.failures
                .retain(|bucket, failures| trying.contains_key(bucket) || !live(failures, now).is_empty());
        }
    }

    pub(super) fn note(&mut self, buckets: &[Bucket], at: Timestamp) {
        for bucket in buckets {
            let failures = self.failures.entry(*bucket).or_default();
            *failures = live(failures, at);
            failures.push(at);
        }
    }
}

/// The failures that count. A clock that went back leaves none for ever.
pub(super) fn live(failures: &[Timestamp], now: Timestamp) -> Vec<Timestamp> {
    let counts = |at: &&Timestamp| now.duration_since(**at).abs() < WINDOW;
    failures.iter().filter(counts).copied().collect()
}

/// Seconds until a failure counts no more.
fn wait(at: Timestamp, now: Timestamp) -> u64 {
    let left = WINDOW - now.duration_since(at);
    u64::try_from(left.as_secs()).unwrap_or_default() + 1
}
