//! Balances that are low, and for how many days each lasts at last week's pace.

use std::sync::Arc;

use jiff::SignedDuration;

use super::{Line, Outcome};
use crate::domain::{Measure, Quality, Quantity};
use crate::http::blocking;
use crate::meter::emop::Money;
use crate::meter::energy::Span;
use crate::meter::room::Meters;
use crate::meter::shown::MeterShown;

/// Days of use that the pace is taken from.
const DAYS: i64 = 7;

/// What a prepaying meter has, and what a day of last week cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Purse {
    balance: Money,
    /// `None`: the week has gaps, or its tariff cannot be read.
    a_day: Option<Money>,
}

impl Purse {
    /// For how many whole days it lasts.
    fn days(&self) -> Option<i64> {
        let a_day = self.a_day.filter(|a_day| a_day.0 > 0)?;
        Some((self.balance.0 / a_day.0).max(0))
    }

    fn words(&self) -> String {
        let left = format!("{} left", self.balance.pounds());
        match (self.days(), self.a_day) {
            (Some(1), Some(a_day)) => format!("{left}, which lasts 1 day at {} a day", a_day.pounds()),
            (Some(days), Some(a_day)) => format!("{left}, which lasts {days} days at {} a day", a_day.pounds()),
            _ => format!("{left}; for how long is not known, since last week's use or its price is not"),
        }
    }
}

impl Meters {
    /// Says which prepaying meters have less than `meters.jobs.low_balance_below`, or last fewer days than
    /// `low_balance_days`.
    pub(super) async fn low_balances(self: &Arc<Self>) -> Result<Vec<Line>, String> {
        let room = Arc::clone(self);
        let found = blocking(move || {
            let below = room.config.jobs.low_below();
            let days = i64::from(room.config.jobs.low_balance_days);
            let mut lines = Vec::new();
            for shown in room.list() {
                let Some(purse) = room.purse(&shown) else { continue };
                if purse.balance < below || purse.days().is_some_and(|left| left < days) {
                    lines.push(Line::new(&shown.meter.serial, Outcome::Reported, purse.words()));
                }
            }
            lines
        });
        found.await.map_err(|error| error.to_string())
    }

    /// What a meter has, when it is one that energy is paid for beforehand.
    fn purse(&self, shown: &MeterShown) -> Option<Purse> {
        let prepays = shown.value(Quantity::PrepayEnabled)?.as_bool()?;
        let balance = shown
            .values
            .get(&Quantity::Balance)
            .filter(|value| value.quality != Quality::Gap)?;
        let balance = balance.value.as_str()?.parse().ok().filter(|_| prepays)?;
        Some(Purse {
            balance,
            a_day: self.a_day(shown),
        })
    }

    /// What a day of last week cost, by the tariff that is in force.
    fn a_day(&self, shown: &MeterShown) -> Option<Money> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_said_only_when_they_are_known() {
        let purse = |balance, a_day: Option<i64>| Purse {
            balance: Money(balance),
            a_day: a_day.map(Money),
        };
        for (purse, days, words) in [
            (
                purse(500_000, Some(200_000)),
                Some(2),
                "£5.00 left, which lasts 2 days at £2.00 a day",
            ),
            (
                purse(390_000, Some(200_000)),
                Some(1),
                "£3.90 left, which lasts 1 day at £2.00 a day",
            ),
            (
                purse(-100_000, Some(200_000)),
                Some(0),
                "-£1.00 left, which lasts 0 days at £2.00 a day",
            ),
            (
                purse(500_000, None),
                None,
                "£5.00 left; for how long is not known, since last week's use or its price is not",
            ),
            (
                purse(500_000, Some(0)),
                None,
                "£5.00 left; for how long is not known, since last week's use or its price is not",
            ),
        ] {
            assert_eq!((purse.days(), purse.words().as_str()), (days, words));
        }
    }
}
