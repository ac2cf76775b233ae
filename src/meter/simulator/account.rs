//! The money of a simulated meter, exact to a thousandth of the meter's unit (EMOP §17.1). Pure arithmetic.

use crate::meter::emop::{MeterTime, Money};

/// Thousandths in a unit of the meter's money: watt-hours times a price per kWh.
const PER_UNIT: i128 = 1_000;
/// The count of payments while there was none (EMOP §17.2).
pub(super) const NONE_YET: u16 = 0xFFFF;

/// What is paid in, owed and noted of payments.
#[derive(Clone, Debug)]
pub(super) struct Account {
    /// In thousandths of 1/100000 GBP, so that no watt-hour is lost by rounding.
    thousandths: i128,
    debt: Money,
    payments: u16,
    newest: Option<(MeterTime, Money)>,
}

impl Account {
    pub(super) fn new(balance: Money, debt: Money, payments: u16) -> Account {
        Account {
            thousandths: thousandths(balance),
            debt,
            payments,
            newest: None,
        }
    }

    /// What the meter shows: cut off towards zero, and no more than four bytes hold.
    pub(super) fn balance(&self) -> Money {
        let units = self.thousandths / PER_UNIT;
        let ends = i128::from(i32::MIN)..=i128::from(i32::MAX);
        let shown = units.clamp(*ends.start(), *ends.end());
        Money(i64::try_from(shown).expect("it lies between the ends of an i32"))
    }

    /// Whether no more than so much is left.
    pub(super) fn is_at_most(&self, level: Money) -> bool {
        self.thousandths <= thousandths(level)
    }

    /// How many thousandths are left above a level; 0 or less: none.
    pub(super) fn above(&self, level: Money) -> i128 {
        self.thousandths - thousandths(level)
    }

    /// Takes off what was used, in thousandths.
    pub(super) fn charge_use(&mut self, cost: i128) {
        self.thousandths -= cost;
    }

    /// Takes off a day's standing charge.
    pub(super) fn charge_day(&mut self, standing: Money) {
        self.thousandths -= thousandths(standing);
    }

    /// Takes off a day's part of the debt, at most all of it.
    pub(super) fn recover_debt(&mut self, a_day: Money) {
        let part = Money(a_day.0.min(self.debt.0).max(0));
        self.debt.0 -= part.0;
        self.thousandths -= thousandths(part);
    }

    /// Whether a payment leaves a balance that four bytes hold.
    pub(super) fn has_room_for(&self, amount: Money) -> bool {
        self.thousandths + thousandths(amount) <= i128::from(i32::MAX) * PER_UNIT
    }

    /// A payment: the balance rises, the count goes on, and there is a new detail.
    pub(super) fn pay(&mut self, amount: Money, at: MeterTime) {
        self.thousandths += thousandths(amount);
        self.payments = self.payments.wrapping_add(1);
        self.newest = Some((at, amount));
    }

    /// Payments less one, modulo 2^16.
    pub(super) fn payments(&self) -> u16 {
        self.payments
    }

    /// The newest payment as the wire has it: eight bytes that nobody has read yet, when, how much.
    pub(super) fn detail(&self) -> Vec<u8> {
        let (at, amount) = self.newest.unwrap_or((MeterTime(0), Money(0)));
        let amount = amount.signed().unwrap_or(i32::MAX);
        [&[0; 8][..], &at.to_bytes(), &amount.to_le_bytes()].concat()
    }
}

fn thousandths(amount: Money) -> i128 {
    i128::from(amount.0) * PER_UNIT
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_payment_is_number_0_and_the_count_goes_round() {
        let mut account = Account::new(Money(0), Money(0), NONE_YET);
        account.pay(Money(500_000), MeterTime(7));
        assert_eq!((account.payments(), account.balance()), (0, Money(500_000)));
        assert_eq!(account.detail()[8..], [7, 0, 0, 0, 0x20, 0xA1, 0x07, 0]);
        let mut account = Account::new(Money(0), Money(0), 0xFFFE);
        account.pay(Money(1), MeterTime(8));
        account.pay(Money(1), MeterTime(9));
        assert_eq!(account.payments(), 0);
    }

    #[test]
    fn a_balance_beyond_four_bytes_is_not_paid_in() {
        let account = Account::new(Money(i64::from(i32::MAX) - 5), Money(0), 0);
        assert!(account.has_room_for(Money(5)) && !account.has_room_for(Money(6)));
    }

    proptest! {
        #[test]
        fn a_debt_is_recovered_to_the_last_unit_and_no_further(
            debt in 0i64..1_000_000, a_day in 0i64..200_000, days in 0i64..40,
        ) {
            let mut account = Account::new(Money(0), Money(debt), 0);
            for _ in 0..days {
                account.recover_debt(Money(a_day));
            }
            prop_assert_eq!(account.balance(), Money(-debt.min(a_day * days)));
        }
    }
}
