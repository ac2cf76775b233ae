//! What a meter is asked regularly: the syncers of `spec/emop.md` 16.1, by the names that older programs know.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use super::Unanswered;
use crate::domain::{MeterNews, MeterState, Quantity};
use crate::meter::emop::MeterTime;
use crate::meter::emop::event_log::{MeterEvent, is_alarm, look_further, unseen};
use crate::meter::emop::identity::Hardware;
use crate::meter::emop::setting::Setting;
use crate::meter::emop::tariff::Which;
use crate::meter::emop::value::{Registers, Value};
use crate::meter::reads::{self, Asking, ReadError};

/// One thing that is read regularly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of the documents")]
pub enum Syncer {
    Hardware,
    Reads,
    PrepayBalance,
    Csq,
    EventLog,
    Voltage,
    Power,
    ClockDiff,
    TariffsActive,
    TariffsFuture,
    PrepayEnabled,
    DaylightSavingsEnabled,
    Serial,
    FirmwareVersion,
    Backlight,
    LoadSwitch,
    HalfHours,
}

/// At the first look into a meter's log, what is older than this raises no alarm any more.
const OLD_NEWS: SignedDuration = SignedDuration::from_hours(24);

/// Why something could not be read.
pub(in crate::meter) type SyncError = ReadError<Unanswered>;

/// What a reading brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::meter) struct Findings {
    /// Values; `None`: the meter has no such value.
    pub(in crate::meter) values: Vec<(Quantity, Option<Json>)>,
    /// What happened, by the meter's own log, oldest first.
    pub(in crate::meter) logged: Vec<MeterNews>,
    /// The newest entry of that log.
    pub(in crate::meter) events_seen: Option<u32>,
}

impl Findings {
    fn one(quantity: Quantity, value: impl Into<Json>) -> Findings {
        Findings {
            values: vec![(quantity, Some(value.into()))],
            ..Findings::default()
        }
    }
}

impl Syncer {
    /// All of them, what others need first.
    pub const ALL: [Syncer; 17] = [
        Syncer::Hardware,
        Syncer::Reads,
        Syncer::PrepayBalance,
        Syncer::Csq,
        Syncer::EventLog,
        Syncer::Voltage,
        Syncer::Power,
        Syncer::ClockDiff,
        Syncer::TariffsActive,
        Syncer::TariffsFuture,
        Syncer::PrepayEnabled,
        Syncer::DaylightSavingsEnabled,
        Syncer::Serial,
        Syncer::FirmwareVersion,
        Syncer::Backlight,
        Syncer::LoadSwitch,
        Syncer::HalfHours,
    ];

    /// Its key under `meters.polling`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Syncer::Hardware => "hardware",
            Syncer::Reads => "reads",
            Syncer::PrepayBalance => "prepay_balance",
            Syncer::Csq => "csq",
            Syncer::EventLog => "event_log",
            Syncer::Voltage => "voltage",
            Syncer::Power => "power",
            Syncer::HalfHours => "half_hours",
            Syncer::ClockDiff => "clock_diff",
            Syncer::TariffsActive => "tariffs_active",
            Syncer::TariffsFuture => "tariffs_future",
            Syncer::PrepayEnabled => "prepay_enabled",
            Syncer::DaylightSavingsEnabled => "daylight_savings_enabled",
            Syncer::Serial => "serial",
            Syncer::FirmwareVersion => "firmware_version",
            Syncer::Backlight => "backlight",
            Syncer::LoadSwitch => "load_switch",
        }
    }

    /// Its place in [`Syncer::ALL`].
    pub(super) fn place(self) -> usize {
        Syncer::ALL
            .iter()
            .position(|syncer| *syncer == self)
            .expect("all of them are in the list")
    }

    /// Whether three phase meters have what it reads.
    #[must_use]
    pub fn is_for_three_phases(self) -> bool {
        match self {
            Syncer::Reads
            | Syncer::Csq
            | Syncer::Voltage
            | Syncer::ClockDiff
            | Syncer::Hardware
            | Syncer::Serial
            | Syncer::FirmwareVersion
            | Syncer::Backlight
            | Syncer::HalfHours => true,
            Syncer::PrepayBalance
            | Syncer::EventLog
            | Syncer::TariffsActive
            | Syncer::TariffsFuture
            | Syncer::PrepayEnabled
            | Syncer::DaylightSavingsEnabled
            | Syncer::LoadSwitch
            | Syncer::Power => false,
        }
    }

    /// A value that tells when it was last read.
    #[must_use]
    pub fn told_by(self) -> Option<Quantity> {
        Some(match self {
            Syncer::Hardware => Quantity::Hardware,
            Syncer::Reads => Quantity::ImportA,
            Syncer::PrepayBalance => Quantity::Balance,
            Syncer::Csq => Quantity::Csq,
            Syncer::Power => Quantity::Power,
            Syncer::EventLog | Syncer::Voltage | Syncer::HalfHours => return None,
            Syncer::ClockDiff => Quantity::ClockDrift,
            Syncer::TariffsActive => Quantity::TariffsActive,
            Syncer::TariffsFuture => Quantity::TariffsFuture,
            Syncer::PrepayEnabled => Quantity::PrepayEnabled,
            Syncer::DaylightSavingsEnabled => Quantity::DaylightSavings,
            Syncer::Serial => Quantity::MeterSerial,
            Syncer::FirmwareVersion => Quantity::FirmwareVersion,
            Syncer::Backlight => Quantity::Backlight,
            Syncer::LoadSwitch => Quantity::LoadSwitch,
        })
    }

    /// The syncer that reads a quantity.
    #[must_use]
    pub fn of(quantity: Quantity) -> Syncer {
        match quantity {
            Quantity::Balance => Syncer::PrepayBalance,
            Quantity::Csq => Syncer::Csq,
            Quantity::Voltage | Quantity::VoltageL1 | Quantity::VoltageL2 | Quantity::VoltageL3 => Syncer::Voltage,
            Quantity::Power => Syncer::Power,
            Quantity::ClockDrift => Syncer::ClockDiff,
            Quantity::TariffsActive => Syncer::TariffsActive,
            Quantity::TariffsFuture => Syncer::TariffsFuture,
            Quantity::PrepayEnabled => Syncer::PrepayEnabled,
            Quantity::DaylightSavings => Syncer::DaylightSavingsEnabled,
            Quantity::Hardware => Syncer::Hardware,
            Quantity::MeterSerial => Syncer::Serial,
            Quantity::FirmwareVersion => Syncer::FirmwareVersion,
            Quantity::Backlight => Syncer::Backlight,
            Quantity::LoadSwitch => Syncer::LoadSwitch,
            Quantity::ImportA
            | Quantity::ExportA
            | Quantity::ReactiveImportA
            | Quantity::ReactiveExportA
            | Quantity::ImportB
            | Quantity::ExportB
            | Quantity::ReactiveImportB
            | Quantity::ReactiveExportB
            | Quantity::ApparentImport
            | Quantity::ApparentExport => Syncer::Reads,
        }
    }

    /// Reads it.
    pub(in crate::meter) async fn read<A>(
        self,
        meter: &A,
        hardware: Hardware,
        before: &MeterState,
    ) -> Result<Findings, ReadError<A::Error>>
    where
        A: Asking,
    {
        let three = hardware.is_three_phase();
        Ok(match self {
            Syncer::Hardware => Findings::one(Quantity::Hardware, reads::hardware(meter).await?.code()),
            Syncer::Reads if three => totals(reads::totals(meter).await, hardware),
            Syncer::Reads => elements(meter, hardware).await?,
            Syncer::PrepayBalance => simple(meter, Quantity::Balance, "prepay_balance").await?,
            Syncer::Csq => simple(meter, Quantity::Csq, "csq_net_op").await?,
            Syncer::EventLog => event_log(meter, before).await?,
            Syncer::Voltage if three => phases(reads::voltages(meter).await?),
            Syncer::Voltage => simple(meter, Quantity::Voltage, "instantaneous_voltage").await?,
            Syncer::Power => simple(meter, Quantity::Power, "instantaneous_active_power").await?,
            // Many requests, whose answers are stored piece by piece: `half_hours` does that.
            Syncer::HalfHours => Findings::default(),
            Syncer::ClockDiff => {
                let shown = reads::clock(meter).await?;
                let drift = Timestamp::now().duration_since(shown).as_secs().saturating_abs();
                Findings::one(Quantity::ClockDrift, drift)
            }
            Syncer::TariffsActive => Findings::one(Quantity::TariffsActive, reads::tariff(meter, Which::Active).await?),
            Syncer::TariffsFuture => Findings::one(Quantity::TariffsFuture, reads::tariff(meter, Which::Future).await?),
            Syncer::PrepayEnabled => simple(meter, Quantity::PrepayEnabled, "prepay_enabled_flag").await?,
            Syncer::DaylightSavingsEnabled => {
                simple(meter, Quantity::DaylightSavings, "daylight_savings_correction_flag").await?
            }
            Syncer::Serial if three => simple(meter, Quantity::MeterSerial, "three_phase_serial").await?,
            Syncer::Serial => simple(meter, Quantity::MeterSerial, "serial").await?,
            Syncer::FirmwareVersion => simple(meter, Quantity::FirmwareVersion, "firmware_version").await?,
            Syncer::Backlight => setting(meter, Quantity::Backlight, three).await?,
            Syncer::LoadSwitch => setting(meter, Quantity::LoadSwitch, three).await?,
        })
    }
}

async fn simple<A: Asking>(meter: &A, quantity: Quantity, object: &str) -> Result<Findings, ReadError<A::Error>> {
    let value = reads::value(meter, object).await?;
    let shown = match &value {
        Value::Number(number) => Some(Json::from(*number)),
        Value::Flag(on) => Some(Json::from(*on)),
        Value::Text(text) => Some(Json::from(text.as_str())),
        Value::Money(amount) => Some(Json::from(amount.to_string())),
        Value::Signal { csq, .. } => Some(Json::from(*csq)),
        _ => None,
    };
    Ok(Findings {
        values: vec![(quantity, shown)],
        ..Findings::default()
    })
}

/// The light and the load switch; a number in no document is skipped, as the original does.
async fn setting<A: Asking>(meter: &A, quantity: Quantity, three: bool) -> Result<Findings, ReadError<A::Error>> {
    let object = if quantity == Quantity::Backlight {
        "backlight"
    } else {
        "load_switch"
    };
    let ending = if three { "_3p" } else { "_sp" };
    let name = |setting: &Setting| setting.name(ending).map(Json::from);
    Ok(match reads::value(meter, object).await? {
        Value::Setting(setting) => match name(&setting) {
            Some(name) => Findings::one(quantity, name),
            None => Findings::default(),
        },
        _ => Findings::default(),
    })
}

async fn elements<A: Asking>(meter: &A, hardware: Hardware) -> Result<Findings, ReadError<A::Error>> {
    let mut values = element_a(reads::registers(meter, "read_element_a").await?).to_vec();
    if hardware.is_twin() {
        values.extend(element_b(reads::registers(meter, "read_element_b").await?));
    }
    let values = values
        .into_iter()
        .map(|(quantity, wh)| (quantity, Some(Json::from(wh))));
    Ok(Findings {
        values: values.collect(),
        ..Findings::default()
    })
}

fn element_a(registers: Registers) -> [(Quantity, u32); 4] {
    [
        (Quantity::ImportA, registers.import_active),
        (Quantity::ExportA, registers.export_active),
        (Quantity::ReactiveImportA, registers.import_reactive),
        (Quantity::ReactiveExportA, registers.export_reactive),
    ]
}

fn element_b(registers: Registers) -> [(Quantity, u32); 4] {
    [
        (Quantity::ImportB, registers.import_active),
        (Quantity::ExportB, registers.export_active),
        (Quantity::ReactiveImportB, registers.import_reactive),
        (Quantity::ReactiveExportB, registers.export_reactive),
    ]
}

fn totals(counts: [Option<u32>; 6], hardware: Hardware) -> Findings {
    let quantities = [
        Quantity::ImportA,
        Quantity::ExportA,
        Quantity::ReactiveImportA,
        Quantity::ReactiveExportA,
        Quantity::ApparentImport,
        Quantity::ApparentExport,
    ];
    let values = quantities.into_iter().zip(counts);
    Findings {
        values: values
            .map(|(quantity, count)| (quantity, count.map(|count| reads::in_units(count, hardware))))
            .collect(),
        ..Findings::default()
    }
}

fn phases(volts: [Option<u16>; 3]) -> Findings {
    let quantities = [Quantity::VoltageL1, Quantity::VoltageL2, Quantity::VoltageL3];
    let in_volts = |tenths: u16| Json::from(f64::from(tenths) / 10.0);
    Findings {
        values: quantities
            .into_iter()
            .zip(volts.map(|tenths| tenths.map(in_volts)))
            .collect(),
        ..Findings::default()
    }
}

/// Pages of the event log as long as all of a page is new (16.1).
async fn event_log<A: Asking>(meter: &A, before: &MeterState) -> Result<Findings, ReadError<A::Error>> {
    let mark = before.events_seen.map(MeterTime);
    let mut fresh: Vec<MeterEvent> = Vec::new();
    for page in 0.. {
        let events = reads::event_page(meter, page).await?;
        let times: Vec<MeterTime> = events.iter().map(|event| event.at).collect();
        let new: Vec<usize> = unseen(&times, mark).collect();
        fresh.extend(new.iter().map(|place| events[*place]));
        if !look_further(page, new.len()) {
            break;
        }
    }
    // What came while pages were turned stands on two of them.
    fresh.sort_by_key(|event| (event.at, event.id));
    fresh.dedup_by_key(|event| (event.at, event.id));
    let events_seen = fresh.last().map(|event| event.at.0).or(before.events_seen);
    // What a new meter wrote long ago is history, and wakes nobody.
    let since = match mark {
        Some(_) => Timestamp::UNIX_EPOCH,
        None => Timestamp::now()
            .saturating_sub(OLD_NEWS)
            .unwrap_or(Timestamp::UNIX_EPOCH),
    };
    Ok(Findings {
        logged: fresh
            .iter()
            .filter(|event| event.id != 0)
            .map(|event| logged(event, since))
            .collect(),
        events_seen,
        ..Findings::default()
    })
}

fn logged(event: &MeterEvent, alarms_since: Timestamp) -> MeterNews {
    MeterNews::Logged {
        at: event.at.moment(),
        id: event.id,
        name: event.name().map(str::to_owned),
        set: event.set,
        alarm: is_alarm(event.id) && event.at.moment() >= alarms_since,
    }
}
