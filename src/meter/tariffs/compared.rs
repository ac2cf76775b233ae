//! What a meter holds beside what was written to it, in numbers with units (EMOP §22.1, §22.3). Pure.

use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use crate::meter::emop::blank::is_blank;
use crate::meter::emop::catalogue::Object;
use crate::meter::emop::tariff::TariffWrite;
use crate::meter::emop::{Dialect, MeterTime, Money, Value};

/// An object that holds something else than was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TariffDifference)]
pub struct Difference {
    /// The object's name.
    pub object: String,
    /// What was written.
    pub wanted: String,
    /// What it holds; `nothing that could be read` when it refuses.
    pub held: String,
}

/// What each object holds that should hold a part of a tariff; `None`: the meter refuses to say.
pub(super) type Held = Vec<Option<Vec<u8>>>;

/// The objects in which a meter holds something else.
pub(super) fn differences(writes: &[TariffWrite], held: &Held, dialect: &Dialect) -> Vec<Difference> {
    let pairs = writes.iter().zip(held);
    let differing = pairs.filter(|(write, held)| {
        let held = held.as_ref().and_then(|held| held.get(..write.payload.len()));
        held != Some(write.payload.as_slice())
    });
    let shown = differing.map(|(write, held)| Difference {
        object: write.name.to_owned(),
        wanted: in_words(write, &write.payload, dialect),
        held: match held {
            Some(payload) => in_words(write, payload, dialect),
            None => "nothing that could be read".to_owned(),
        },
    });
    shown.collect()
}

/// What an object of a tariff holds, in words.
pub(super) fn in_words(write: &TariffWrite, payload: &[u8], dialect: &Dialect) -> String {
    let Some(object) = dialect.catalogue().of(write.object) else {
        return hex(payload);
    };
    payload_in_words(object, payload, dialect)
}

/// What the payload of an object means, in words with units.
pub(in crate::meter) fn payload_in_words(object: &Object, payload: &[u8], dialect: &Dialect) -> String {
    if is_blank(object.kind, payload) {
        return format!("no value ({})", hex(payload));
    }
    match Value::decode(object.kind, payload, dialect.inferred()) {
        Ok(Value::Money(amount)) => priced(&object.name, amount),
        Ok(Value::Number(number)) => number.to_string(),
        Ok(Value::Flag(on)) => if on { "on" } else { "off" }.to_owned(),
        Ok(Value::Moment(MeterTime::NONE)) => own_clock(MeterTime::NONE),
        Ok(Value::Moment(at)) => format!("{} by the meter's own clock", own_clock(at)),
        Ok(Value::Clock(shown)) => shown.moment.to_string(),
        Ok(Value::Text(text)) => text,
        Ok(Value::ThresholdMask(0)) => "no thresholds (00)".to_owned(),
        Ok(Value::ThresholdValues(values)) if values == [0; 7] => "no thresholds (00…)".to_owned(),
        Ok(Value::Setting(setting)) => match setting.name("_sp") {
            Some(name) => name.to_owned(),
            None => format!("setting {}", setting.number()),
        },
        Ok(_) | Err(_) => hex(payload),
    }
}

/// When a tariff begins; the first second of meters' time stands for none.
pub(super) fn begins(of: &Map<String, Json>) -> Option<String> {
    let shown = of.get("activation_datetime")?.as_str()?;
    let at = Offset::UTC.to_timestamp(shown.parse().ok()?).ok()?;
    (at != MeterTime::NONE.moment()).then(|| shown.to_owned())
}

/// A moment as the meter's own clock shows it: no zone is told, since only the meter knows it.
pub(super) fn own_clock(at: MeterTime) -> String {
    if at == MeterTime::NONE {
        return "none".to_owned();
    }
    at.moment().strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// An amount with the unit that the object's name says.
pub(super) fn priced(object: &str, amount: Money) -> String {
    let per = |unit: &str| format!("{} p/{unit}", amount.pence());
    if object.ends_with("standing_charge") || object.ends_with("debt_recovery_rate") {
        return per("day");
    }
    if object.ends_with("emergency_credit") || object.ends_with("ecredit_availability") || object.ends_with("balance") {
        return amount.exact_pounds();
    }
    per("kWh")
}

pub(super) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::emop::Inferred;
    use crate::meter::emop::dialect::InferredWrites;
    use crate::meter::emop::tariff::FutureTariff;

    fn dialect() -> Dialect {
        Dialect::new(Inferred::default(), InferredWrites::Refused).unwrap()
    }

    #[test]
    fn amounts_have_the_unit_of_their_object() {
        for (object, units, words) in [
            ("tariff_active_price", 23_812, "23.812 p/kWh"),
            ("tariff_future_standing_charge", 51_082, "51.082 p/day"),
            ("tariff_active_prepayment_debt_recovery_rate", 30_000, "30.000 p/day"),
            ("tariff_active_prepayment_emergency_credit", 1_500_000, "£15.00"),
            ("tariff_active_prepayment_ecredit_availability", 123_456, "£1.23456"),
            ("prepay_balance", -5_000, "-£0.05"),
            ("tariff_future_block_8_rate_1", 7, "0.007 p/kWh"),
        ] {
            assert_eq!(priced(object, Money(units)), words);
        }
    }

    #[test]
    fn what_a_meter_holds_otherwise_is_named_with_both_values() {
        let tariff = FutureTariff {
            unit_rate: Money(23_812),
            standing_charge: Money(51_082),
            emergency_credit: Money(0),
            ecredit_availability: Money(0),
            debt_recovery_rate: Money(0),
            activation: MeterTime(762_525_296),
        };
        let dialect = dialect();
        let writes = tariff.writes(dialect.catalogue()).unwrap();
        let mut held: Held = writes.iter().map(|write| Some(write.payload.clone())).collect();
        assert_eq!(differences(&writes, &held, &dialect), []);
        // A longer answer is read as far as known.
        held[0].as_mut().unwrap().push(9);
        assert_eq!(differences(&writes, &held, &dialect), []);
        held[3] = Some(20_000u32.to_le_bytes().to_vec());
        held[8] = None;
        held[9] = Some(vec![0xFF; 4]);
        held[10] = Some(vec![1]);
        let found = differences(&writes, &held, &dialect);
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.object.as_str(), one.wanted.as_str(), one.held.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("tariff_future_block_8_rate_1", "23.812 p/kWh", "20.000 p/kWh"),
                ("tariff_future_gas", "0.000 p/kWh", "nothing that could be read"),
                ("tariff_future_standing_charge", "51.082 p/day", "no value (ffffffff)"),
                (
                    "tariff_future_activation_datetime",
                    "2024-02-29 12:34:56 by the meter's own clock",
                    "01"
                ),
            ]
        );
    }
}
