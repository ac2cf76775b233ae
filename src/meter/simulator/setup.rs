//! What a simulated meter is made of.

use super::shape::Shape;
use crate::meter::emop::identity::MeterType;
use crate::meter::emop::profile_log::HALF_HOUR;
use crate::meter::emop::{MeterTime, Money};

/// Slot 420000, where the formulas begin.
pub(super) const FIRST_SLOT: u32 = 420_000;
/// Its beginning: 2023-12-16 00:00:00 UTC.
pub(super) const FIRST: MeterTime = MeterTime(FIRST_SLOT * HALF_HOUR);

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
    /// Whether energy is paid for beforehand.
    pub prepay: bool,
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
            prepay: false,
            log_start: FIRST,
        }
    }
}
