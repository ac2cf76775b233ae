//! What a value was before: events that say "old -> new" need it, and the journal may tell entries again. Pure.

use std::collections::BTreeMap;

use crate::domain::Seq;

/// The newest value of each thing, and the one before it.
#[derive(Debug)]
pub(super) struct Before<K, V>(BTreeMap<K, Known<V>>);

#[derive(Debug)]
struct Known<V> {
    seq: Seq,
    value: V,
    before: Option<V>,
}

impl<K, V> Default for Before<K, V> {
    fn default() -> Before<K, V> {
        Before(BTreeMap::new())
    }
}

impl<K: Ord, V: Clone> Before<K, V> {
    /// The change `seq` says this value. Answers what it was before, if that is known: the same however often the entry
    /// is told.
    pub(super) fn change(&mut self, key: K, seq: Seq, value: V) -> Option<V> {
        let known = self.0.get_mut(&key).filter(|known| known.seq <= seq);
        let before = match known {
            Some(known) if known.seq == seq => return known.before.clone(),
            Some(known) => Some(known.value.clone()),
            // Entries are told once more from an older one on.
            None => None,
        };
        let answer = before.clone();
        self.0.insert(key, Known { seq, value, before });
        answer
    }

    /// Notes the value up to the change `seq`, as far as nothing is known.
    pub(super) fn begin(&mut self, key: K, seq: Seq, value: V) {
        self.0.entry(key).or_insert(Known {
            seq,
            value,
            before: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_is_told_again_has_the_same_value_before_it() {
        let mut known = Before::default();
        assert_eq!(known.change("a", Seq(1), 100), None);
        assert_eq!(known.change("a", Seq(2), 101), Some(100));
        assert_eq!(known.change("a", Seq(3), 50), Some(101));
        assert_eq!(known.change("a", Seq(3), 50), Some(101), "told again");
        // A new session begins with an older one.
        assert_eq!(known.change("a", Seq(1), 100), None);
        assert_eq!(known.change("a", Seq(2), 101), Some(100));
        assert_eq!(known.change("a", Seq(3), 50), Some(101));
        known.begin("a", Seq(9), 7);
        known.begin("b", Seq(9), 7);
        assert_eq!(known.change("a", Seq(10), 60), Some(50));
        assert_eq!(known.change("b", Seq(10), 60), Some(7));
    }
}
