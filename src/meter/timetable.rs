//! Whose turn it is next: one entry a meter, however often it is put in.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::Hash;

use tokio::time::Instant;

/// Keys in the order of their time.
pub(super) struct Timetable<K> {
    heap: BinaryHeap<Reverse<(Instant, K)>>,
    /// The time that counts; other entries of the heap are of the past.
    wanted: HashMap<K, Instant>,
}

impl<K: Copy + Ord + Hash> Timetable<K> {
    pub(super) fn new() -> Timetable<K> {
        Timetable {
            heap: BinaryHeap::new(),
            wanted: HashMap::new(),
        }
    }

    /// Puts a key in, or moves it.
    pub(super) fn set(&mut self, key: K, at: Instant) {
        if self.wanted.insert(key, at) != Some(at) {
            self.heap.push(Reverse((at, key)));
        }
    }

    /// Takes a key out.
    pub(super) fn forget(&mut self, key: K) {
        self.wanted.remove(&key);
    }

    /// When the next is due.
    pub(super) fn next(&mut self) -> Option<Instant> {
        while let Some(Reverse((at, key))) = self.heap.peek() {
            if self.wanted.get(key) == Some(at) {
                return Some(*at);
            }
            self.heap.pop();
        }
        None
    }

    /// Takes the next out that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<K> {
        let at = self.next()?;
        if at > now {
            return None;
        }
        let Reverse((_, key)) = self.heap.pop()?;
        self.wanted.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    proptest! {
        #[test]
        fn each_key_comes_once_at_its_last_time(steps in proptest::collection::vec((0u64..8, proptest::option::of(0u64..100)), 0..60)) {
            let begun = Instant::now();
            let (mut table, mut wanted) = (Timetable::new(), HashMap::new());
            for (key, at) in steps {
                match at {
                    Some(at) => {
                        table.set(key, begun + Duration::from_secs(at));
                        wanted.insert(key, at);
                    }
                    None => {
                        table.forget(key);
                        wanted.remove(&key);
                    }
                }
            }
            let mut wanted: Vec<(u64, u64)> = wanted.into_iter().map(|(key, at)| (at, key)).collect();
            wanted.sort_unstable();
            let (mut found, mut now) = (Vec::new(), 0);
            while let Some(next) = table.next() {
                now = (next - begun).as_secs().max(now);
                while let Some(key) = table.pop(begun + Duration::from_secs(now)) {
                    found.push((now, key));
                }
            }
            prop_assert_eq!(found, wanted);
        }
    }
}
