//! What a meter says of money, gathered until it is in the book (EMOP §23.1).

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::domain::{Latest, MeterState, Quality, Quantity};
use crate::meter::emop::{MeterTime, Money};
use crate::meter::own_time::OwnTime;
use crate::meter::served::Live;
use crate::store::meter_money::{MoneySeen, Terms, TermsRead};

/// Balances that wait for the book; more only while the disk is full, and then the newest.
const WAITING: usize = 64;
/// Values that tell how a meter charges.
const TERMS: [Quantity; 3] = [
    Quantity::TariffsActive,
    Quantity::DaylightSavings,
    Quantity::PrepayEnabled,
];
/// What a tariff to come has in common with the one that it becomes.
const PRICES: [&str; 4] = [
    "standing_charge",
    "unit_rate_element_a",
    "unit_rate_element_b",
    "prepayment_debt_recovery_rate",
];

impl Live {
    /// Takes note of what these values, which were just read, say of money.
    pub(in crate::meter) fn sees_money(&mut self, read: &[Quantity], now: Timestamp) {
        if read.contains(&Quantity::Balance)
            && let Some(balance) = balance(&self.state)
        {
            self.money.balances.push((now, balance.0));
            let many = self.money.balances.len().saturating_sub(WAITING);
            self.money.balances.drain(..many);
        }
        if read.iter().any(|quantity| TERMS.contains(quantity))
            && let Some(terms) = terms(&self.state, now)
        {
            self.money.terms = Some(terms);
        }
    }

    /// This is in the book.
    pub(in crate::meter) fn money_is_written(&mut self, written: &MoneySeen) {
        self.money.balances.retain(|one| !written.balances.contains(one));
        if self.money.terms == written.terms {
            self.money.terms = None;
        }
    }
}

fn measured(state: &MeterState, quantity: Quantity) -> Option<&Latest> {
    let latest = state.values.get(&quantity)?;
    (latest.quality == Quality::Measured && !latest.value.is_null()).then_some(latest)
}

fn balance(state: &MeterState) -> Option<Money> {
    measured(state, Quantity::Balance)?.value.as_str()?.parse().ok()
}

fn terms(state: &MeterState, now: Timestamp) -> Option<TermsRead> {
    let flag = |quantity| measured(state, quantity).and_then(|latest| latest.value.as_bool());
    let latest = measured(state, Quantity::TariffsActive)?;
    let tariff = latest.value.as_object()?.clone();
    let daylight = flag(Quantity::DaylightSavings);
    let plan = measured(state, Quantity::TariffsFuture).and_then(|future| {
        let future = future.value.as_object()?;
        becomes(future, &tariff).then(|| begins(future, daylight.unwrap_or(false)))?
    });
    Some(TermsRead {
        at: now,
        seen: latest.at,
        plan,
        terms: Terms {
            tariff,
            daylight,
            prepay: flag(Quantity::PrepayEnabled),
        },
    })
}

fn becomes(future: &Map<String, Value>, active: &Map<String, Value>) -> bool {
    PRICES.iter().all(|price| {
        future.get(*price).is_some_and(|amount| !amount.is_null()) && future.get(*price) == active.get(*price)
    })
}

/// When a tariff to come begins: it is written by the meter's own clock (EMOP §4.7).
fn begins(future: &Map<String, Value>, daylight: bool) -> Option<Timestamp> {
    let shown: jiff::civil::DateTime = future.get("activation_datetime")?.as_str()?.parse().ok()?;
    let shown = shown.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    // What no meter can hold is no moment of its clock.
    MeterTime::of(shown).ok()?;
    OwnTime::of(daylight).moment(shown)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn state(values: &[(Quantity, Value)]) -> MeterState {
        let at = "2026-07-02T09:00:00Z".parse().unwrap();
        let values = values
            .iter()
            .map(|(quantity, value)| (*quantity, Latest::measured(value.clone(), at)));
        MeterState {
            values: values.collect(),
            ..MeterState::default()
        }
    }

    #[test]
    fn a_tariff_that_was_to_come_began_at_its_own_moment() {
        let prices = |rate: &str, more: Value| {
            let mut tariff = json!({
                "standing_charge": "0.5", "unit_rate_element_a": rate, "unit_rate_element_b": rate,
                "prepayment_debt_recovery_rate": "0", "threshold_mask": { "rate1": 0 },
            });
            tariff
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            tariff
        };
        let future = prices("0.3", json!({ "activation_datetime": "2026-07-01T00:00:00" }));
        let now = "2026-07-02T09:00:05Z".parse().unwrap();
        for (active, daylight, plan) in [
            ("0.3", json!(true), Some("2026-06-30T23:00:00Z")),
            ("0.3", json!(false), Some("2026-07-01T00:00:00Z")),
            ("0.25", json!(true), None),
        ] {
            let state = state(&[
                (Quantity::TariffsActive, prices(active, json!({}))),
                (Quantity::TariffsFuture, future.clone()),
                (Quantity::DaylightSavings, daylight),
            ]);
            let plan = plan.map(|plan: &str| plan.parse().unwrap());
            assert_eq!(terms(&state, now).unwrap().plan, plan);
        }
        assert!(terms(&state(&[(Quantity::TariffsFuture, future)]), now).is_none());
        let text = state(&[(Quantity::Balance, json!("-0.00001"))]);
        assert_eq!(balance(&text), Some(Money(-1)));
        assert_eq!(balance(&state(&[(Quantity::Balance, json!("NaN"))])), None);
    }
}
