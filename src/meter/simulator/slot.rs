//! What a simulated meter's registers hold, by formula.

use super::setup::{FIRST_SLOT, Setup};
use crate::meter::emop::profile_log::HALF_HOUR;
use crate::meter::emop::{MeterTime, ProfileLog};

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
            import_a: setup.shape.watt_hours(k).wrapping_add(100_000),
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

    /// The registers within a half hour, as far as it has gone by; at its beginning the same as [`Slot::at`].
    pub(super) fn within(time: MeterTime, setup: &Setup) -> Slot {
        let next = MeterTime(time.0.saturating_add(HALF_HOUR));
        let gone = u64::from(time.0 % HALF_HOUR);
        Slot::at(time, setup).each(Slot::at(next, setup), |before, after| {
            let part = u64::from(after.wrapping_sub(before)) * gone / u64::from(HALF_HOUR);
            before.wrapping_add(part as u32)
        })
    }

    /// The same without what was counted between two others.
    pub(super) fn without(self, from: Slot, until: Slot) -> Slot {
        let counted = until.each(from, u32::wrapping_sub);
        self.each(counted, u32::wrapping_sub)
    }

    /// Every register of one with that of another.
    fn each(self, other: Slot, of: impl Fn(u32, u32) -> u32) -> Slot {
        Slot {
            import_a: of(self.import_a, other.import_a),
            import_b: of(self.import_b, other.import_b),
            export_a: of(self.export_a, other.export_a),
            export_b: of(self.export_b, other.export_b),
            reactive_import_a: of(self.reactive_import_a, other.reactive_import_a),
            reactive_export_a: of(self.reactive_export_a, other.reactive_export_a),
            reactive_import_b: of(self.reactive_import_b, other.reactive_import_b),
            reactive_export_b: of(self.reactive_export_b, other.reactive_export_b),
            voltage: self.voltage,
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

    /// What a log holds of it.
    pub(super) fn record(&self, log: ProfileLog, twin: bool) -> Vec<u8> {
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
