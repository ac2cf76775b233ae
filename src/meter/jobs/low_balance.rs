//! Balances that are low, and for how many days each lasts at last week's pace.

use std::sync::Arc;

use super::{Line, Outcome};
use crate::http::blocking;
use crate::meter::purse::Purse;
use crate::meter::room::Meters;

fn words(purse: &Purse) -> String {
    let left = format!("{} left", purse.balance.pounds());
    match (purse.days(), purse.a_day) {
        (Some(1), Some(a_day)) => format!("{left}, which lasts 1 day at {} a day", a_day.pounds()),
        (Some(days), Some(a_day)) => format!("{left}, which lasts {days} days at {} a day", a_day.pounds()),
        _ => format!("{left}; for how long is not known, since last week's use or its price is not"),
    }
}

impl Meters {
    /// Says which prepaying meters have less than `meters.jobs.low_balance_below`, or last fewer days than
    /// `low_balance_days`.
    pub(super) async fn low_balances(self: &Arc<Self>) -> Result<Vec<Line>, String> {
        let room = Arc::clone(self);
        let found = blocking(move || {
            let mut lines = Vec::new();
            for shown in room.list() {
                let Some(purse) = room.purse(&shown) else { continue };
                if room.is_low(purse) {
                    lines.push(Line::new(&shown.meter.serial, Outcome::Reported, words(&purse)));
                }
            }
            lines
        });
        found.await.map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::emop::Money;

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
            assert_eq!((purse.days(), super::words(&purse).as_str()), (days, words));
        }
    }
}
