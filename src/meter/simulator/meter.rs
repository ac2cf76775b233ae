//! A simulated meter as it stands. Pure: it is told the time.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::account::{Account, NONE_YET};
use super::faults::Faults;
use super::setup::Setup;
use super::slot::Slot;
use super::supply::Supply;
use crate::domain::Register;
use crate::meter::emop::event_log::MeterEvent;
use crate::meter::emop::{Dialect, MeterTime, Money, ObjectId};

/// A simulated meter.
#[derive(Clone, Debug)]
pub struct SimulatedMeter {
    pub(super) setup: Setup,
    pub(super) dialect: Dialect,
    pub(super) account: Account,
    pub(super) supply: Supply,
    /// What happened beside the calendar, the newest last.
    pub(super) events: Vec<MeterEvent>,
    pub(super) written: BTreeMap<ObjectId, Vec<u8>>,
    pub(super) tokens: HashSet<Vec<u8>>,
    /// What its clock shows ahead of the true time.
    pub(super) ahead: SignedDuration,
    /// Whether it was put in the place of another.
    exchanged: bool,
    pub(super) faults: Faults,
}

impl SimulatedMeter {
    /// A meter as it was made. `dialect` says by which constants it speaks.
    #[must_use]
    pub fn new(setup: Setup, dialect: Dialect, faults: &Faults) -> SimulatedMeter {
        let begins = setup.balance_at;
        let mut meter = SimulatedMeter {
            account: first_account(&setup),
            supply: Supply::default(),
            setup,
            dialect,
            events: Vec::new(),
            written: BTreeMap::new(),
            tokens: HashSet::new(),
            ahead: SignedDuration::ZERO,
            exchanged: false,
            faults: *faults,
        };
        if let Some(begins) = begins {
            meter.settle(begins.moment());
        }
        meter
    }

    /// What is paid in at present.
    #[must_use]
    pub fn balance(&self) -> Money {
        self.account.balance()
    }

    /// What its memory holds of energy at the beginning of a half-hour, as whoever reads it learns it: watt-hours a register.
    #[must_use]
    pub fn totals(&self, at: MeterTime) -> Vec<(Register, u32)> {
        let slot = self.slot(at);
        if self.setup.three_phase.is_some() {
            return vec![
                (Register::ActiveImport, slot.import_a),
                (Register::ActiveExport, slot.export_a),
            ];
        }
        let a = [(Register::ImportA, slot.import_a), (Register::ExportA, slot.export_a)];
        let b = [(Register::ImportB, slot.import_b), (Register::ExportB, slot.export_b)];
        a.into_iter().chain(b.into_iter().filter(|_| self.setup.twin)).collect()
    }

    /// What its clock shows, at most what seven bytes can.
    pub(super) fn clock(&self, now: Timestamp) -> MeterTime {
        let shown = now.checked_add(self.ahead).unwrap_or(now);
        MeterTime::of(shown).unwrap_or(MeterTime(0))
    }

    /// What a record of this moment is dated.
    pub(super) fn dated(&self, at: MeterTime) -> MeterTime {
        if self.faults.misdated_at.is_some_and(|slot| slot.holds(at)) {
            MeterTime(at.0.saturating_add(366 * 86_400))
        } else {
            at
        }
    }

    /// Another meter of the same kind is put in its place: the next serial, registers of its own, and money as
    /// it was made with.
    pub(super) fn exchange(&mut self) {
        let digits = self.setup.serial.bytes().rev().take_while(u8::is_ascii_digit).count();
        let (head, number) = self.setup.serial.split_at(self.setup.serial.len() - digits.min(9));
        let width = number.len();
        let next = number.parse::<u64>().unwrap_or(0) + 1;
        self.setup.serial = format!("{head}{next:0width$}");
        self.account = first_account(&self.setup);
        self.supply = Supply::since(self.supply.settled);
        self.events.clear();
        self.tokens.clear();
        self.exchanged = true;
    }

    /// Its registers at a moment; while its load was cut they stood still.
    pub(super) fn slot(&self, at: MeterTime) -> Slot {
        let by_shape = |at| {
            if self.setup.prepay && self.setup.three_phase.is_none() {
                Slot::within(at, &self.setup)
            } else {
                Slot::at(at, &self.setup)
            }
        };
        let cuts = self.supply.cuts_before(at);
        let slot = cuts.fold(by_shape(at), |slot, cut| {
            slot.without(by_shape(cut.from), by_shape(cut.end(at)))
        });
        if self.exchanged { slot.of_another() } else { slot }
    }
}

fn first_account(setup: &Setup) -> Account {
    let none = if setup.prepay { NONE_YET } else { 0 };
    let payments = setup.transaction_count.unwrap_or(none);
    Account::new(setup.balance, setup.debt, payments)
}
