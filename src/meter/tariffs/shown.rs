//! Tariffs and writings of them as people and programs see them (EMOP §22.1).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::compared::{Difference, begins, own_clock, priced};
use super::ledger::{OBJECTS, TariffRow, WriteState};
use crate::domain::{MeterId, Quality};
use crate::meter::emop::tariff::FutureTariff;
use crate::meter::emop::{MeterTime, Money};
use crate::meter::shown::ValueShown;
use crate::meter::topup::Origin;

/// What is said beside what the box does not read.
pub const UNTOUCHED: &str = "Time switches, thresholds and prices of blocks are shown as the meter holds them. Time switches and the \
                             prices of other blocks are left as they are when a tariff is written; the thresholds of the tariff to \
                             come are cleared, so that it has one price a kWh.";
/// What is said wherever money of a meter can be changed.
pub const CUTS_ITSELF: &str =
    "A prepayment meter cuts the load by itself when its balance is used up. This box cannot stop that.";

/// An amount with its unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TariffAmount)]
pub struct AmountShown {
    /// In pounds, exactly.
    #[schema(example = "0.23812")]
    pub gbp: String,
    /// With its unit, for people.
    #[schema(example = "23.812 p/kWh")]
    pub words: String,
}

/// A tariff, in force or to come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Tariff)]
pub struct TariffShown {
    /// For a kWh of element A, or of the whole meter.
    pub unit_rate: Option<AmountShown>,
    /// For a kWh of element B.
    pub unit_rate_element_b: Option<AmountShown>,
    /// For a day.
    pub standing_charge: Option<AmountShown>,
    /// How far below zero the balance may go.
    pub emergency_credit: Option<AmountShown>,
    /// From which balance on that is offered.
    pub ecredit_availability: Option<AmountShown>,
    /// Debt paid back in a day.
    pub debt_recovery_rate: Option<AmountShown>,
    /// When it begins, by the meter's own clock; null in the tariff in force, and where none is to come.
    #[schema(example = "2026-04-01T00:00:00")]
    pub begins: Option<String>,
    /// What the meter holds beside, as it holds it: masks and thresholds, the block and the rate in force.
    #[schema(value_type = Object)]
    pub raw: Json,
    /// When the meter said so.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// `measured`, or why it is not quite believed.
    #[schema(value_type = String)]
    pub quality: Quality,
}

/// What a meter charges, what it will charge, and what was last written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Tariffs)]
pub struct TariffsShown {
    #[schema(value_type = String, example = "EML2137580826")]
    pub meter: MeterId,
    /// The one in force; null: not read yet, or the meter has none.
    pub active: Option<TariffShown>,
    /// The one to come, as the meter holds it: also when its moment has passed.
    pub future: Option<TariffShown>,
    /// Those that the box has seen, the newest first.
    pub history: Vec<TariffSeenShown>,
    /// The switching times, when somebody had them read since the box started.
    pub time_switches: Option<SwitchesShown>,
    /// What the box reads, and what it leaves alone.
    pub note: String,
    /// What became of the newest tariff that was written through this box.
    pub write: Option<TariffWriteShown>,
}

/// A tariff that was in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TariffSeen)]
pub struct TariffSeenShown {
    /// Since when it was: when it was first read, or when it was written to begin.
    #[schema(value_type = String)]
    pub since: Timestamp,
    /// When it was last read.
    #[schema(value_type = String)]
    pub seen: Timestamp,
    #[serde(flatten)]
    pub tariff: TariffShown,
}

/// The switching times, 80 bytes each that nobody has read: hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TimeSwitches)]
pub struct SwitchesShown {
    /// Null: the meter has none.
    pub element_a_or_single: Option<String>,
    pub element_b: Option<String>,
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// A writing of a tariff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TariffWrite)]
pub struct TariffWriteShown {
    #[schema(value_type = String, example = "EML2137580826")]
    pub meter: MeterId,
    pub state: WriteState,
    /// How it is, in words.
    #[schema(example = "written 4 of 11")]
    pub words: String,
    /// Objects that the meter took.
    pub written: u8,
    /// Objects in all.
    pub of: u8,
    /// Why it is no further.
    pub trouble: Option<String>,
    /// What the meter holds otherwise.
    pub differs: Vec<Difference>,
    pub unit_rate: AmountShown,
    pub standing_charge: AmountShown,
    pub emergency_credit: AmountShown,
    pub ecredit_availability: AmountShown,
    pub debt_recovery_rate: AmountShown,
    /// When it begins, by the meter's own clock.
    pub begins: String,
    /// Who wrote it; not told to programs.
    #[serde(flatten)]
    #[schema(ignore)]
    pub origin: Option<Origin>,
    pub why: String,
    #[schema(value_type = String)]
    pub made: Timestamp,
    /// When it came to that state.
    #[schema(value_type = String)]
    pub since: Timestamp,
}

/// The key of a tariff as it is stored, and what its unit is told by.
fn amount(of: &Map<String, Json>, key: &str) -> Option<AmountShown> {
    let money: Money = of.get(key)?.as_str()?.parse().ok()?;
    Some(shown(key, money))
}

fn shown(name: &str, money: Money) -> AmountShown {
    AmountShown {
        gbp: money.to_string(),
        words: priced(name, money),
    }
}

impl TariffShown {
    /// A tariff as it was last read; `None`: nothing was.
    pub(super) fn of(value: Option<&ValueShown>) -> Option<TariffShown> {
        let value = value.filter(|value| value.quality != Quality::Gap)?;
        Some(TariffShown::read(value.value.as_object()?, value.at, value.quality))
    }

    /// A tariff as it stands in the book.
    pub(super) fn read(of: &Map<String, Json>, at: Timestamp, quality: Quality) -> TariffShown {
        let raw = ["threshold_mask", "threshold_values", "block_rate", "element_b_tou_rate"];
        let raw = raw
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), of.get(*key)?.clone())));
        TariffShown {
            unit_rate: amount(of, "unit_rate_element_a"),
            unit_rate_element_b: amount(of, "unit_rate_element_b"),
            standing_charge: amount(of, "standing_charge"),
            emergency_credit: amount(of, "prepayment_emergency_credit"),
            ecredit_availability: amount(of, "prepayment_ecredit_availability"),
            debt_recovery_rate: amount(of, "prepayment_debt_recovery_rate"),
            begins: begins(of),
            raw: raw.collect::<Map<_, _>>().into(),
            at,
            quality,
        }
    }
}

impl TariffWriteShown {
    /// `runs`: it is being written in this moment.
    pub(super) fn of(row: TariffRow, runs: bool) -> TariffWriteShown {
        let cut = row.state == WriteState::Writing && !runs;
        let state = if cut { WriteState::Halted } else { row.state };
        let trouble = row.trouble.or_else(|| cut.then(|| "it was interrupted".to_owned()));
        let tariff: FutureTariff = row.tariff;
        TariffWriteShown {
            words: words(state, (row.written, OBJECTS), row.older, &row.differs),
            meter: row.meter,
            state,
            written: row.written,
            of: OBJECTS,
            trouble,
            differs: row.differs,
            unit_rate: shown("unit_rate", tariff.unit_rate),
            standing_charge: shown("standing_charge", tariff.standing_charge),
            emergency_credit: shown("emergency_credit", tariff.emergency_credit),
            ecredit_availability: shown("ecredit_availability", tariff.ecredit_availability),
            debt_recovery_rate: shown("debt_recovery_rate", tariff.debt_recovery_rate),
            begins: own_clock(tariff.activation),
            origin: Some(row.origin),
            why: row.why,
            made: row.made,
            since: row.since,
        }
    }
}

fn words(state: WriteState, (written, of): (u8, u8), older: Option<MeterTime>, differs: &[Difference]) -> String {
    let far = format!("written {written} of {of}");
    let begins = match older {
        _ if written == of => String::new(),
        None => "; it does not begin".to_owned(),
        Some(older) => format!(
            "; the meter still begins what it holds at {}, with parts of this one: write it again before",
            own_clock(older)
        ),
    };
    match state {
        WriteState::Writing => far,
        WriteState::Halted => format!("{far}{begins}: the same tariff again goes on there"),
        WriteState::Differs => {
            let names: Vec<&str> = differs.iter().map(|one| one.object.as_str()).collect();
            format!("{far}, differs in {}{begins}", names.join(", "))
        }
        WriteState::Done => "done: the meter holds all of it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_tariff_is_numbers_with_units_and_what_is_not_read_is_raw() {
        let at = "2026-02-10T12:00:00Z".parse().unwrap();
        let value = ValueShown {
            value: json!({
                "standing_charge": "0.51082", "unit_rate_element_a": "0.23812", "unit_rate_element_b": null,
                "threshold_mask": {"rate1": 1}, "prepayment_emergency_credit": "15",
                "prepayment_debt_recovery_rate": "0.3", "activation_datetime": "2026-04-01T00:00:00",
            }),
            unit: None,
            at,
            quality: Quality::Measured,
            why: None,
        };
        let shown = TariffShown::of(Some(&value)).unwrap();
        let words = |amount: Option<AmountShown>| amount.map(|amount| amount.words);
        assert_eq!(words(shown.unit_rate).as_deref(), Some("23.812 p/kWh"));
        assert_eq!(words(shown.standing_charge).as_deref(), Some("51.082 p/day"));
        assert_eq!(words(shown.emergency_credit).as_deref(), Some("£15.00"));
        assert_eq!(words(shown.debt_recovery_rate).as_deref(), Some("30.000 p/day"));
        assert_eq!(words(shown.unit_rate_element_b), None);
        assert_eq!(shown.raw, json!({"threshold_mask": {"rate1": 1}}));
        assert_eq!(shown.begins.as_deref(), Some("2026-04-01T00:00:00"));
        assert_eq!(TariffShown::of(None), None);
    }

    #[test]
    fn a_tariff_to_come_without_a_moment_is_none() {
        let at = "2026-02-10T12:00:00Z".parse().unwrap();
        let held = |moment: &str| json!({ "standing_charge": "0", "activation_datetime": moment });
        let begins = |moment| TariffShown::read(held(moment).as_object().unwrap(), at, Quality::Measured).begins;
        assert_eq!(begins("2000-01-01T00:00:00"), None);
        assert_eq!(begins("2027-04-01T00:00:00").as_deref(), Some("2027-04-01T00:00:00"));
        assert_eq!(own_clock(MeterTime::NONE), "none");
    }

    #[test]
    fn half_of_a_tariff_is_said_not_to_begin() {
        let differs = [Difference {
            object: "tariff_future_gas".to_owned(),
            wanted: String::new(),
            held: String::new(),
        }];
        let half = words(WriteState::Differs, (10, 11), None, &differs);
        assert_eq!(
            half,
            "written 10 of 11, differs in tariff_future_gas; it does not begin"
        );
        let whole = words(WriteState::Differs, (11, 11), None, &differs);
        assert_eq!(whole, "written 11 of 11, differs in tariff_future_gas");
        assert_eq!(words(WriteState::Writing, (4, 11), None, &[]), "written 4 of 11");
        let older = words(WriteState::Halted, (4, 11), Some(MeterTime(762_525_296)), &[]);
        assert!(
            older.contains("still begins what it holds at 2024-02-29 12:34:56"),
            "{older}"
        );
    }
}
