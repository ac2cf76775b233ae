//! Exact amounts: watt-hours times a price per kWh are thousandths of the meter's unit (EMOP §23.2). Pure.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use crate::meter::emop::Money;

/// Thousandths in a unit of the meter's money.
const PER_UNIT: i128 = 1_000;
/// Thousandths in a pound.
const PER_POUND: u128 = 100_000_000;

/// An amount in thousandths of 1/100000 GBP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Exact(pub(super) i128);

impl Exact {
    pub(super) const ZERO: Exact = Exact(0);

    /// What so many watt-hours cost.
    pub(super) fn cost(watt_hours: u64, price: Money) -> Exact {
        Exact(i128::from(watt_hours) * i128::from(price.0))
    }

    /// In whole units of the meter, cut off towards zero.
    pub(super) fn cut(self) -> Money {
        let units = self.0 / PER_UNIT;
        let nearest = if units < 0 { i64::MIN } else { i64::MAX };
        Money(i64::try_from(units).unwrap_or(nearest))
    }

    pub(super) fn abs(self) -> Exact {
        Exact(self.0.abs())
    }
}

impl From<Money> for Exact {
    fn from(amount: Money) -> Exact {
        Exact(i128::from(amount.0) * PER_UNIT)
    }
}

impl Add for Exact {
    type Output = Exact;

    fn add(self, other: Exact) -> Exact {
        Exact(self.0 + other.0)
    }
}

impl AddAssign for Exact {
    fn add_assign(&mut self, other: Exact) {
        self.0 += other.0;
    }
}

impl Sub for Exact {
    type Output = Exact;

    fn sub(self, other: Exact) -> Exact {
        Exact(self.0 - other.0)
    }
}

impl Neg for Exact {
    type Output = Exact;

    fn neg(self) -> Exact {
        Exact(-self.0)
    }
}

impl Sum for Exact {
    fn sum<I: Iterator<Item = Exact>>(amounts: I) -> Exact {
        amounts.fold(Exact::ZERO, Add::add)
    }
}

impl fmt::Display for Exact {
    /// In pounds, no zeros beyond need: `3`, `-0.05953`, `0.00000812`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pounds, parts) = (self.0.unsigned_abs() / PER_POUND, self.0.unsigned_abs() % PER_POUND);
        let sign = if self.0 < 0 { "-" } else { "" };
        if parts == 0 {
            return write!(f, "{sign}{pounds}");
        }
        let parts = format!("{parts:08}");
        write!(f, "{sign}{pounds}.{}", parts.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watt_hours_times_a_price_are_thousandths_and_cut_once() {
        let cost = Exact::cost(251, Money(23_812));
        assert_eq!((cost, cost.cut()), (Exact(5_976_812), Money(5_976)));
        assert_eq!((-cost).cut(), Money(-5_976));
        assert_eq!((-cost).to_string(), "-0.05976812");
        assert_eq!(Exact::from(Money(300_000)).to_string(), "3");
        assert_eq!(Exact(7).to_string(), "0.00000007");
        assert_eq!(Exact(i128::MAX).cut(), Money(i64::MAX));
    }
}
