//! What a tariff charges, if the box can read it (EMOP §23.4). Pure.

use serde_json::{Map, Value};

use crate::meter::emop::Money;
use crate::meter::own_time::OwnTime;
use crate::store::meter_money::Terms;

/// What a meter charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Charges {
    /// A kWh of element A, and of B where the meter says one.
    pub(super) unit_rate_a: Money,
    pub(super) unit_rate_b: Option<Money>,
    /// A day.
    pub(super) standing_charge: Money,
    /// Debt that is recovered a day.
    pub(super) debt_recovery_rate: Money,
    /// By which hour its days begin.
    pub(super) own_time: OwnTime,
}

/// Why nothing is computed by a tariff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(super) enum Unread {
    /// Which rates have thresholds.
    #[error("the price changes with how much is used, which this box cannot work out")]
    Blocks,
    /// The price depends on the hour.
    #[error("the price changes with the time of day, which this box cannot work out")]
    TimeOfUse,
    /// It was not read whether it is a plain one.
    #[error("whether the price changes with how much is used was not read")]
    Mask,
    /// There is no amount.
    #[error("a price was not read from the meter")]
    Price,
    /// Nothing is paid for beforehand.
    #[error("energy was not paid for in advance")]
    NotPrepaid,
}

impl Charges {
    /// What a tariff charges; a plain one, since what others charge is not known for sure.
    pub(super) fn of(terms: &Terms) -> Result<Charges, Unread> {
        let tariff = &terms.tariff;
        if terms.prepay == Some(false) {
            return Err(Unread::NotPrepaid);
        }
        match tariff.get("threshold_mask") {
            Some(Value::Object(rates)) if rates.values().all(is_zero) => {}
            Some(Value::Object(_)) => return Err(Unread::Blocks),
            _ => return Err(Unread::Mask),
        }
        if let Some(Value::Object(thresholds)) = tariff.get("threshold_values")
            && !thresholds.values().all(|value| value.is_null() || is_zero(value))
        {
            return Err(Unread::Blocks);
        }
        // The rate in use at present: with one rate a day it is the first, counted from 0 or from 1.
        let is_first = |key: &str| tariff.get(key).and_then(Value::as_u64).is_none_or(|rate| rate <= 1);
        if !is_first("element_b_tou_rate") || !is_first("tou_rate") {
            return Err(Unread::TimeOfUse);
        }
        Ok(Charges {
            unit_rate_a: amount(tariff, "unit_rate_element_a").ok_or(Unread::Price)?,
            unit_rate_b: amount(tariff, "unit_rate_element_b"),
            standing_charge: amount(tariff, "standing_charge").ok_or(Unread::Price)?,
            debt_recovery_rate: amount(tariff, "prepayment_debt_recovery_rate").unwrap_or(Money(0)),
            own_time: OwnTime::of(terms.daylight.unwrap_or(false)),
        })
    }
}

fn is_zero(value: &Value) -> bool {
    value.as_u64() == Some(0)
}

fn amount(tariff: &Map<String, Value>, key: &str) -> Option<Money> {
    tariff.get(key)?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plain_tariff_is_read_and_any_other_is_said_to_be_none() {
        let plain = json!({
            "standing_charge": "0.51082", "unit_rate_element_a": "0.23812", "unit_rate_element_b": null,
            "threshold_mask": { "rate1": 0, "rate8": 0 }, "threshold_values": { "th1": 0, "th2": null },
            "prepayment_debt_recovery_rate": "0.3", "block_rate": 0, "element_b_tou_rate": 0, "tou_rate": null,
        });
        let of = |change: Value, prepay: Option<bool>| {
            let mut tariff = plain.as_object().unwrap().clone();
            tariff.extend(change.as_object().unwrap().clone());
            let daylight = Some(true);
            Charges::of(&Terms {
                tariff,
                daylight,
                prepay,
            })
        };
        let charges = of(json!({}), None).unwrap();
        assert_eq!((charges.unit_rate_a, charges.unit_rate_b), (Money(23_812), None));
        assert_eq!(
            (charges.standing_charge, charges.debt_recovery_rate),
            (Money(51_082), Money(30_000))
        );
        assert_eq!(charges.own_time, OwnTime::British);
        for (change, why) in [
            (json!({ "threshold_mask": { "rate1": 1 } }), Unread::Blocks),
            (json!({ "threshold_mask": null }), Unread::Mask),
            (json!({ "threshold_values": { "th1": 500 } }), Unread::Blocks),
            (json!({ "element_b_tou_rate": 3 }), Unread::TimeOfUse),
            (json!({ "unit_rate_element_a": null }), Unread::Price),
            (json!({ "standing_charge": null }), Unread::Price),
        ] {
            assert_eq!(of(change.clone(), Some(true)), Err(why), "{change}");
        }
        assert_eq!(of(json!({}), Some(false)), Err(Unread::NotPrepaid));
    }
}
