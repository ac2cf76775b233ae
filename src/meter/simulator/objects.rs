//! What a simulated meter's objects hold before anybody writes them.

use super::meter::SimulatedMeter;
use crate::meter::emop::MeterTime;
use crate::meter::emop::catalogue::{Kind, Object};
use crate::meter::emop::time::ClockReading;

/// Whether only three phase meters have it; a single phase meter has it not.
pub(super) fn is_three_phase(object: &Object) -> bool {
    object.name.starts_with("three_phase") || object.kind == Kind::MeterType
}

/// Bytes of an object that is written; `None`: as many as one likes.
pub(super) fn size(kind: Kind) -> Option<usize> {
    Some(match kind {
        Kind::U8 | Kind::Flag | Kind::ThresholdMask | Kind::Backlight | Kind::LoadSwitch | Kind::Signal => 1,
        Kind::U16 | Kind::DeciVolts => 2,
        Kind::U32 | Kind::UintLe | Kind::Amount | Kind::SignedAmount | Kind::Timestamp => 4,
        Kind::Hardware | Kind::Firmware => 4,
        Kind::Clock => 7,
        Kind::ThresholdValues => 14,
        Kind::Registers | Kind::Transaction => 16,
        Kind::Token => 20,
        Kind::Opaque(0) => return None,
        Kind::Opaque(size) | Kind::Text(size) => size,
        Kind::MeterType => 1,
    })
}

/// The payload of an object; `None` when this meter has it not.
pub(super) fn payload(meter: &SimulatedMeter, object: &Object, now: MeterTime) -> Option<Vec<u8>> {
    let twin = meter.setup.twin;
    let registers = |words: [u32; 4]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let slot = meter.slot(now);
    Some(match object.name.as_ref() {
        "serial" => padded(&meter.setup.serial, 16),
        "hardware_version" => padded(if twin { "6Cw" } else { "3Aw" }, 4),
        "firmware_version" => b"3032".to_vec(),
        "time" => ClockReading::encode(now.moment(), meter.dialect.inferred().sunday)
            .ok()?
            .to_vec(),
        "csq_net_op" => vec![0x30],
        "instantaneous_voltage" | "average_voltage" => meter.setup.shape.volts(now).to_le_bytes().to_vec(),
        "instantaneous_frequency" | "average_frequency" => 500u16.to_le_bytes().to_vec(),
        "instantaneous_active_power" => meter.setup.shape.watts(now).to_le_bytes().to_vec(),
        "read_element_a" | "total_active_import_energy" | "total_active_export_energy" => {
            let a = [
                slot.import_a,
                slot.export_a,
                slot.reactive_import_a,
                slot.reactive_export_a,
            ];
            match object.name.as_ref() {
                "total_active_import_energy" => slot.import_a.to_le_bytes().to_vec(),
                "total_active_export_energy" => slot.export_a.to_le_bytes().to_vec(),
                _ => registers(a),
            }
        }
        "read_element_b" | "element_b_instantaneous_active_power_import" if !twin => return None,
        "read_element_b" => registers([
            slot.import_b,
            slot.export_b,
            slot.reactive_import_b,
            slot.reactive_export_b,
        ]),
        "prepay_balance" => i32::try_from(meter.balance.0).ok()?.to_le_bytes().to_vec(),
        "prepay_enabled_flag" => vec![u8::from(meter.prepay)],
        "tariff_active_price" | "tariff_active_element_b_price" => 23_812u32.to_le_bytes().to_vec(),
        "tariff_active_standing_charge" => 51_082u32.to_le_bytes().to_vec(),
        _ => vec![0; size(object.kind).unwrap_or(0)],
    })
}

fn padded(text: &str, size: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(size, b' ');
    bytes
}
