//! Tariffs: what is read as one, and a future one written as eleven objects (EMOP §5.6).

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::blank::is_blank_u16;
use super::catalogue::{Catalogue, Object};
use super::money::Money;
use super::object::ObjectId;
use super::time::MeterTime;
use super::value::{Value, ValueError};

/// A tariff to come. With no thresholds and no times of use, each element has one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FutureTariff {
    /// Per kWh, of both elements.
    pub unit_rate: Money,
    /// Per day.
    pub standing_charge: Money,
    /// How far below zero a balance may go.
    pub emergency_credit: Money,
    /// From which balance on the emergency credit can be had.
    pub ecredit_availability: Money,
    /// Debt paid back per day.
    pub debt_recovery_rate: Money,
    /// When it begins, on the meter's own clock: with daylight savings correction, British summer time in summer.
    pub activation: MeterTime,
}

/// One object of a tariff to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TariffWrite {
    /// The object's name in the catalogue.
    pub name: &'static str,
    pub object: ObjectId,
    /// What goes in, and must be read back.
    pub payload: Vec<u8>,
}

impl FutureTariff {
    /// The eleven writes, in the order that keeps a half-written tariff from starting: the moment of
    /// activation comes last.
    pub fn writes(&self, catalogue: &Catalogue) -> Result<Vec<TariffWrite>, ValueError> {
        let amount = Value::Money;
        let steps = [
            ("tariff_future_threshold_mask", Value::ThresholdMask(0)),
            ("tariff_future_threshold_values", Value::ThresholdValues([0; 7])),
            ("tariff_future_tou_flag", Value::Number(0)),
            // With an empty mask element A is charged by this one of its 64 rates.
            ("tariff_future_block_8_rate_1", amount(self.unit_rate)),
            ("tariff_future_element_b_tou_rate_1", amount(self.unit_rate)),
            (
                "tariff_future_prepayment_emergency_credit",
                amount(self.emergency_credit),
            ),
            (
                "tariff_future_prepayment_ecredit_availability",
                amount(self.ecredit_availability),
            ),
            (
                "tariff_future_prepayment_debt_recovery_rate",
                amount(self.debt_recovery_rate),
            ),
            ("tariff_future_gas", amount(Money(0))),
            ("tariff_future_standing_charge", amount(self.standing_charge)),
            ("tariff_future_activation_datetime", Value::Moment(self.activation)),
        ];
        steps
            .into_iter()
            .map(|(name, value)| {
                let object = catalogue
                    .named(name)
                    .expect("the future tariff's objects are in the catalogue");
                Ok(TariffWrite {
                    name,
                    object: object.id,
                    payload: value.encode(object.kind)?,
                })
            })
            .collect()
    }
}

/// Which tariff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one in force.
    Active,
    /// The one to come.
    Future,
}

/// A key of a tariff as it is shown and stored, and the object it is read from.
const ACTIVE: &[(&str, &str)] = &[
    ("standing_charge", "tariff_active_standing_charge"),
    ("unit_rate_element_a", "tariff_active_price"),
    ("unit_rate_element_b", "tariff_active_element_b_price"),
    ("threshold_mask", "tariff_active_threshold_mask"),
    ("threshold_values", "tariff_active_threshold_values"),
    (
        "prepayment_emergency_credit",
        "tariff_active_prepayment_emergency_credit",
    ),
    (
        "prepayment_ecredit_availability",
        "tariff_active_prepayment_ecredit_availability",
    ),
    (
        "prepayment_debt_recovery_rate",
        "tariff_active_prepayment_debt_recovery_rate",
    ),
    ("block_rate", "tariff_active_block_rate"),
    ("element_b_tou_rate", "tariff_active_element_b_tou_rate"),
];
const FUTURE: &[(&str, &str)] = &[
    ("standing_charge", "tariff_future_standing_charge"),
    ("unit_rate_element_a", "tariff_future_block_8_rate_1"),
    ("unit_rate_element_b", "tariff_future_element_b_tou_rate_1"),
    ("threshold_mask", "tariff_future_threshold_mask"),
    ("threshold_values", "tariff_future_threshold_values"),
    (
        "prepayment_emergency_credit",
        "tariff_future_prepayment_emergency_credit",
    ),
    (
        "prepayment_ecredit_availability",
        "tariff_future_prepayment_ecredit_availability",
    ),
    (
        "prepayment_debt_recovery_rate",
        "tariff_future_prepayment_debt_recovery_rate",
    ),
    ("activation_datetime", "tariff_future_activation_datetime"),
];

/// Keys that are there and always null, in both tariffs and in the active one only.
const NULL: [&str; 5] = [
    "element_b_tou_rate_1",
    "element_b_tou_rate_2",
    "element_b_tou_rate_3",
    "element_b_tou_rate_4",
    "pricings",
];
const NULL_ACTIVE: [&str; 6] = [
    "tou_rate",
    "price_current",
    "price_index_current",
    "element_b_block_rate",
    "element_b_price_index_current",
    "gas",
];

impl Which {
    /// The keys of the three amounts that only count where energy is paid for beforehand, in the order of their objects.
    pub const PREPAY_KEYS: [&str; 3] = [
        "prepayment_emergency_credit",
        "prepayment_ecredit_availability",
        "prepayment_debt_recovery_rate",
    ];

    fn keys(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Which::Active => ACTIVE,
            Which::Future => FUTURE,
        }
    }

    /// The objects to read for it.
    pub fn objects(self, catalogue: &Catalogue) -> impl Iterator<Item = &Object> {
        let found = move |(_, name): &(&str, &str)| catalogue.named(name).expect("tariff objects are in the catalogue");
        self.keys().iter().map(found)
    }

    /// The tariff as it is shown and stored, from what `read` gives for its objects: amounts are texts,
    /// and what could not be read is null.
    #[must_use]
    pub fn shown(self, read: impl Fn(&str) -> Option<Value>) -> serde_json::Map<String, Json> {
        let mut shown = serde_json::Map::new();
        for (key, object) in self.keys() {
            shown.insert((*key).to_owned(), read(object).as_ref().map_or(Json::Null, json));
        }
        let nulls = NULL.iter().chain(NULL_ACTIVE.iter().filter(|_| self == Which::Active));
        shown.extend(nulls.map(|key| ((*key).to_owned(), Json::Null)));
        shown
    }
}

/// One value of a tariff. Kinds that tariffs do not have are null.
fn json(value: &Value) -> Json {
    match value {
        Value::Money(money) => money.to_string().into(),
        Value::Number(number) => (*number).into(),
        Value::ThresholdMask(mask) => (1..=8)
            .map(|rate| (format!("rate{rate}"), Json::from(mask >> (rate - 1) & 1)))
            .collect(),
        Value::ThresholdValues(values) => (1..)
            .zip(values)
            .map(|(number, value)| {
                let shown = (!is_blank_u16(*value)).then_some(*value);
                (format!("th{number}"), Json::from(shown))
            })
            .collect(),
        // The meter's own clock, so no zone is told.
        Value::Moment(at) => at.moment().strftime("%Y-%m-%dT%H:%M:%S").to_string().into(),
        _ => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::super::inferred::Inferred;
    use super::*;

    fn catalogue() -> Catalogue {
        Catalogue::new(&Inferred::default()).unwrap()
    }

    #[test]
    fn a_future_tariff_is_eleven_writes_and_its_activation_the_last() {
        let tariff = FutureTariff {
            unit_rate: Money(23_812),
            standing_charge: Money(51_082),
            emergency_credit: Money(1_500_000),
            ecredit_availability: Money(1_000_000),
            debt_recovery_rate: Money(30_000),
            activation: MeterTime(762_525_296),
        };
        let writes = tariff.writes(&catalogue()).unwrap();
        let ids = writes.iter().map(|write| write.object.to_string()).collect::<Vec<_>>();
        assert_eq!(
            ids,
            [
                "ffff21", "ffff1f", "ffff4f", "fff839", "fff601", "ffc808", "ffc809", "ffc80a", "ffc965", "ffff23",
                "ffff24"
            ]
        );
        assert_eq!(writes[1].payload, [0; 14]);
        assert_eq!(writes[3].payload, [0x04, 0x5D, 0, 0]);
        assert_eq!(writes[10].payload, [0x70, 0x36, 0x73, 0x2D]);
        let negative = FutureTariff {
            debt_recovery_rate: Money(-1),
            ..tariff
        };
        assert!(negative.writes(&catalogue()).is_err());
    }

    #[test]
    fn a_tariff_shows_amounts_as_text_and_what_is_not_read_as_null() {
        let shown = Which::Future.shown(|name| match name {
            "tariff_future_standing_charge" => Some(Value::Money(Money(7_650))),
            "tariff_future_threshold_mask" => Some(Value::ThresholdMask(0x80)),
            "tariff_future_activation_datetime" => Some(Value::Moment(MeterTime(762_525_296))),
            _ => None,
        });
        assert_eq!(shown["standing_charge"], "0.0765");
        assert_eq!(shown["threshold_mask"]["rate8"], 1);
        assert_eq!(shown["activation_datetime"], "2024-02-29T12:34:56");
        assert_eq!(shown["unit_rate_element_a"], Json::Null);
        assert!(shown.contains_key("pricings") && !shown.contains_key("gas"));
        assert_eq!(Which::Active.shown(|_| None).len(), 21);
        assert_eq!(Which::Active.objects(&catalogue()).count(), 10);
    }
}
