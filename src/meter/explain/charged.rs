//! What a day cost by a statement: the exact sum of what its lines charge (EMOP §23.7). Pure.

use jiff::civil::Date;

use super::shown::LineShown;
use crate::meter::emop::Money;

/// Kinds of lines that charge.
const CHARGES: [&str; 3] = ["energy", "standing_charge", "debt"];
/// A penny in units of the meter's money.
const PENNY: i64 = 1_000;

/// What was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charged {
    /// More than nothing where something was charged.
    pub amount: Money,
    /// Whether nothing of it is left out.
    pub is_whole: bool,
}

impl Charged {
    /// What the lines of a day charge; `None`: nothing.
    #[must_use]
    pub fn on(day: Date, lines: &[LineShown]) -> Option<Charged> {
        let of_day = || lines.iter().filter(|line| line.day == day);
        let charged = of_day().filter(|line| CHARGES.contains(&line.kind.as_str()));
        let amounts: Option<Vec<Money>> = charged.map(|line| line.amount.as_ref()?.parse().ok()).collect();
        let amounts = amounts.filter(|amounts| !amounts.is_empty())?;
        Some(Charged {
            amount: Money(-amounts.iter().map(|amount| amount.0).sum::<i64>()),
            is_whole: of_day().all(|line| line.amount.is_some()),
        })
    }
}

/// To the nearest penny, once.
#[must_use]
pub fn to_the_penny(amount: Money) -> Money {
    Money((amount.0 + PENNY / 2).div_euclid(PENNY) * PENNY)
}
