//! Which run of the book wrote what: so that a copied or rolled-back book is never taken for the one before
//! (BOOK P7).
//!
//! Each opening of the book is a *run* with a name and an epoch of its own. Its row goes in the run's first change. A
//! change is known outside by `<epoch>.<seq>`, with the epoch of the run that wrote it: two boxes that go on from the
//! same copy, or one that goes on from a snapshot of last week, write the same sequence numbers and other epochs.
//! Epochs only rise; where the clock is believed they are the microseconds since 1970 at least, elsewhere chance keeps
//! them apart.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::domain::Seq;
use crate::store::table::Table;
use crate::store::{Ledger, Page, ReadError, RowError, schema};

/// By the first sequence number of the run.
const RUNS: Ledger<Run> = Ledger::new(schema::RUNS);

/// So many are kept; of older ones only that they are one.
const KEPT: usize = 64;

/// Random steps that an epoch rises by when no clock tells one copy's from another's.
const STEPS: u64 = 1 << 32;

/// One opening of the book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Run {
    /// 16 random bytes, hex.
    pub(in crate::store) run: String,
    /// Its epoch.
    pub(in crate::store) epoch: u64,
    /// Its first change.
    pub(in crate::store) first: Seq,
}

/// The runs of this book up to the present one.
#[derive(Debug)]
pub(in crate::store) struct Runs {
    /// Oldest first; what was written before the first of them has its epoch too.
    all: Vec<(Seq, u64)>,
    now: Run,
    /// Rows of runs that are too old to be kept.
    dropped: Vec<Seq>,
}

impl Runs {
    /// Begins a run after those in the table: `last` is the newest change, `book` the epoch of the book itself,
    /// `clock` the microseconds since 1970 when the clock is believed.
    pub(in crate::store) fn begin(table: &Table, book: u64, last: Seq, clock: Option<u64>) -> Result<Runs, ReadError> {
        let rows = table.scan(&[schema::RUNS.prefix], &[schema::RUNS.prefix], usize::MAX)?;
        let mut known = Vec::with_capacity(rows.len());
        for (_, row) in rows {
            let run: Run = serde_json::from_slice(&row).map_err(|source| ReadError::Format {
                ledger: schema::RUNS.name,
                source,
            })?;
            known.push(run);
        }
        Ok(Runs::after(known, book, last, clock))
    }

    fn after(mut known: Vec<Run>, book: u64, last: Seq, clock: Option<u64>) -> Runs {
        known.sort_by_key(|run| run.first);
        let newest = known.iter().map(|run| run.epoch).max().unwrap_or(0).max(book);
        let mut random = [0; 24];
        aws_lc_rs::rand::fill(&mut random).expect("the system gives random bytes");
        let (name, steps) = random.split_at(16);
        let steps = u64::from_le_bytes(steps.try_into().expect("eight bytes are left")) % STEPS;
        let epoch = match clock {
            Some(clock) => clock.max(newest.saturating_add(1)),
            None => newest.saturating_add(1 + steps),
        };
        let over = (known.len() + 1).saturating_sub(KEPT);
        let dropped = known.drain(..over).map(|run| run.first).collect();
        // A book from before runs were noted was written in the book's own epoch.
        let mut all: Vec<(Seq, u64)> = known.iter().map(|run| (run.first, run.epoch)).collect();
        if all.first().is_none_or(|(first, _)| *first > Seq(1)) && over == 0 {
            all.insert(0, (Seq::ZERO, book));
        }
        let now = Run {
            run: HEXLOWER.encode(name),
            epoch,
            first: last.next(),
        };
        all.push((now.first, epoch));
        Runs { all, now, dropped }
    }

    /// Puts the row of this run on the page of its first change.
    pub(in crate::store) fn put_on(&self, page: &mut Page) -> Result<(), RowError> {
        for first in &self.dropped {
            RUNS.delete_on(page, &first.0.to_be_bytes());
        }
        RUNS.put_on(page, &self.now.first.0.to_be_bytes(), &self.now)
    }

    /// The epoch of the run that wrote the change `seq`.
    pub(in crate::store) fn epoch_of(&self, seq: Seq) -> u64 {
        let after = self.all.partition_point(|(first, _)| *first <= seq);
        self.all[after.saturating_sub(1)].1
    }

    /// The first change of this run, once there is one.
    pub(in crate::store) fn first(&self) -> Seq {
        self.now.first
    }

    /// The name of this run, 16 bytes in hex.
    pub(in crate::store) fn name(&self) -> &str {
        &self.now.run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_that_go_on_from_one_copy_have_other_epochs_and_what_was_before_keeps_its_own() {
        let one = Runs::after(Vec::new(), 7, Seq(10), Some(1_000));
        assert_eq!((one.epoch_of(Seq(10)), one.epoch_of(Seq(11))), (7, 1_000));
        let rows = vec![one.now.clone()];
        let (two, three) = (
            Runs::after(rows.clone(), 7, Seq(20), Some(2_000)),
            Runs::after(rows, 7, Seq(20), Some(2_001)),
        );
        for again in [&two, &three] {
            assert_eq!(
                (
                    again.epoch_of(Seq(10)),
                    again.epoch_of(Seq(11)),
                    again.epoch_of(Seq(20))
                ),
                (7, 1_000, 1_000)
            );
        }
        assert_ne!(two.epoch_of(Seq(21)), three.epoch_of(Seq(21)));
        assert_ne!(two.name(), three.name());
    }

    proptest! {
        /// Whatever the clock says, epochs rise, and the newest ones keep theirs.
        #[test]
        fn epochs_only_rise(clocks in prop::collection::vec(prop::option::of(0u64..2_000_000_000_000_000), 1..150)) {
            let (mut rows, mut last, mut epochs) = (Vec::<Run>::new(), Seq::ZERO, Vec::new());
            for clock in clocks {
                let runs = Runs::after(rows.clone(), 1, last, clock);
                let epoch = runs.epoch_of(last.next());
                prop_assert!(epochs.last().is_none_or(|(_, before)| *before < epoch) && epoch > 1);
                prop_assert!(clock.is_none_or(|clock| epoch >= clock));
                for (seq, epoch) in epochs.iter().rev().take(KEPT - 1) {
                    prop_assert_eq!(runs.epoch_of(*seq), *epoch);
                }
                rows.retain(|row| !runs.dropped.contains(&row.first));
                rows.push(runs.now.clone());
                prop_assert!(rows.len() <= KEPT);
                epochs.push((last.next(), epoch));
                last = Seq(last.0 + 3);
            }
        }
    }
}
