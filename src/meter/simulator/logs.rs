//! A simulated meter's logs: half hours, and events by the calendar.

use super::meter::SimulatedMeter;
use crate::meter::emop::event_log::{EVENTS_PER_PAGE, MeterEvent, PAGES};
use crate::meter::emop::profile_log::{BLOCK_BYTES, HALF_HOUR};
use crate::meter::emop::{Ack, MeterTime, ProfileLog};

const DAY: u32 = 86_400;
/// `valid_data`, as a little-endian word.
const VALID: [u8; 2] = [0x00, 0x80];

/// Answers a request for half hours as real meters do: with the next that are held when there are none
/// at `start`, and with the last when there are none after it (EMOP §6.4).
pub(super) fn profile(meter: &SimulatedMeter, log: ProfileLog, start: MeterTime, now: MeterTime) -> Vec<u8> {
    let last = now.0 - now.0 % HALF_HOUR;
    let first = meter.setup.log_start.0.next_multiple_of(HALF_HOUR);
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    if first <= last {
        let wanted = start.0.checked_next_multiple_of(HALF_HOUR).unwrap_or(last);
        let mut at = wanted.clamp(first, last);
        while at <= last {
            let mut record = meter.slot(MeterTime(at)).record(log, meter.setup.twin);
            if meter.faults.no_value_at.is_some_and(|slot| slot.holds(MeterTime(at))) {
                record.fill(0xFF);
            }
            if block.len() + 6 + record.len() > BLOCK_BYTES {
                break;
            }
            block.extend(meter.dated(MeterTime(at)).to_bytes());
            block.extend(VALID);
            block.extend(record);
            at += HALF_HOUR;
        }
    }
    block.resize(BLOCK_BYTES, 0);
    block
}

/// Ten events: payments and what became of the load, and three snapshots at each midnight.
pub(super) fn events(meter: &SimulatedMeter, page: u8, now: MeterTime) -> Result<Vec<u8>, Ack> {
    if page >= PAGES {
        return Err(Ack::TooLarge);
    }
    let today = now.0 / DAY;
    let calendar = (0..today).map(|back| today - back).flat_map(|day| {
        [39, 52, 38].map(|id| MeterEvent {
            at: MeterTime(day * DAY),
            id,
            set: if id == 52 { 0 } else { day as u8 },
        })
    });
    let calendar = calendar.take(EVENTS_PER_PAGE * usize::from(PAGES));
    let mut all: Vec<_> = meter.events.iter().rev().copied().chain(calendar).collect();
    // A stable order: of two at the same moment the later one stays ahead.
    all.sort_by_key(|event| std::cmp::Reverse(event.at));
    let shown = all
        .iter()
        .skip(EVENTS_PER_PAGE * usize::from(page))
        .take(EVENTS_PER_PAGE);
    Ok(shown
        .flat_map(|event| [&event.at.to_bytes()[..], &[event.id, event.set]].concat())
        .collect())
}
