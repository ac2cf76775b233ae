//! What came out of the journal, sorted by space, in portions that fit a page: the rows of a space are read and
//! written once for many changes. Pure.

use std::collections::BTreeMap;

use super::rows::{Counted, DAY_MS, HALF_HOUR_MS, HOUR_MS, PART};
use crate::domain::{Seq, SpaceId};
use crate::store::{Delivery, GROUP_LIMIT, ROW_LIMIT};

/// So many changes are gathered at most.
const ENOUGH: usize = 8_192;

/// What a portion may write: below [`GROUP_LIMIT`], and with rows of this size far below the rows of a bulk change.
const PORTION: usize = GROUP_LIMIT - 4 * ROW_LIMIT;

/// So many changes are in a portion at most: it is written on the pen's thread, while people wait.
const CHANGES: usize = 512;

/// Deliveries that are written together.
#[derive(Default)]
pub(super) struct Gathered {
    by_space: BTreeMap<SpaceId, Vec<Counted>>,
    count: usize,
    /// What is to be acknowledged when all is written.
    pub(super) seqs: Vec<Seq>,
}

impl Gathered {
    /// Adds what a delivery says of counts.
    pub(super) fn add(&mut self, delivery: &Delivery) {
        self.seqs.push(delivery.seq());
        let Delivery::Entry(entry) = delivery else { return };
        for event in &entry.events {
            if let Some(counted) = Counted::of(event, entry.seq, entry.at) {
                self.by_space.entry(counted.space).or_default().push(counted);
                self.count += 1;
            }
        }
    }

    /// Whether it should be written before more is added.
    pub(super) fn is_enough(&self) -> bool {
        self.count >= ENOUGH || self.seqs.len() >= ENOUGH
    }

    /// All changes, those of a space one after the other.
    pub(super) fn take_changes(&mut self) -> Vec<Counted> {
        self.count = 0;
        std::mem::take(&mut self.by_space).into_values().flatten().collect()
    }
}

/// Parts of `changes`, in order, each small enough for one change of the book.
pub(super) fn portions(changes: &[Counted]) -> Vec<&[Counted]> {
    let (mut portions, mut rest) = (Vec::new(), changes);
    while let Some(first) = rest.first() {
        let mut bytes = cost(None, first);
        let more = rest.windows(2).take_while(|pair| {
            bytes += cost(Some(&pair[0]), &pair[1]);
            bytes <= PORTION
        });
        let (portion, after) = rest.split_at(1 + more.take(CHANGES - 1).count());
        portions.push(portion);
        rest = after;
    }
    portions
}

/// What `next` writes beyond what `before` made it write, in bytes, rows taken as full.
fn cost(before: Option<&Counted>, next: &Counted) -> usize {
    let new = |ms: u64| {
        let same = before.is_some_and(|before| before.space == next.space && before.at / ms == next.at / ms);
        usize::from(!same)
    };
    ROW_LIMIT * (new(HALF_HOUR_MS) + new(DAY_MS) + 2 * new(HOUR_MS)) + ROW_LIMIT / PART
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Occupancy;
    use crate::store::BULK_ROWS;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn counted(space: u8, second: i64) -> Counted {
        let at = Timestamp::from_second(second).unwrap();
        let after = Occupancy { current: 1, maximum: 9 };
        Counted::imported(SpaceId::from_random([space; 16]), at, 1, after).unwrap()
    }

    proptest! {
        #[test]
        fn portions_hold_everything_in_order_and_few_rows(
            changes in prop::collection::vec((0..20_u8, 0..400_000_i64), 0..3_000),
        ) {
            let changes: Vec<Counted> = changes.into_iter().map(|(space, second)| counted(space, second)).collect();
            let portions = portions(&changes);
            let whole: Vec<_> = portions.concat().iter().map(|one| (one.space, one.at)).collect();
            prop_assert_eq!(whole, changes.iter().map(|one| (one.space, one.at)).collect::<Vec<_>>());
            for portion in portions {
                let stretches = |ms| {
                    let mut all: Vec<_> = portion.iter().map(|one| (one.space, one.at / ms)).collect();
                    all.dedup();
                    all.len()
                };
                let parts = portion.len() / PART + 2 * stretches(HOUR_MS);
                let rows = stretches(HALF_HOUR_MS) + stretches(DAY_MS) + parts;
                prop_assert!(rows <= BULK_ROWS && rows * ROW_LIMIT <= GROUP_LIMIT, "{} rows", rows);
            }
        }
    }

    #[test]
    fn a_space_that_changes_often_goes_in_large_portions() {
        let changes: Vec<Counted> = (0..1_000).map(|second| counted(1, second)).collect();
        assert_eq!(portions(&changes).len(), 2);
        assert!(portions(&[]).is_empty());
    }
}
