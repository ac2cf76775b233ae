//! Electricity meters as all rooms speak of them: which meter, which register of it, and what it showed when.
//!
//! Registers are running totals: a reading is the register *at* its moment, and energy is the difference of two
//! (`interval.rs`). Serials as in EMOP §15; registers as in EMOP §6, §8.2.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text_form;

/// The longest serial; the longest we have seen has 22 letters.
const SERIAL_LIMIT: usize = 32;

/// One physical meter, by its serial: 1 to 32 ASCII letters and digits. Case counts.
///
/// Serials stand in file names and in keys that end with a zero byte, so nothing else may be in them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeterId(Arc<str>);

/// The text is not a serial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a meter's serial: 1 to {SERIAL_LIMIT} letters and digits, and nothing else")]
pub struct MeterIdError;

impl MeterId {
    /// The serial.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MeterId {
    type Err = MeterIdError;

    fn from_str(text: &str) -> Result<MeterId, MeterIdError> {
        let right = (1..=SERIAL_LIMIT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        right.then(|| MeterId(text.into())).ok_or(MeterIdError)
    }
}

text_form!(MeterId);

impl fmt::Display for MeterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MeterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which way energy went.
#[derive(Default, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// From the grid into the building.
    #[default]
    Import,
    /// From the building into the grid.
    Export,
}

/// One of the two elements of a meter with two circuits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Element {
    A,
    B,
}

macro_rules! registers {
    ($($(#[$doc:meta])* $name:ident = $number:literal),+ $(,)?) => {
        /// A running total that a meter keeps. Rows on disk know it by its number: none changes, none is used again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum Register {
            $($(#[$doc])* $name = $number),+
        }

        impl Register {
            /// Every register, in the order of their numbers.
            pub const ALL: &[Register] = &[$(Register::$name),+];
        }
    };
}

registers! {
    /// Active energy imported on element A, or by a meter of one element; watt-hours.
    ImportA = 1,
    /// Active energy imported on element B; watt-hours.
    ImportB = 2,
    /// Active energy exported on element A, or by a meter of one element; watt-hours.
    ExportA = 3,
    /// Active energy exported on element B; watt-hours.
    ExportB = 4,
    /// Reactive energy imported on element A; var-hours.
    ReactiveImportA = 5,
    /// Reactive energy imported on element B; var-hours.
    ReactiveImportB = 6,
    /// Reactive energy exported on element A; var-hours.
    ReactiveExportA = 7,
    /// Reactive energy exported on element B; var-hours.
    ReactiveExportB = 8,
    /// Active energy imported over three phases; watt-hours.
    ActiveImport = 16,
    /// Active energy exported over three phases; watt-hours.
    ActiveExport = 17,
    /// Reactive energy imported over three phases; var-hours.
    ReactiveImport = 18,
    /// Reactive energy exported over three phases; var-hours.
    ReactiveExport = 19,
    /// Apparent energy imported over three phases; volt-ampere-hours.
    ApparentImport = 20,
    /// Apparent energy exported over three phases; volt-ampere-hours.
    ApparentExport = 21,
}

impl Register {
    /// The register's number in keys.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The register of this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Register> {
        Register::ALL
            .iter()
            .copied()
            .find(|register| register.number() == number)
    }

    /// Whether it is a total over three phases, and not of one element.
    #[must_use]
    pub fn is_three_phase(self) -> bool {
        self.number() >= Register::ActiveImport.number()
    }

    /// Whether a count in the book can be one: meters have patterns of 32 bits that stand for no value, in tenths for some
    /// three phase ones, and earlier builds wrote them down.
    #[must_use]
    pub fn holds(self, value: WattHours) -> bool {
        let none = [u32::MAX, i32::MAX.unsigned_abs()].map(u64::from);
        let is_none = |per_unit: u64| none.iter().any(|none| none / per_unit == value.0);
        !(is_none(1) || self.is_three_phase() && is_none(10))
    }

    /// What it counts: `Wh`, `varh` or `VAh`.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Register::ImportA
            | Register::ImportB
            | Register::ExportA
            | Register::ExportB
            | Register::ActiveImport
            | Register::ActiveExport => "Wh",
            Register::ReactiveImportA
            | Register::ReactiveImportB
            | Register::ReactiveExportA
            | Register::ReactiveExportB
            | Register::ReactiveImport
            | Register::ReactiveExport => "varh",
            Register::ApparentImport | Register::ApparentExport => "VAh",
        }
    }

    /// The registers whose sum is a meter's `measure`; with `element`, only that element's
    /// (EMOP §20). A meter has those of its kind only: either elements or three phases.
    #[must_use]
    pub fn of(measure: Measure, element: Option<Element>) -> &'static [Register] {
        match (measure, element) {
            (Measure::Import, None) => &[Register::ImportA, Register::ImportB, Register::ActiveImport],
            (Measure::Export, None) => &[Register::ExportA, Register::ExportB, Register::ActiveExport],
            (Measure::Import, Some(Element::A)) => &[Register::ImportA],
            (Measure::Import, Some(Element::B)) => &[Register::ImportB],
            (Measure::Export, Some(Element::A)) => &[Register::ExportA],
            (Measure::Export, Some(Element::B)) => &[Register::ExportB],
        }
    }
}

/// An exact amount of energy, or what a register shows. In reactive and apparent registers it counts var-hours and
/// volt-ampere-hours. A finer register is cut to whole ones, as in half-hour files (EMOP §15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WattHours(pub u64);

impl WattHours {
    /// What was added since `before`; `None` when it fell.
    #[must_use]
    pub fn since(self, before: WattHours) -> Option<WattHours> {
        self.0.checked_sub(before.0).map(WattHours)
    }

    /// Both together; `None` beyond what can be counted.
    #[must_use]
    pub fn plus(self, other: WattHours) -> Option<WattHours> {
        self.0.checked_add(other.0).map(WattHours)
    }
}

impl fmt::Display for WattHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How good a value is, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// The meter said it.
    Measured,
    /// It was worked out, or the meter itself does not vouch for it.
    Estimated,
    /// The meter said it earlier, and nothing since though it should have been asked again.
    Stale,
    /// There is none: an interval has a missing end, or the meter was asked and has no such value. No reading of a
    /// register is stored as one.
    Gap,
}

impl Quality {
    /// The quality's word, as JSON has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Quality::Measured => "measured",
            Quality::Estimated => "estimated",
            Quality::Stale => "stale",
            Quality::Gap => "gap",
        }
    }
}

/// One register at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The moment, to the second.
    pub at: Timestamp,
    /// What the register showed.
    pub value: WattHours,
    /// When we were told, to the second.
    pub taken: Timestamp,
    /// How good it is.
    pub quality: Quality,
}

impl Reading {
    /// A reading that the meter gave at `taken`.
    #[must_use]
    pub fn measured(at: Timestamp, value: WattHours, taken: Timestamp) -> Reading {
        Reading {
            at,
            value,
            taken,
            quality: Quality::Measured,
        }
    }

    /// Whether it says the same as `other`, whenever we were told.
    #[must_use]
    pub fn says_as(&self, other: &Reading) -> bool {
        (self.at, self.value, self.quality) == (other.at, other.value, other.quality)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn serials_are_letters_and_digits() {
        for right in ["EML2137580761", "S018011012261305588165", "1", "abcXYZ9"] {
            assert_eq!(right.parse::<MeterId>().unwrap().to_string(), right);
        }
        for wrong in ["", "EML 1", "EML/1", "EML\0", "é", &"1".repeat(33)] {
            assert_eq!(wrong.parse::<MeterId>(), Err(MeterIdError), "{wrong:?}");
            assert!(serde_json::from_value::<MeterId>(serde_json::json!(wrong)).is_err());
        }
    }

    #[test]
    fn a_register_keeps_its_number_and_belongs_to_one_measure_at_most() {
        let numbers: Vec<u8> = Register::ALL.iter().map(|register| register.number()).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 18, 19, 20, 21]);
        for register in Register::ALL {
            assert_eq!(Register::from_number(register.number()), Some(*register));
            let measures = [Measure::Import, Measure::Export];
            let of = measures
                .iter()
                .filter(|measure| Register::of(**measure, None).contains(register));
            assert!(of.count() <= 1, "{register:?}");
        }
        assert_eq!(Register::from_number(9), None);
        assert!(
            !Register::ImportA.holds(WattHours(0xFFFF_FFFF)) && !Register::ActiveImport.holds(WattHours(0x7FFF_FFFF))
        );
        assert!(
            !Register::ActiveExport.holds(WattHours(429_496_729)) && Register::ExportA.holds(WattHours(429_496_729))
        );
    }

    proptest! {
        #[test]
        fn any_text_is_a_serial_or_refused(text in ".{0,40}") {
            if let Ok(meter) = text.parse::<MeterId>() {
                prop_assert_eq!(meter.as_str(), text);
            }
        }

        #[test]
        fn differences_add_up(low: u64, more: u64) {
            let sum = WattHours(low).plus(WattHours(more));
            prop_assert_eq!(sum.and_then(|sum| sum.since(WattHours(low))), sum.map(|_| WattHours(more)));
            prop_assert!(low == 0 || WattHours(0).since(WattHours(low)).is_none());
        }
    }

    #[test]
    fn a_quality_has_one_word() {
        for quality in [Quality::Measured, Quality::Estimated, Quality::Stale, Quality::Gap] {
            assert_eq!(serde_json::to_value(quality).unwrap(), quality.name());
        }
    }
}
