//! What a simulated meter's objects hold before anybody writes them.

use super::meter::SimulatedMeter;
use crate::meter::emop::catalogue::{Kind, Object};
use crate::meter::emop::time::ClockReading;
use crate::meter::emop::{MeterTime, Money};

/// Whether only three phase meters have it; a single phase meter has it not.
pub(super) fn is_three_phase(object: &Object) -> bool {
    object.name.starts_with("three_phase") || object.kind == Kind::MeterType
}

/// Bytes of an object that is written; `None`: as many as one likes.
pub(super) fn size(kind: Kind) -> Option<usize> {
    Some(match kind {
        Kind::U8 | Kind::Flag | Kind::ThresholdMask | Kind::Backlight | Kind::LoadSwitch | Kind::Signal => 1,
        Kind::U16 | Kind::Count | Kind::DeciVolts => 2,
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
    let tariff = &meter.setup.tariff;
    let amount = |amount: Money| amount.unsigned().ok().map(|units| units.to_le_bytes().to_vec());
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
        "instantaneous_active_power" if meter.supply.is_off() => 0u32.to_le_bytes().to_vec(),
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
        "prepay_balance" => meter.account.balance().signed().ok()?.to_le_bytes().to_vec(),
        "prepay_enabled_flag" => vec![u8::from(meter.setup.prepay)],
        "monetary_info_transaction_count" => meter.account.payments().to_le_bytes().to_vec(),
        "monetary_info_transaction_details" => meter.account.detail(),
        "tariff_active_price" | "tariff_active_element_b_price" => amount(tariff.unit_rate)?,
        // The rates that these are taken from.
        "tariff_active_block_8_rate_1" | "tariff_active_element_b_tou_rate_1" if meter.setup.prepay => {
            amount(tariff.unit_rate)?
        }
        "tariff_active_standing_charge" => amount(tariff.standing_charge)?,
        "tariff_active_prepayment_emergency_credit" => amount(tariff.emergency_credit)?,
        "tariff_active_prepayment_ecredit_availability" => amount(tariff.ecredit_availability)?,
        "tariff_active_prepayment_debt_recovery_rate" => amount(tariff.debt_recovery_rate)?,
        _ => vec![0; size(object.kind).unwrap_or(0)],
    })
}

fn padded(text: &str, size: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(size, b' ');
    bytes
}
