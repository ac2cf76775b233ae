//! What a prepaying meter has, and for how many days that lasts at last week's pace.

use jiff::SignedDuration;

use super::emop::Money;
use super::energy::Span;
use super::room::Meters;
use super::shown::MeterShown;
use crate::domain::{Measure, Quality, Quantity};

/// Days of use that the pace is taken from.
pub(in crate::meter) const DAYS: i64 = 7;

/// What a prepaying meter has, and what a day of last week cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purse {
    pub balance: Money,
    /// `None`: the week has gaps, or its tariff cannot be read.
    pub a_day: Option<Money>,
}

/// Of which only the balance counts.
impl From<Money> for Purse {
    fn from(balance: Money) -> Purse {
        Purse { balance, a_day: None }
    }
}

impl Purse {
    /// For how many whole days it lasts.
    #[must_use]
    pub fn days(&self) -> Option<i64> {
        let a_day = self.a_day.filter(|a_day| a_day.0 > 0)?;
        Some((self.balance.0 / a_day.0).max(0))
    }
}

impl Meters {
    /// Whether a meter has so little that people should look (`meters.jobs.low_balance_below`, `low_balance_days`).
    #[must_use]
    pub fn is_low(&self, purse: Purse) -> bool {
        let days = i64::from(self.config.jobs.low_balance_days);
        purse.balance < self.config.jobs.low_below() || purse.days().is_some_and(|left| left < days)
    }

    /// The balance of a meter, when it is one that energy is paid for beforehand.
    #[must_use]
    pub fn left(&self, shown: &MeterShown) -> Option<Money> {
        let prepays = shown.value(Quantity::PrepayEnabled)?.as_bool()?;
        let balance = shown
            .values
            .get(&Quantity::Balance)
            .filter(|value| value.quality != Quality::Gap)?;
        balance.value.as_str()?.parse().ok().filter(|_| prepays)
    }

    /// What a meter has, when it is one that energy is paid for beforehand. Reads the disk: a thread that may block.
    #[must_use]
    pub fn purse(&self, shown: &MeterShown) -> Option<Purse> {
        Some(Purse {
            balance: self.left(shown)?,
            a_day: self.a_day(shown),
        })
    }

    /// What a day of last week cost, by the tariff that is in force. Reads the disk: a thread that may block.
    pub(in crate::meter) fn a_day(&self, shown: &MeterShown) -> Option<Money> {
        let tariff = shown.value(Quantity::TariffsActive)?.as_object()?;
        let amount = |key: &str| tariff.get(key)?.as_str()?.parse::<Money>().ok();
        let (rate, standing) = (amount("unit_rate_element_a")?, amount("standing_charge")?);
        let meter = &shown.meter.serial;
        let registers = self.registers_of(meter, Measure::Import, None).ok()?;
        let to = self.store.now();
        let from = to.saturating_sub(SignedDuration::from_hours(24 * DAYS)).ok()?;
        let totals = self.totals(meter, registers, Span { from, to }).ok()?;
        let missing = totals.intervals.iter().filter(|one| one.energy.is_none()).count();
        // The newest half-hours are not fetched yet.
        if totals.intervals.len() < 24 * 2 || missing * 20 > totals.intervals.len() {
            return None;
        }
        let watt_hours = i64::try_from(totals.energy()).ok()?;
        let known = i64::try_from(totals.intervals.len() - missing).ok()?;
        let a_day = watt_hours.checked_mul(48)?.checked_div(known)?;
        Some(Money(a_day.checked_mul(rate.0)? / 1_000 + standing.0))
    }
}
