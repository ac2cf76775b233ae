//! What a simulated meter is made of.

use std::time::Duration;

use super::shape::Shape;
use crate::meter::emop::identity::MeterType;
use crate::meter::emop::profile_log::HALF_HOUR;
use crate::meter::emop::{MeterTime, Money};

/// Slot 420000, where the formulas begin.
pub(super) const FIRST_SLOT: u32 = 420_000;
/// Its beginning: 2023-12-16 00:00:00 UTC.
pub(super) const FIRST: MeterTime = MeterTime(FIRST_SLOT * HALF_HOUR);

/// The tariff in force at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tariff {
    /// A kWh, of both elements.
    pub unit_rate: Money,
    /// A day.
    pub standing_charge: Money,
    /// How far below zero a balance may go; none at all: there is no emergency credit.
    pub emergency_credit: Money,
    /// From which balance on the emergency credit can be had.
    pub ecredit_availability: Money,
    /// Debt paid back a day.
    pub debt_recovery_rate: Money,
}

impl Default for Tariff {
    fn default() -> Tariff {
        Tariff {
            unit_rate: Money(23_812),
            standing_charge: Money(51_082),
            emergency_credit: Money(0),
            ecredit_availability: Money(0),
            debt_recovery_rate: Money(0),
        }
    }
}

/// What a simulated meter is like at first.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Its serial, at most 16 characters.
    pub serial: String,
    /// Whether it has an element B.
    pub twin: bool,
    /// A three phase meter instead.
    pub three_phase: Option<MeterType>,
    /// How its registers rise.
    pub shape: Shape,
    /// What is paid in.
    pub balance: Money,
    /// When that was so; `None`: when the meter is made.
    pub balance_at: Option<MeterTime>,
    /// Whether energy is paid for beforehand. Its registers then rise within the half hour.
    pub prepay: bool,
    /// What its energy costs.
    pub tariff: Tariff,
    /// What is owed, and recovered day by day.
    pub debt: Money,
    /// Payments before, less one; `None`: there was none where energy is paid for beforehand, else 0.
    pub transaction_count: Option<u16>,
    /// So long after the button would do something somebody presses it; `None`: nobody is at home.
    pub button_after: Option<Duration>,
    /// Its first half hour on record.
    pub log_start: MeterTime,
}

impl Setup {
    /// A single element meter with ten pounds, and records from slot 420000 on (December 2023).
    #[must_use]
    pub fn new(serial: &str) -> Setup {
        Setup {
            serial: serial.to_owned(),
            twin: false,
            three_phase: None,
            shape: Shape::Steady,
            balance: Money(1_000_000),
            balance_at: None,
            prepay: false,
            tariff: Tariff::default(),
            debt: Money(0),
            transaction_count: None,
            button_after: None,
            log_start: FIRST,
        }
    }
}
