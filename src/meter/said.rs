//! What an object's bytes say of a meter: one table of objects and the values that are kept of them, for the box's own
//! polling and for whatever is read for somebody else. A value that the meter cannot mean is none, and says why. Pure.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};

use super::emop::blank::{is_blank, is_blank_u32};
use super::emop::catalogue::Object;
use super::emop::identity::Hardware;
use super::emop::tariff::Which;
use super::emop::value::{PayloadError, Value};
use super::emop::{Dialect, MeterTime};
use super::reads;
use crate::domain::{Doubt, Quantity, Rating};

/// A value that a meter said, or why it is none.
pub(super) type Said = (Quantity, Result<Json, Doubt>);

/// The highest voltage between a wire of a house and the ground, in tenths: more than two phases have between them.
const MOST_DECIVOLTS: u32 = 5_000;
/// Single phase meters give whole volts or tenths, and do not say which: more than this is tenths.
const WHOLE_VOLTS: u32 = 1_000;
/// A clock that is further off was never set, or shows what no clock shows.
const DRIFT_LIMIT: SignedDuration = SignedDuration::from_hours(10 * 365 * 24);

/// The most that each register of a meter of this kind can have counted.
pub(super) fn rating(hardware: Option<Hardware>) -> Rating {
    match hardware {
        Some(Hardware::P1Ax) => Rating::THREE_PHASES,
        Some(hardware) if !hardware.is_three_phase() => Rating::ELEMENT,
        Some(_) | None => Rating::TRANSFORMERS,
    }
}

/// What an object says of a meter of this kind at `now`; nothing, when it holds nothing that is kept.
pub(super) fn said(
    object: &Object,
    payload: &[u8],
    (dialect, hardware): (&Dialect, Hardware),
    now: Timestamp,
) -> Vec<Said> {
    let name = object.name.as_ref();
    let three = hardware.is_three_phase();
    let Some(quantities) = quantities(name, hardware) else {
        return Vec::new();
    };
    let all = |why: Doubt| quantities.iter().map(|quantity| (*quantity, Err(why))).collect();
    if is_blank(object.kind, payload) {
        return all(Doubt::NoValue);
    }
    let value = match Value::decode(object.kind, payload, dialect.inferred()) {
        Ok(value) => value,
        Err(PayloadError::Clock(_)) => return all(Doubt::NoDate),
        Err(PayloadError::Short { .. }) => return all(Doubt::Unreadable),
    };
    let one = |value: Result<Json, Doubt>| quantities.iter().map(|quantity| (*quantity, value.clone())).collect();
    match value {
        Value::Registers(registers) => {
            let words = [
                registers.import_active,
                registers.export_active,
                registers.import_reactive,
                registers.export_reactive,
            ];
            let words = words.map(|word| register(word, hardware));
            quantities.iter().copied().zip(words).collect()
        }
        Value::Number(count) if quantities.iter().all(|quantity| quantity.is_register()) => {
            one(register(count, hardware))
        }
        Value::Number(watts) if quantities.contains(&Quantity::Power) => one(power(watts, hardware)),
        Value::Number(volts) if quantities.contains(&Quantity::Voltage) => one(volts_of_one_phase(volts)),
        Value::Number(number) => one(Ok(number.into())),
        Value::DeciVolts(tenths) if u32::from(tenths) > MOST_DECIVOLTS => one(Err(Doubt::OverRating)),
        Value::DeciVolts(tenths) => one(Ok(Json::from(f64::from(tenths) / 10.0))),
        Value::Clock(shown) => one(drift(shown.moment, now)),
        Value::Flag(on) => one(Ok(on.into())),
        Value::Text(text) if text.is_empty() => one(Err(Doubt::NoValue)),
        Value::Text(text) => one(Ok(text.into())),
        Value::Money(amount) => one(Ok(amount.to_string().into())),
        Value::Signal { csq, .. } => one(Ok(csq.into())),
        // A number in no document is skipped, as the original does.
        Value::Setting(setting) => match setting.name(if three { "_3p" } else { "_sp" }) {
            Some(name) => one(Ok(name.into())),
            None => Vec::new(),
        },
        // An empty text means three phases, and another object says which kind.
        Value::Hardware(_, None) => Vec::new(),
        Value::Hardware(_, Some(kind)) => one(Ok(kind.code().into())),
        Value::MeterType(kind) => one(Ok(kind.hardware().code().into())),
        _ => Vec::new(),
    }
}

/// Whether an object holds something that is kept of a meter of any kind.
pub(super) fn is_kept(object: &str) -> bool {
    [Hardware::C1w, Hardware::P1Ax]
        .into_iter()
        .any(|hardware| quantities(object, hardware).is_some())
}

/// The values of an object that a meter of this kind refuses.
pub(super) fn absent(object: &str, hardware: Hardware) -> Vec<Said> {
    let quantities = quantities(object, hardware).unwrap_or_default().iter();
    quantities.map(|quantity| (*quantity, Err(Doubt::Absent))).collect()
}

/// The values that an object has of a meter of this kind.
fn quantities(object: &str, hardware: Hardware) -> Option<&'static [Quantity]> {
    let three = hardware.is_three_phase();
    Some(match object {
        "read_element_a" if !three => &[
            Quantity::ImportA,
            Quantity::ExportA,
            Quantity::ReactiveImportA,
            Quantity::ReactiveExportA,
        ],
        "read_element_b" if hardware.is_twin() => &[
            Quantity::ImportB,
            Quantity::ExportB,
            Quantity::ReactiveImportB,
            Quantity::ReactiveExportB,
        ],
        "total_active_import_energy" if three => &[Quantity::ImportA],
        "total_active_export_energy" if three => &[Quantity::ExportA],
        "three_phase_total_reactive_import" if three => &[Quantity::ReactiveImportA],
        "three_phase_total_reactive_export" if three => &[Quantity::ReactiveExportA],
        "three_phase_total_apparent_import" if three => &[Quantity::ApparentImport],
        "three_phase_total_apparent_export" if three => &[Quantity::ApparentExport],
        "prepay_balance" => &[Quantity::Balance],
        "csq_net_op" => &[Quantity::Csq],
        "instantaneous_active_power" => &[Quantity::Power],
        "instantaneous_voltage" if !three => &[Quantity::Voltage],
        "three_phase_instantaneous_voltage_l1" if three => &[Quantity::VoltageL1],
        "three_phase_instantaneous_voltage_l2" if three => &[Quantity::VoltageL2],
        "three_phase_instantaneous_voltage_l3" if three => &[Quantity::VoltageL3],
        "time" => &[Quantity::ClockDrift],
        "prepay_enabled_flag" => &[Quantity::PrepayEnabled],
        "daylight_savings_correction_flag" => &[Quantity::DaylightSavings],
        "hardware_version" | "three_phase_hardware_configuration" => &[Quantity::Hardware],
        // Three phase meters have another form of their serial in the object of single phase ones.
        "serial" if !three => &[Quantity::MeterSerial],
        "three_phase_serial" if three => &[Quantity::MeterSerial],
        "firmware_version" => &[Quantity::FirmwareVersion],
        "backlight" => &[Quantity::Backlight],
        "load_switch" if !three => &[Quantity::LoadSwitch],
        _ => return None,
    })
}

fn register(count: u32, hardware: Hardware) -> Result<Json, Doubt> {
    if is_blank_u32(count) {
        return Err(Doubt::NoValue);
    }
    Ok(reads::in_units(count, hardware).into())
}

fn power(watts: u32, hardware: Hardware) -> Result<Json, Doubt> {
    // A single phase meter may have two elements without saying so.
    if u64::from(watts) > rating(Some(hardware)).0.max(Rating::TWIN.0) {
        return Err(Doubt::OverRating);
    }
    Ok(watts.into())
}

/// Whole volts, or tenths when it is too much for whole ones (EMOP §5.4).
fn volts_of_one_phase(raw: u32) -> Result<Json, Doubt> {
    let tenths = if raw > WHOLE_VOLTS { raw } else { raw * 10 };
    if tenths > MOST_DECIVOLTS {
        return Err(Doubt::OverRating);
    }
    Ok(raw.into())
}

fn drift(shown: Timestamp, now: Timestamp) -> Result<Json, Doubt> {
    let drift = now.duration_since(shown).abs();
    if drift > DRIFT_LIMIT {
        return Err(Doubt::NoDate);
    }
    Ok(drift.as_secs().into())
}

/// A tariff as a value; one without any price is none.
pub(super) fn tariff(which: Which, shown: Map<String, Json>) -> Said {
    let quantity = match which {
        Which::Active => Quantity::TariffsActive,
        Which::Future => Quantity::TariffsFuture,
    };
    let prices = ["standing_charge", "unit_rate_element_a", "unit_rate_element_b"];
    let has_price = prices
        .iter()
        .any(|price| shown.get(*price).is_some_and(|price| !price.is_null()));
    let said = match () {
        () if has_price => Ok(shown.into()),
        () if shown.values().all(Json::is_null) => Err(Doubt::Absent),
        () => Err(Doubt::NoValue),
    };
    (quantity, said)
}

/// Whether a record of a meter can be of this moment: a meter's clock may be ahead, but not by more than a day.
pub(super) fn is_date(at: MeterTime, now: Timestamp) -> bool {
    at.moment().duration_since(now) <= SignedDuration::from_hours(24)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::emop::Inferred;
    use crate::meter::emop::dialect::InferredWrites;
    use proptest::prelude::*;

    fn of(name: &str, payload: &[u8], hardware: Hardware) -> Vec<Said> {
        let dialect = Dialect::new(Inferred::default(), InferredWrites::Refused).unwrap();
        let object = dialect.catalogue().named(name).unwrap().clone();
        let now = "2026-02-10T12:00:00Z".parse().unwrap();
        said(&object, payload, (&dialect, hardware), now)
    }

    fn one(name: &str, payload: &[u8], hardware: Hardware) -> Result<Json, Doubt> {
        let [(_, value)] = of(name, payload, hardware).try_into().unwrap();
        value
    }

    #[test]
    fn what_a_meter_cannot_mean_is_no_value() {
        let single = Hardware::Ema1w;
        for (name, payload, why) in [
            ("instantaneous_voltage", &[0xFF, 0xFF][..], Doubt::NoValue),
            ("instantaneous_voltage", &60_000u16.to_le_bytes(), Doubt::OverRating),
            ("instantaneous_active_power", &[0xFF; 4], Doubt::NoValue),
            ("instantaneous_active_power", &[0xFF, 0xFF], Doubt::NoValue),
            (
                "instantaneous_active_power",
                &60_000u32.to_le_bytes(),
                Doubt::OverRating,
            ),
            ("prepay_balance", &i32::MAX.to_le_bytes(), Doubt::NoValue),
            ("prepay_balance", &i32::MIN.to_le_bytes(), Doubt::NoValue),
            ("csq_net_op", &[0xFF], Doubt::NoValue),
            ("prepay_enabled_flag", &[0xFF], Doubt::NoValue),
            ("time", &[0xFF; 7], Doubt::NoValue),
            ("time", &[26, 13, 1, 0, 0, 0, 0], Doubt::NoDate),
            // The clock was never set; and one that is a century ahead.
            ("time", &[0, 1, 1, 0, 0, 0, 6], Doubt::NoDate),
            ("time", &[126, 2, 10, 12, 0, 0, 2], Doubt::NoDate),
            ("serial", &[b' '; 16], Doubt::NoValue),
            ("serial", &[0xFF; 16], Doubt::NoValue),
            ("serial", b"EML1", Doubt::Unreadable),
        ] {
            assert_eq!(one(name, payload, single), Err(why), "{name} {payload:?}");
        }
        assert_eq!(
            one("three_phase_instantaneous_voltage_l2", &[0xFF, 0xFF], Hardware::P1Ax),
            Err(Doubt::NoValue)
        );
        assert_eq!(
            one("total_active_import_energy", &[0xFF; 4], Hardware::P1Cx),
            Err(Doubt::NoValue)
        );
    }

    #[test]
    fn what_a_meter_can_mean_is_one() {
        let single = Hardware::Ema1w;
        assert_eq!(one("prepay_balance", &[0xFF; 4], single), Ok("-0.00001".into()));
        assert_eq!(
            one("instantaneous_voltage", &241u16.to_le_bytes(), single),
            Ok(241.into())
        );
        assert_eq!(
            one("instantaneous_voltage", &2_386u16.to_le_bytes(), single),
            Ok(2_386.into())
        );
        assert_eq!(one("time", &[26, 2, 10, 11, 59, 0, 2], single), Ok(60.into()));
        assert_eq!(of("hardware_version", &[], Hardware::P1Ax), []);
        // Of what a kind of meter has not, nothing is kept.
        assert_eq!(of("read_element_b", &[0; 16], single), []);
        assert_eq!(of("serial", b"EMP1AX0000000001", Hardware::P1Ax), []);
    }

    #[test]
    fn one_register_that_is_none_leaves_the_others() {
        let words = [7u32, u32::MAX, 9, 0x7FFF_FFFF];
        let payload: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(
            of("read_element_a", &payload, Hardware::C1w),
            [
                (Quantity::ImportA, Ok(7.into())),
                (Quantity::ExportA, Err(Doubt::NoValue)),
                (Quantity::ReactiveImportA, Ok(9.into())),
                (Quantity::ReactiveExportA, Err(Doubt::NoValue)),
            ]
        );
    }

    #[test]
    fn a_tariff_without_any_price_is_none() {
        let of = |value: Json| {
            let shown = ["standing_charge", "unit_rate_element_a", "unit_rate_element_b"]
                .map(|key| (key.to_owned(), value.clone()));
            let mask = ("threshold_mask".to_owned(), serde_json::json!({"rate1": 0}));
            tariff(Which::Active, shown.into_iter().chain([mask]).collect()).1
        };
        assert_eq!(of(Json::Null), Err(Doubt::NoValue));
        assert!(of("0.5".into()).is_ok());
        assert_eq!(tariff(Which::Future, Map::new()).1, Err(Doubt::Absent));
    }

    #[test]
    fn registers_are_whole_numbers_whatever_the_meter_counts_in() {
        let count = 130_545_007u32.to_le_bytes();
        assert_eq!(
            one("total_active_import_energy", &count, Hardware::P1Cx),
            Ok(13_054_500.into())
        );
        assert_eq!(
            one("total_active_import_energy", &count, Hardware::P1Ax),
            Ok(130_545_007.into())
        );
    }

    proptest! {
        #[test]
        fn numbers_that_are_kept_are_ones_that_wires_carry(payload in proptest::collection::vec(any::<u8>(), 0..20)) {
            for hardware in [Hardware::Ema1w, Hardware::C1w, Hardware::P1Ax, Hardware::P1Cx] {
                let names = ["instantaneous_voltage", "three_phase_instantaneous_voltage_l1", "instantaneous_active_power"];
                for (quantity, value) in names.iter().flat_map(|name| of(name, &payload, hardware)) {
                    let Some(number) = value.ok().and_then(|value| value.as_f64()) else { continue };
                    let watts = rating(Some(hardware)).0.max(Rating::TWIN.0) as f64;
                    let most = if quantity == Quantity::Power { watts } else { 5_000.0 };
                    prop_assert!((0.0..=most).contains(&number));
                }
            }
        }
    }
}
