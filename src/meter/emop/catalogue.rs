//! Every object that has a name, in one table (EMOP §4).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::inferred::{Inferred, InferredError};
use super::object::ObjectId;

/// How an object's payload is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ASCII of at least so many bytes.
    Text(usize),
    /// Four characters, or nothing in a three phase meter (EMOP §5.1).
    Hardware,
    /// Four digits, or raw bytes (EMOP §5.2).
    Firmware,
    Clock,
    Signal,
    U8,
    U16,
    /// A count that goes round after 65535: every pattern of bits is one.
    Count,
    U32,
    /// Two or four bytes, as the meter likes.
    UintLe,
    /// Tenths of a volt.
    DeciVolts,
    Flag,
    Amount,
    SignedAmount,
    Token,
    Timestamp,
    Transaction,
    Registers,
    ThresholdMask,
    ThresholdValues,
    Backlight,
    LoadSwitch,
    MeterType,
    /// Bytes that stay bytes, so many at least.
    Opaque(usize),
}

/// What may be done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
    ReadWrite,
}

/// Whether an object's number is known, or a proposal of [`Inferred`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    Known,
    Inferred,
}

/// An object with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its number on the wire.
    pub id: ObjectId,
    /// Its name in the documents.
    pub name: Cow<'static, str>,
    /// How its payload reads.
    pub kind: Kind,
    /// What may be done with it.
    pub access: Access,
    /// Whether its number is certain.
    pub trust: Trust,
}

use Access::{Read, ReadWrite, Write};
use Kind::*;

/// Objects whose numbers are known. Block rates follow in [`Catalogue::new`], by rule.
#[rustfmt::skip] // a table
const KNOWN: &[(u32, &str, Kind, Access)] = &[
    // EMOP §4.1: identity, clock, signal
    (0x60_0100, "serial", Text(16), Read),
    (0x60_8000, "hardware_version", Hardware, Read),
    (0x00_0201, "firmware_version", Firmware, Read),
    (0x80_0800, "time", Clock, ReadWrite),
    (0xFF_FD1D, "csq_net_op", Signal, Read),
    (0xD7_FF10, "three_phase_serial", Text(1), Read),
    // EMOP §4.2: instantaneous and averages
    (0x0C_0700, "instantaneous_voltage", U16, Read),
    (0x0B_0700, "instantaneous_current", U16, Read),
    (0x01_0700, "instantaneous_active_power", UintLe, Read),
    (0x03_0700, "instantaneous_reactive_power", UintLe, Read),
    (0x0D_0700, "instantaneous_power_factor", U16, Read),
    (0x0E_0700, "instantaneous_frequency", U16, Read),
    (0x0C_1800, "average_voltage", U16, Read),
    (0x0B_1800, "average_current", U16, Read),
    (0x0E_1800, "average_frequency", U16, Read),
    (0x15_0700, "element_a_instantaneous_active_power_import", UintLe, Read),
    (0x29_0700, "element_b_instantaneous_active_power_import", UintLe, Read),
    (0x20_0700, "three_phase_instantaneous_voltage_l1", DeciVolts, Read),
    (0x34_0700, "three_phase_instantaneous_voltage_l2", DeciVolts, Read),
    (0x48_0700, "three_phase_instantaneous_voltage_l3", DeciVolts, Read),
    // EMOP §4.3: registers
    (0xFF_FFFC, "read_element_a", Registers, Read),
    (0xFF_FFF8, "read_element_b", Registers, Read),
    (0x01_0800, "total_active_import_energy", U32, Read),
    (0x02_0800, "total_active_export_energy", U32, Read),
    // EMOP §4.4: prepay
    (0xFF_FF0D, "prepay_enabled_flag", Flag, ReadWrite),
    (0xFF_C802, "prepay_balance", SignedAmount, Read),
    (0xFF_C803, "prepay_token_send", Token, Write),
    (0xFF_C83E, "monetary_info_transaction_count", Count, Read),
    (0xFF_C840, "monetary_info_transaction_details", Transaction, Read),
    // EMOP §4.6: active tariff
    (0xFF_FF22, "tariff_active_standing_charge", Amount, Read),
    (0xFF_FF20, "tariff_active_threshold_mask", ThresholdMask, Read),
    (0xFF_FF1E, "tariff_active_threshold_values", ThresholdValues, Read),
    (0xFF_FF4E, "tariff_active_tou_flag", U8, Read),
    (0xFF_FF2B, "tariff_active_tou_rate", U8, Read),
    (0xFF_FF2C, "tariff_active_block_rate", U8, Read),
    (0xFF_FF2D, "tariff_active_price_index_current", U8, Read),
    (0xFF_FF2E, "tariff_active_price", Amount, Read),
    (0xFF_FF4B, "tariff_active_element_b_tou_rate", U8, Read),
    (0xFF_FF4C, "tariff_active_element_b_price_index_current", U8, Read),
    (0xFF_FF4D, "tariff_active_element_b_price", Amount, Read),
    (0xFF_C805, "tariff_active_prepayment_emergency_credit", Amount, Read),
    (0xFF_C806, "tariff_active_prepayment_ecredit_availability", Amount, Read),
    (0xFF_C807, "tariff_active_prepayment_debt_recovery_rate", Amount, Read),
    (0xFF_C964, "tariff_active_gas", Amount, Read),
    (0xFF_F701, "tariff_active_element_b_tou_rate_1", Amount, Read),
    (0xFF_F702, "tariff_active_element_b_tou_rate_2", Amount, Read),
    (0xFF_F703, "tariff_active_element_b_tou_rate_3", Amount, Read),
    (0xFF_F704, "tariff_active_element_b_tou_rate_4", Amount, Read),
    // EMOP §4.7: future tariff
    (0xFF_FF23, "tariff_future_standing_charge", Amount, ReadWrite),
    (0xFF_FF21, "tariff_future_threshold_mask", ThresholdMask, ReadWrite),
    (0xFF_FF1F, "tariff_future_threshold_values", ThresholdValues, ReadWrite),
    (0xFF_FF4F, "tariff_future_tou_flag", U8, ReadWrite),
    (0xFF_FF24, "tariff_future_activation_datetime", Timestamp, ReadWrite),
    (0xFF_C808, "tariff_future_prepayment_emergency_credit", Amount, ReadWrite),
    (0xFF_C809, "tariff_future_prepayment_ecredit_availability", Amount, ReadWrite),
    (0xFF_C80A, "tariff_future_prepayment_debt_recovery_rate", Amount, ReadWrite),
    (0xFF_C965, "tariff_future_gas", Amount, ReadWrite),
    (0xFF_F601, "tariff_future_element_b_tou_rate_1", Amount, ReadWrite),
    (0xFF_F602, "tariff_future_element_b_tou_rate_2", Amount, ReadWrite),
    (0xFF_F603, "tariff_future_element_b_tou_rate_3", Amount, ReadWrite),
    (0xFF_F604, "tariff_future_element_b_tou_rate_4", Amount, ReadWrite),
    (0x0D_0000, "tariff_time_switch_element_a_or_single", Opaque(80), ReadWrite),
    (0x0D_00FF, "tariff_time_switch_element_b", Opaque(80), ReadWrite),
    // 4.8 three phase
    (0xD7_0A0C, "three_phase_initiate_read", Opaque(0), Read),
    (0xD7_060A, "three_phase_read", Opaque(0), ReadWrite),
];

/// Other names that documents and older programs have for an object.
const ALIASES: &[(&str, &str)] = &[
    ("element_a", "read_element_a"),
    ("element_b", "read_element_b"),
    ("three_phase_total_active_import", "total_active_import_energy"),
    ("three_phase_total_active_export", "total_active_export_energy"),
];

/// All named objects, found by name or number.
#[derive(Clone, Debug)]
pub struct Catalogue {
    by_id: BTreeMap<ObjectId, Object>,
    by_name: HashMap<Cow<'static, str>, ObjectId>,
}

impl Catalogue {
    /// The catalogue with these proposals for the objects whose numbers are not certain.
    pub fn new(inferred: &Inferred) -> Result<Catalogue, InferredError> {
        let (catalogue, taken) = Catalogue::with(inferred);
        taken.into_iter().next().map_or(Ok(catalogue), Err)
    }

    /// The catalogue without the inferred objects whose numbers are taken, and which these are.
    pub(super) fn with(inferred: &Inferred) -> (Catalogue, Vec<InferredError>) {
        let mut taken = Vec::new();
        let mut catalogue = Catalogue {
            by_id: BTreeMap::new(),
            by_name: HashMap::new(),
        };
        for &(id, name, kind, access) in KNOWN {
            taken.extend(catalogue.add(ObjectId::new(id), name.into(), (kind, access, Trust::Known)));
        }
        for (table, when, access) in [(0xFF_F900, "active", Read), (0xFF_F800, "future", ReadWrite)] {
            for (block, rate) in (1..=8).flat_map(|block| (1..=8).map(move |rate| (block, rate))) {
                let id = ObjectId::new(table + block_rate(block, rate));
                let name = format!("tariff_{when}_block_{block}_rate_{rate}");
                taken.extend(catalogue.add(id, name.into(), (Amount, access, Trust::Known)));
            }
        }
        for (id, name, kind, access) in proposals(inferred) {
            taken.extend(catalogue.add(id, name.into(), (kind, access, Trust::Inferred)));
        }
        for (alias, name) in ALIASES {
            if let Some(id) = catalogue.by_name.get(*name).copied() {
                catalogue.by_name.insert((*alias).into(), id);
            }
        }
        (catalogue, taken)
    }

    /// The object with this number, if it has a name.
    #[must_use]
    pub fn of(&self, id: ObjectId) -> Option<&Object> {
        self.by_id.get(&id)
    }

    /// The object with this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Object> {
        self.by_name.get(name).and_then(|id| self.of(*id))
    }

    /// Every object, by number.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.by_id.values()
    }

    /// Adds an object, unless its number is taken.
    fn add(&mut self, id: ObjectId, name: Cow<'static, str>, what: (Kind, Access, Trust)) -> Option<InferredError> {
        if let Some(other) = self.by_id.get(&id) {
            let (taken, name) = (other.name.to_string(), name.into_owned());
            return Some(InferredError::ObjectTaken { id, taken, name });
        }
        let (kind, access, trust) = what;
        self.by_name.insert(name.clone(), id);
        self.by_id.insert(
            id,
            Object {
                id,
                name,
                kind,
                access,
                trust,
            },
        );
        None
    }
}

/// The low byte of a block rate's object; `block` and `rate` count from 1 to 8.
fn block_rate(block: u32, rate: u32) -> u32 {
    8 * (block - 1) + rate
}

fn proposals(inferred: &Inferred) -> [(ObjectId, &'static str, Kind, Access); 11] {
    let ids = &inferred.objects;
    [
        (ids.event_log, "event_log", Opaque(0), Read),
        (
            ids.daylight_savings_correction_flag,
            "daylight_savings_correction_flag",
            Flag,
            ReadWrite,
        ),
        (
            ids.prepay_no_debt_recovery_when_emergency_credit_flag,
            "prepay_no_debt_recovery_when_emergency_credit_flag",
            Flag,
            ReadWrite,
        ),
        (
            ids.prepay_no_standing_charge_when_power_fail_flag,
            "prepay_no_standing_charge_when_power_fail_flag",
            Flag,
            ReadWrite,
        ),
        (ids.backlight, "backlight", Backlight, ReadWrite),
        (ids.load_switch, "load_switch", LoadSwitch, ReadWrite),
        (
            ids.three_phase_hardware_configuration,
            "three_phase_hardware_configuration",
            MeterType,
            Read,
        ),
        (
            ids.three_phase_total_reactive_import,
            "three_phase_total_reactive_import",
            U32,
            Read,
        ),
        (
            ids.three_phase_total_reactive_export,
            "three_phase_total_reactive_export",
            U32,
            Read,
        ),
        (
            ids.three_phase_total_apparent_import,
            "three_phase_total_apparent_import",
            U32,
            Read,
        ),
        (
            ids.three_phase_total_apparent_export,
            "three_phase_total_apparent_export",
            U32,
            Read,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_to_each_other() {
        let catalogue = Catalogue::new(&Inferred::default()).unwrap();
        assert_eq!(catalogue.objects().count(), KNOWN.len() + 128 + 11);
        for object in catalogue.objects() {
            assert_eq!(catalogue.named(&object.name), Some(object));
        }
        assert_eq!(catalogue.named("element_a"), catalogue.named("read_element_a"));
    }

    #[test]
    fn a_proposal_on_a_known_object_is_refused() {
        let mut inferred = Inferred::default();
        inferred.objects.backlight = ObjectId::new(0xFF_C803);
        let error = Catalogue::new(&inferred).unwrap_err();
        assert_eq!(
            error.to_string(),
            "object ffc803 is prepay_token_send; backlight needs another"
        );
    }
}
