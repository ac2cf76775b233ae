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
    /// The box's own of which nobody knows whether they were taken.
    pub(super) doubted: Vec<String>,
    /// Whether the meter counted more payments than are known.
    pub(super) perhaps_more: bool,
}

impl Paid {
    /// Whether some of it is of unknown worth.
    pub(super) fn is_step(&self) -> bool {
        self.foreign > 0 || !self.unknown.is_empty() || self.perhaps_more
    }

    fn take(&mut self, topup: &Topup) {
        self.perhaps_more |= topup.one_of_many && !topup.in_doubt;
        match topup.worth {
            _ if topup.in_doubt => self.doubted.push(topup.id.clone()),
            Some(worth) => self.known.push((topup.id.clone(), worth)),
            None => self.unknown.push(topup.id.clone()),
        }
    }

    /// Whether nothing is known to have been paid in.
    pub(super) fn is_doubt(&self) -> bool {
        self.known.is_empty() && !self.is_step()
    }
}

/// What was paid in, by the place of the read before it.
pub(super) fn paid(facts: &Facts) -> BTreeMap<usize, Paid> {
    let mut all: BTreeMap<usize, Paid> = BTreeMap::new();
    let mut payments = facts.payments.clone();
    let balances = &facts.balances;
    for topup in &facts.topups {
        let gap = gap_of(balances, topup);
        let about = gap.map_or(topup.looked, |gap| balances[gap + 1].at);
        let is_about =
            |at: Timestamp| topup.sent.duration_since(at) <= DRIFT && at.duration_since(topup.looked) <= DRIFT;
        let nearest = (0..payments.len())
            .filter(|place| is_about(payments[*place]))
            .min_by_key(|place| payments[*place].duration_since(about).abs());
        // One in doubt proves no payment to be its own.
        if let Some(place) = nearest.filter(|_| !topup.in_doubt) {
            payments.remove(place);
        }
        if let Some(gap) = gap {
            all.entry(gap).or_default().take(topup);
        }
    }
    for payment in payments {
        if let Some(gap) = gap_at(balances, payment) {
            all.entry(gap).or_default().foreign += 1;
        }
    }
    for paid in all.values_mut() {
        // Whatever else is known of is what was counted too.
        let others = paid.known.len() + paid.unknown.len() + paid.foreign + paid.doubted.len();
        paid.perhaps_more &= others == 1;
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

/// Where one of the box's own stands: where the balance went from what was read before it to what was read at the newest
/// look, else at the first rise between them, else where that look was.
fn gap_of(balances: &[Balance], topup: &Topup) -> Option<usize> {
    let first = balances.partition_point(|balance| balance.at < topup.sent);
    let end = balances.partition_point(|balance| balance.at <= topup.looked);
    // The read after it was made after its code was sent, and not after the newest look.
    let gaps = first.max(1)..end.max(first.max(1));
    let is_its = |after: &usize| {
        Some(balances[after - 1].amount) == topup.before && Some(balances[*after].amount) == topup.after
    };
    let found = gaps.clone().rfind(is_its);
    let found = found.or_else(|| gaps.clone().find(|after| rises(balances, after - 1)));
    match found {
        Some(after) => Some(after - 1),
        None => within(balances, topup.looked),
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

    fn ours(sent: i64, looked: i64, (before, after): (i64, i64), worth: Option<i64>) -> Topup {
        Topup {
            id: format!("t{sent}"),
            sent: at(sent),
            looked: at(looked),
            in_doubt: false,
            one_of_many: false,
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
    fn one_that_a_person_ended_stands_at_its_own_looks_and_not_at_a_later_rise() {
        let series = [(0, 4_306), (2, 5_606), (3, 5_605), (4, 7_005), (60, 7_000)];
        // Its newest look saw a little less than the first read after the rise.
        let first = ours(1, 3, (4_306, 5_605), None);
        let second = Topup {
            in_doubt: true,
            ..ours(4, 4, (5_605, 7_005), None)
        };
        let found = paid(&facts(&series, vec![first, second], &[]));
        assert_eq!(found[&0].unknown, ["t1"]);
        assert_eq!(found[&2].doubted, ["t4"]);
        assert!(found[&2].is_doubt() && !found[&0].is_doubt());
    }

    #[test]
    fn where_more_payments_were_counted_than_are_known_there_is_perhaps_another() {
        let series = [(0, 100), (60, 500)];
        let one = Topup {
            one_of_many: true,
            ..ours(10, 50, (100, 500), None)
        };
        let of = |topups, payments: &[i64]| paid(&facts(&series, topups, payments)).remove(&0).unwrap();
        assert!(of(vec![one.clone()], &[]).perhaps_more);
        assert!(of(vec![one.clone()], &[20]).perhaps_more);
        // The other is in the meter's log, or is one of the box's own.
        let both = of(vec![one.clone()], &[20, 21]);
        assert_eq!((both.perhaps_more, both.foreign), (false, 1));
        assert!(!of(vec![one, ours(20, 50, (100, 500), None)], &[]).perhaps_more);
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
