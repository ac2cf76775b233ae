//! Between which two reads of the balance a top-up stands (EMOP §23.5). Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::facts::{Balance, Facts, Topup};
use crate::meter::emop::Money;

/// A meter's clock may be so far from ours.
const DRIFT: SignedDuration = SignedDuration::from_mins(10);

/// What was paid in between two reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Paid {
    /// The box's own whose worth is known.
    pub(super) known: Vec<(String, Money)>,
    /// The box's own whose worth is not.
    pub(super) unknown: Vec<String>,
    /// Payments of the meter's log that none of the box's own explains.
    pub(super) foreign: usize,
}

impl Paid {
    /// Whether some of it is of unknown worth.
    pub(super) fn is_step(&self) -> bool {
        self.foreign > 0 || !self.unknown.is_empty()
    }
}

/// What was paid in, by the place of the read before it.
pub(super) fn paid(facts: &Facts) -> BTreeMap<usize, Paid> {
    let mut all: BTreeMap<usize, Paid> = BTreeMap::new();
    let mut payments = facts.payments.clone();
    let balances = &facts.balances;
    for topup in &facts.topups {
        let gap = gap_of(balances, topup);
        let about = gap.map_or(topup.settled, |gap| balances[gap + 1].at);
        let is_about =
            |at: Timestamp| topup.made.duration_since(at) <= DRIFT && at.duration_since(topup.settled) <= DRIFT;
        let nearest = (0..payments.len())
            .filter(|place| is_about(payments[*place]))
            .min_by_key(|place| payments[*place].duration_since(about).abs());
        if let Some(place) = nearest {
            payments.remove(place);
        }
        if let Some(gap) = gap {
            let paid = all.entry(gap).or_default();
            match topup.worth {
                Some(worth) => paid.known.push((topup.id.clone(), worth)),
                None => paid.unknown.push(topup.id.clone()),
            }
        }
    }
    for payment in payments {
        if let Some(gap) = gap_at(balances, payment) {
            all.entry(gap).or_default().foreign += 1;
        }
    }
    all
}

/// Whether the balance rose after the read at this place.
pub(super) fn rises(balances: &[Balance], gap: usize) -> bool {
    match (balances.get(gap), balances.get(gap + 1)) {
        (Some(before), Some(after)) => after.amount > before.amount,
        _ => false,
    }
}

/// Where one of the box's own stands: where the balance went from what was read before it to what was read at its proof,
/// else at the last rise until then, else where it was settled.
fn gap_of(balances: &[Balance], topup: &Topup) -> Option<usize> {
    let first = balances.partition_point(|balance| balance.at < topup.made);
    let end = balances.partition_point(|balance| balance.at <= topup.settled);
    // The read after it was made after it, and before it was settled.
    let gaps = first.max(1)..end.max(first.max(1));
    let is_its = |after: &usize| {
        Some(balances[after - 1].amount) == topup.before && Some(balances[*after].amount) == topup.after
    };
    let found = gaps.clone().rfind(is_its);
    let found = found.or_else(|| gaps.rev().find(|after| rises(balances, after - 1)));
    match found {
        Some(after) => Some(after - 1),
        None => within(balances, topup.settled),
    }
}

/// The gap that holds a moment, if there is a read before and after it.
fn within(balances: &[Balance], at: Timestamp) -> Option<usize> {
    let after = balances.partition_point(|balance| balance.at < at);
    (after > 0 && after < balances.len()).then(|| after - 1)
}

/// Where a payment of the meter's log stands, whose clock may be a little off: the gap that holds it, or the one beside
/// when only there the balance rose.
fn gap_at(balances: &[Balance], payment: Timestamp) -> Option<usize> {
    let holds = within(balances, payment);
    if let Some(gap) = holds.filter(|gap| rises(balances, *gap)) {
        return Some(gap);
    }
    let early = payment.checked_sub(DRIFT).ok()?;
    let late = payment.checked_add(DRIFT).ok()?;
    let first = balances.partition_point(|balance| balance.at < early).saturating_sub(1);
    let end = balances.partition_point(|balance| balance.at <= late);
    let beside = (first..end)
        .filter(|gap| rises(balances, *gap))
        .min_by_key(|gap| balances[*gap].at.duration_since(payment).abs());
    beside.or(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_770_000_000 + 60 * minute).unwrap()
    }

    fn facts(balances: &[(i64, i64)], topups: Vec<Topup>, payments: &[i64]) -> Facts {
        let balance = |(minute, units): &(i64, i64)| Balance {
            at: at(*minute),
            amount: Money(*units),
        };
        Facts {
            balances: balances.iter().map(balance).collect(),
            topups,
            payments: payments.iter().map(|minute| at(*minute)).collect(),
            ..Facts::default()
        }
    }

    fn ours(made: i64, settled: i64, (before, after): (i64, i64), worth: Option<i64>) -> Topup {
        Topup {
            id: format!("t{made}"),
            made: at(made),
            settled: at(settled),
            worth: worth.map(Money),
            before: Some(Money(before)),
            after: Some(Money(after)),
        }
    }

    #[test]
    fn our_own_stands_between_the_reads_that_proved_it_and_takes_its_payment_with_it() {
        let series = [
            (0, 100),
            (60, 90),
            (90, 85),
            (91, 585),
            (120, 580),
            (180, 570),
            (240, 1_070),
        ];
        let of = |topups, payments: &[i64]| paid(&facts(&series, topups, payments));
        let one = of(vec![ours(80, 92, (85, 585), Some(500))], &[90]);
        assert_eq!(one.keys().copied().collect::<Vec<_>>(), [2]);
        assert_eq!(
            one[&2],
            Paid {
                known: vec![("t80".into(), Money(500))],
                ..Paid::default()
            }
        );
        // One that waited for long, with somebody else's before it: each where it belongs.
        let both = of(vec![ours(30, 241, (570, 1_070), None)], &[90, 239]);
        assert_eq!(
            both[&2],
            Paid {
                foreign: 1,
                ..Paid::default()
            }
        );
        assert_eq!(
            both[&5],
            Paid {
                unknown: vec!["t30".into()],
                ..Paid::default()
            }
        );
        // Both at once.
        let twice = of(vec![ours(80, 92, (85, 585), None)], &[90, 91]);
        assert_eq!(twice[&2].foreign, 1);
        assert!(twice[&2].is_step());
    }

    #[test]
    fn a_payment_by_a_clock_that_is_off_stands_at_the_rise_beside_it() {
        let series = [(0, 100), (60, 90), (120, 580), (180, 570)];
        for minute in [53, 61, 119, 127] {
            let found = paid(&facts(&series, Vec::new(), &[minute]));
            assert_eq!(found.keys().copied().collect::<Vec<_>>(), [1], "{minute}");
        }
        // Far from any rise it stands where it says; outside of all reads nowhere.
        let found = paid(&facts(&series, Vec::new(), &[20, -5, 400]));
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [0]);
        assert!(paid(&facts(&[(0, 1)], vec![ours(-5, 5, (1, 2), None)], &[3])).is_empty());
    }
}
