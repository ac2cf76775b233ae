//! Everything about meters that nobody could confirm, in one table (EMOP §19).
//!
//! Each default is a proposal that fits all that is known and none that was seen. A configuration file
//! may put another value in its place, without a rebuild, once a real meter has answered.

mod check;
mod error;

pub use error::InferredError;
use serde::{Deserialize, Serialize};

use super::object::ObjectId;

/// The unconfirmed constants. Keys that a file leaves out keep their proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Inferred {
    /// First byte of a data field that asks for events (EMOP §2).
    pub event_log_format: u8,
    /// First byte of a data field that asks for three phase intervals (EMOP §2).
    pub intervals_format: u8,
    /// The profile number that resets a three phase meter's log. Never sent: it crashed two meters (EMOP §8.3).
    pub interval_reset_profile: u8,
    /// The number a meter's clock has for Sunday; the other days follow (EMOP §3).
    pub sunday: u8,
    /// Object numbers.
    pub objects: InferredObjects,
    /// What the display's light setting is called by which number (EMOP §4.5).
    pub backlight: BacklightValues,
    /// What the load switch setting is called by which number (EMOP §4.5).
    pub load_switch: LoadSwitchValues,
    /// The three phase meter's description of itself (EMOP §4.8).
    pub meter_type: MeterTypeLayout,
    /// Where the voltage stands in records of the second profile log (EMOP §6.3).
    pub profile_log_2: ProfileLog2Layout,
    /// One event as bytes (EMOP §7).
    pub event: EventLayout,
    /// A block of three phase intervals as bytes (EMOP §8.3).
    pub intervals: IntervalLayout,
}

/// Objects whose numbers are proposals. Writing to them is refused until `meters.allow_inferred_writes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InferredObjects {
    pub event_log: ObjectId,
    pub daylight_savings_correction_flag: ObjectId,
    pub prepay_no_debt_recovery_when_emergency_credit_flag: ObjectId,
    pub prepay_no_standing_charge_when_power_fail_flag: ObjectId,
    pub backlight: ObjectId,
    pub load_switch: ObjectId,
    pub three_phase_hardware_configuration: ObjectId,
    pub three_phase_total_reactive_import: ObjectId,
    pub three_phase_total_reactive_export: ObjectId,
    pub three_phase_total_apparent_import: ObjectId,
    pub three_phase_total_apparent_export: ObjectId,
}

/// Numbers of the light settings. One number may have two names: which one holds is the meter's kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BacklightValues {
    pub normal_sp: u8,
    pub always_on_sp: u8,
    pub always_off_sp: u8,
    pub always_off_3p: u8,
    #[serde(rename = "30_seconds_turn_off_3p")]
    pub thirty_seconds_turn_off_3p: u8,
    pub always_on_3p: u8,
}

/// Numbers of the load switch settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoadSwitchValues {
    pub normal_button_always: u8,
    pub no_button_prepay_mode: u8,
    pub no_button_credit_mode: u8,
    pub never_button_required: u8,
}

/// Which byte of three_phase_hardware_configuration says what the meter is, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MeterTypeLayout {
    /// Place of the byte.
    pub offset: usize,
    /// Its value in a meter that carries the whole current.
    pub ax_whole_current: u8,
    /// Its value in a meter behind current transformers.
    pub cx_ct_operated: u8,
}

/// The voltage in records of the second profile log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileLog2Layout {
    /// Its place in a twin element meter's record.
    pub twin_voltage: TwinVoltage,
    /// How many of its four bytes hold it; the others would be padding.
    pub voltage_bytes: VoltageBytes,
}

/// Where a twin record has its voltage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TwinVoltage {
    /// After element A's registers, before element B's.
    Middle,
    /// After both.
    Last,
}

/// How wide a voltage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VoltageBytes {
    /// Two bytes and two of padding.
    #[serde(rename = "2")]
    Two,
    /// All four.
    #[serde(rename = "4")]
    Four,
}

/// One event as bytes; places count from its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventLayout {
    /// Bytes of the reply's message before the first event: object and index.
    pub header: usize,
    /// Bytes of one event.
    pub size: usize,
    /// Place of the time, four bytes.
    pub timestamp: usize,
    /// Place of the event's number, one byte.
    pub id: usize,
    /// Place of its counter, one byte.
    pub set: usize,
}

/// A block of three phase intervals; places count from its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntervalLayout {
    /// Bytes of the reply's message before the block.
    pub wrapper: usize,
    /// Place of the block's first time, four bytes.
    pub start: usize,
    /// Place of the length of an interval in minutes, one byte.
    pub minutes: usize,
    /// Place of the count of channels, one byte.
    pub channels: usize,
    /// Place of the channels' object numbers, three bytes each; the records follow them.
    pub channel_ids: usize,
    /// Whether a record's status stands before or after its values.
    pub status: StatusPlace,
    /// Names of the status bits, bit 0 first.
    pub status_bits: Vec<String>,
}

/// Where a record of intervals has its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusPlace {
    /// Before its values.
    First,
    /// After them.
    Last,
}

impl Default for Inferred {
    fn default() -> Inferred {
        Inferred {
            event_log_format: 2,
            intervals_format: 6,
            interval_reset_profile: 255,
            sunday: 0,
            objects: InferredObjects::default(),
            backlight: BacklightValues::default(),
            load_switch: LoadSwitchValues::default(),
            meter_type: MeterTypeLayout::default(),
            profile_log_2: ProfileLog2Layout::default(),
            event: EventLayout::default(),
            intervals: IntervalLayout::default(),
        }
    }
}

impl Default for InferredObjects {
    fn default() -> InferredObjects {
        InferredObjects {
            event_log: ObjectId::new(0x63_6200),
            daylight_savings_correction_flag: ObjectId::new(0xFF_FF0E),
            prepay_no_debt_recovery_when_emergency_credit_flag: ObjectId::new(0xFF_FF0F),
            prepay_no_standing_charge_when_power_fail_flag: ObjectId::new(0xFF_FF10),
            backlight: ObjectId::new(0xFF_FF11),
            load_switch: ObjectId::new(0xFF_FF12),
            three_phase_hardware_configuration: ObjectId::new(0xD7_FF11),
            three_phase_total_reactive_import: ObjectId::new(0x03_0800),
            three_phase_total_reactive_export: ObjectId::new(0x04_0800),
            three_phase_total_apparent_import: ObjectId::new(0x09_0800),
            three_phase_total_apparent_export: ObjectId::new(0x10_0800),
        }
    }
}

impl Default for BacklightValues {
    fn default() -> BacklightValues {
        BacklightValues {
            normal_sp: 0,
            always_on_sp: 1,
            always_off_sp: 2,
            always_off_3p: 0,
            thirty_seconds_turn_off_3p: 30,
            always_on_3p: 255,
        }
    }
}

impl Default for LoadSwitchValues {
    fn default() -> LoadSwitchValues {
        LoadSwitchValues {
            normal_button_always: 0,
            no_button_prepay_mode: 1,
            no_button_credit_mode: 2,
            never_button_required: 3,
        }
    }
}

impl Default for MeterTypeLayout {
    fn default() -> MeterTypeLayout {
        MeterTypeLayout {
            offset: 0,
            ax_whole_current: 0,
            cx_ct_operated: 1,
        }
    }
}

impl Default for ProfileLog2Layout {
    fn default() -> ProfileLog2Layout {
        ProfileLog2Layout {
            twin_voltage: TwinVoltage::Middle,
            voltage_bytes: VoltageBytes::Four,
        }
    }
}

impl Default for EventLayout {
    fn default() -> EventLayout {
        EventLayout {
            header: 4,
            size: 6,
            timestamp: 0,
            id: 4,
            set: 5,
        }
    }
}

impl Default for IntervalLayout {
    fn default() -> IntervalLayout {
        let bits = [
            "valid_data",
            "power_fail",
            "phase_1_voltage_failure",
            "phase_2_voltage_failure",
            "phase_3_voltage_failure",
            "security_access",
            "md_reset",
            "time_update",
            "log_reset",
        ];
        IntervalLayout {
            wrapper: 0,
            start: 0,
            minutes: 4,
            channels: 5,
            channel_ids: 6,
            status: StatusPlace::First,
            status_bits: bits.map(str::to_owned).to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_overrides_one_constant_and_keeps_the_rest() {
        let told: Inferred =
            serde_json::from_str(r#"{"event_log_format": 9, "objects": {"backlight": "ffff77"}}"#).unwrap();
        let mut wanted = Inferred {
            event_log_format: 9,
            ..Inferred::default()
        };
        wanted.objects.backlight = ObjectId::new(0xFF_FF77);
        assert_eq!(told, wanted);
        assert_eq!(told.check(), Ok(()));
        assert!(serde_json::from_str::<Inferred>(r#"{"event_log_fromat": 9}"#).is_err());
    }

    #[test]
    fn constants_that_cannot_be_meant_are_refused() {
        let told = |json: &str| serde_json::from_str::<Inferred>(json).unwrap().check();
        assert_eq!(told(r#"{"event_log_format": 6}"#), Err(InferredError::FormatTaken(6)));
        assert_eq!(told(r#"{"intervals_format": 1}"#), Err(InferredError::FormatTaken(1)));
        assert_eq!(told(r#"{"sunday": 7}"#), Err(InferredError::Sunday(7)));
        assert!(matches!(
            told(r#"{"event": {"size": 0}}"#),
            Err(InferredError::EventTooSmall { .. })
        ));
        assert!(matches!(
            told(r#"{"intervals": {"channel_ids": 9999}}"#),
            Err(InferredError::Beyond(9999))
        ));
    }
}
