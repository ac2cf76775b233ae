//! A simulated meter's logs: half hours by formula, events by the calendar.

use super::meter::{Setup, SimulatedMeter};
use crate::meter::emop::event_log::{EVENTS_PER_PAGE, MeterEvent, PAGES};
use crate::meter::emop::profile_log::{BLOCK_BYTES, HALF_HOUR};
use crate::meter::emop::{Ack, MeterTime, ProfileLog};

/// Slot 420000, where the formulas begin.
const FIRST_SLOT: u32 = 420_000;
/// Its beginning: 2023-12-16 00:00:00 UTC.
pub(super) const FIRST: MeterTime = MeterTime(FIRST_SLOT * HALF_HOUR);
const DAY: u32 = 86_400;
/// `valid_data`, as a little-endian word.
const VALID: [u8; 2] = [0x00, 0x80];

/// The registers at the beginning of a half hour: Wh, varh, volts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) import_a: u32,
    pub(super) import_b: u32,
    pub(super) export_a: u32,
    pub(super) export_b: u32,
    pub(super) reactive_import_a: u32,
    pub(super) reactive_export_a: u32,
    pub(super) reactive_import_b: u32,
    pub(super) reactive_export_b: u32,
    voltage: u32,
}

impl Slot {
    pub(super) fn at(time: MeterTime, setup: &Setup) -> Slot {
        let k = (time.0 / HALF_HOUR).saturating_sub(FIRST_SLOT);
        let b = |base: u32, step: u32| if setup.twin { base + step * k } else { 0 };
        Slot {
            import_a: 100_000 + setup.shape.watt_hours(k),
            import_b: b(50_000, 100),
            export_a: 20_000 + 40 * k,
            export_b: b(9_000, 11),
            reactive_import_a: 7_000 + 13 * k,
            reactive_export_a: 3_000 + 7 * k,
            reactive_import_b: b(4_000, 5),
            reactive_export_b: b(2_000, 3),
            voltage: 230 + k % 20,
        }
    }

    /// The registers of another meter, which counted more before it came here.
    pub(super) fn of_another(mut self) -> Slot {
        for register in [
            &mut self.import_a,
            &mut self.export_a,
            &mut self.reactive_import_a,
            &mut self.reactive_export_a,
        ] {
            *register = register.wrapping_add(70_000_000);
        }
        self
    }

    fn record(&self, log: ProfileLog, twin: bool) -> Vec<u8> {
        let a = [
            self.export_a,
            self.reactive_import_a,
            self.reactive_export_a,
            self.voltage,
        ];
        let b = [self.export_b, self.reactive_import_b, self.reactive_export_b];
        let words: Vec<u32> = match (log, twin) {
            (ProfileLog::One, _) => vec![self.import_a, self.import_b],
            (ProfileLog::Two, false) => a.to_vec(),
            (ProfileLog::Two, true) => [&a[..], &b].concat(),
        };
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }
}

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

/// Ten events: top-ups, and three snapshots at each midnight.
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
    let mut all: Vec<_> = calendar.take(EVENTS_PER_PAGE * usize::from(PAGES)).collect();
    all.extend(&meter.top_ups);
    all.sort_by_key(|event| std::cmp::Reverse(event.at));
    let shown = all
        .iter()
        .skip(EVENTS_PER_PAGE * usize::from(page))
        .take(EVENTS_PER_PAGE);
    Ok(shown
        .flat_map(|event| [&event.at.to_bytes()[..], &[event.id, event.set]].concat())
        .collect())
}
