//! A simulated three phase meter: other objects, and half-hours as intervals (EMOP §8).

use super::meter::SimulatedMeter;
use super::setup::FIRST;
use crate::meter::emop::catalogue::{Kind, Object};
use crate::meter::emop::identity::MeterType;
use crate::meter::emop::inferred::StatusPlace;
use crate::meter::emop::profile_log::HALF_HOUR;
use crate::meter::emop::{Ack, MeterTime, ObjectId};

/// Totals in the order in which intervals hold them.
const CHANNELS: [u32; 4] = [0x01_0800, 0x02_0800, 0x03_0800, 0x04_0800];
/// Records that fit into one frame with their header (EMOP §8.3).
const RECORDS: usize = 9;
/// `valid_data` (EMOP §8.3).
const VALID: u16 = 1;

/// Whether a three phase meter has an object: no prepayment, tariffs, switches or event log (EMOP §8.1).
pub(super) fn has(object: &Object) -> bool {
    let single = [
        "prepay",
        "tariff",
        "load_switch",
        "daylight",
        "read_element",
        "element_",
    ];
    let only_single = matches!(object.name.as_ref(), "instantaneous_voltage" | "average_voltage");
    !only_single && !single.iter().any(|word| object.name.starts_with(word))
}

/// The payload of an object that a single phase meter has not, or has otherwise.
pub(super) fn payload(meter: &SimulatedMeter, kind: MeterType, object: &Object, now: MeterTime) -> Option<Vec<u8>> {
    let count = |watt_hours: u32| scaled(watt_hours, kind).to_le_bytes().to_vec();
    let slot = meter.slot(now);
    Some(match object.name.as_ref() {
        "hardware_version" => Vec::new(),
        "firmware_version" => vec![0x01, 0x0A],
        // The same object has a serial of another form here.
        "serial" => {
            let mut form = match kind {
                MeterType::CxCtOperated => b"EMP1CX".to_vec(),
                _ => b"EMP1AX".to_vec(),
            };
            form.extend(meter.setup.serial.bytes().filter(u8::is_ascii_digit));
            form.resize(16, b' ');
            form
        }
        "three_phase_serial" => meter.setup.serial.as_bytes().to_vec(),
        "total_active_import_energy" => count(slot.import_a),
        "total_active_export_energy" => count(slot.export_a),
        "three_phase_total_reactive_import" => count(slot.reactive_import_a),
        "three_phase_total_reactive_export" => count(slot.reactive_export_a),
        "three_phase_total_apparent_import" => count(slot.import_a + slot.reactive_import_a),
        "three_phase_total_apparent_export" => count(slot.export_a + slot.reactive_export_a),
        name if name.starts_with("three_phase_instantaneous_voltage_l") => {
            let phase = u16::from(name.as_bytes()[name.len() - 1] - b'0');
            (2_400 + phase).to_le_bytes().to_vec()
        }
        _ if object.kind == Kind::MeterType => {
            let layout = &meter.dialect.inferred().meter_type;
            let byte = match kind {
                MeterType::AxWholeCurrent => layout.ax_whole_current,
                MeterType::CxCtOperated => layout.cx_ct_operated,
                MeterType::Other(byte) => byte,
            };
            let mut payload = vec![0; layout.offset];
            payload.push(byte);
            payload
        }
        _ => return None,
    })
}

/// Answers a request for intervals with the message of the reply. Outside of its memory it gives the first or the
/// last record alone (EMOP §8.3).
pub(super) fn intervals(
    meter: &SimulatedMeter,
    kind: MeterType,
    message: &[u8],
    now: MeterTime,
) -> Result<Vec<u8>, Ack> {
    let (Some([_profile]), Some(start), Some(end), 13) = (
        message.first_chunk::<1>(),
        word(message, 1),
        word(message, 5),
        message.len(),
    ) else {
        return Err(Ack::LengthError);
    };
    let last = now.0 - now.0 % HALF_HOUR;
    let first = meter.setup.log_start.max(FIRST).0.next_multiple_of(HALF_HOUR);
    if first > last || end <= start {
        return Err(Ack::TooLarge);
    }
    let from = start
        .checked_next_multiple_of(HALF_HOUR)
        .unwrap_or(last)
        .clamp(first, last);
    let until = end.clamp(from + 1, last + 1);
    let times: Vec<u32> = (from..until).step_by(HALF_HOUR as usize).take(RECORDS).collect();
    let layout = &meter.dialect.inferred().intervals;
    let mut block = vec![0; layout.wrapper + layout.channel_ids];
    let at = |place: usize| layout.wrapper + place;
    let dated = meter.dated(MeterTime(from));
    block[at(layout.start)..at(layout.start + 4)].copy_from_slice(&dated.to_bytes());
    block[at(layout.minutes)] = (HALF_HOUR / 60) as u8;
    block[at(layout.channels)] = CHANNELS.len() as u8;
    block.extend(CHANNELS.iter().flat_map(|channel| ObjectId::new(*channel).to_bytes()));
    for time in times {
        let slot = meter.slot(MeterTime(time));
        let values = [
            slot.import_a,
            slot.export_a,
            slot.reactive_import_a,
            slot.reactive_export_a,
        ];
        let none = meter.faults.no_value_at.is_some_and(|slot| slot.holds(MeterTime(time)));
        let values = values.into_iter().flat_map(|value| {
            if none {
                [0xFF; 4]
            } else {
                scaled(value, kind).to_le_bytes()
            }
        });
        match layout.status {
            StatusPlace::First => block.extend(VALID.to_le_bytes().into_iter().chain(values)),
            StatusPlace::Last => block.extend(values.chain(VALID.to_le_bytes())),
        }
    }
    Ok(block)
}

fn word(message: &[u8], place: usize) -> Option<u32> {
    message
        .get(place..)?
        .first_chunk()
        .map(|bytes| u32::from_le_bytes(*bytes))
}

/// Watt-hours as this kind of meter counts.
fn scaled(watt_hours: u32, kind: MeterType) -> u32 {
    watt_hours.saturating_mul(kind.hardware().counts_per_kilo() / 1_000)
}
