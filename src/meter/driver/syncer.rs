//! What a meter is asked regularly: the syncers of EMOP §16.1, by the names that older programs know.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use super::DriverError;
use crate::domain::{MeterNews, MeterState, Quantity};
use crate::meter::emop::MeterTime;
use crate::meter::emop::dialect::Request;
use crate::meter::emop::event_log::{MeterEvent, is_alarm, look_further, unseen};
use crate::meter::emop::identity::Hardware;
use crate::meter::emop::tariff::Which;
use crate::meter::reads::{self, Asking, ReadError};
use crate::meter::said::{Said, absent, is_date, said, tariff};

/// One thing that is read regularly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
pub(in crate::meter) type SyncError = ReadError<DriverError>;

/// What a reading brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::meter) struct Findings {
    /// Values, and why there is none where there is none.
    pub(in crate::meter) values: Vec<Said>,
    /// What happened, by the meter's own log, oldest first.
    pub(in crate::meter) logged: Vec<MeterNews>,
    /// The newest entry of that log.
    pub(in crate::meter) events_seen: Option<u32>,
}

impl Findings {
    /// Findings of these values and nothing else.
    pub(in crate::meter) fn of(values: Vec<Said>) -> Findings {
        Findings {
            values,
            ..Findings::default()
        }
    }

    /// One value.
    pub(in crate::meter) fn one(quantity: Quantity, value: impl Into<Json>) -> Findings {
        Findings::of(vec![(quantity, Ok(value.into()))])
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

    /// The syncer's key under `meters.polling`.
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

    /// The syncer's place in [`Syncer::ALL`].
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
        let objects: &[&str] = match self {
            Syncer::Hardware => {
                return Ok(Findings::one(Quantity::Hardware, reads::hardware(meter).await?.code()));
            }
            Syncer::EventLog => return event_log(meter, before).await,
            Syncer::TariffsActive => return whole_tariff(meter, Which::Active).await,
            Syncer::TariffsFuture => return whole_tariff(meter, Which::Future).await,
            // Many requests, whose answers are stored piece by piece: `Meters::sync` has them go by `half_hours`, and
            // asks nothing here.
            Syncer::HalfHours => return Ok(Findings::default()),
            // Often some of them fail when they are asked one after the other.
            Syncer::Reads if three => return some(meter, &reads::TOTALS.map(|(_, object)| object), hardware).await,
            Syncer::Voltage if three => return some(meter, &PHASES, hardware).await,
            Syncer::Reads if hardware.is_twin() => &["read_element_a", "read_element_b"],
            Syncer::Reads => &["read_element_a"],
            Syncer::PrepayBalance => &["prepay_balance"],
            Syncer::Csq => &["csq_net_op"],
            Syncer::Voltage => &["instantaneous_voltage"],
            Syncer::Power => &["instantaneous_active_power"],
            Syncer::ClockDiff => &["time"],
            Syncer::PrepayEnabled => &["prepay_enabled_flag"],
            Syncer::DaylightSavingsEnabled => &["daylight_savings_correction_flag"],
            Syncer::Serial if three => &["three_phase_serial"],
            Syncer::Serial => &["serial"],
            Syncer::FirmwareVersion => &["firmware_version"],
            Syncer::Backlight => &["backlight"],
            Syncer::LoadSwitch => &["load_switch"],
        };
        let mut values = Vec::new();
        for name in objects {
            values.extend(object(meter, name, hardware).await?);
        }
        Ok(Findings::of(values))
    }
}

/// The voltages of three phases.
const PHASES: [&str; 3] = [
    "three_phase_instantaneous_voltage_l1",
    "three_phase_instantaneous_voltage_l2",
    "three_phase_instantaneous_voltage_l3",
];

/// What one object says.
async fn object<A: Asking>(meter: &A, name: &str, hardware: Hardware) -> Result<Vec<Said>, ReadError<A::Error>> {
    let dialect = meter.dialect();
    let object = dialect.catalogue().named(name);
    let object = object.expect("names in this program are names of the catalogue");
    let payload = reads::payload(meter, Request::Read(object.id)).await?;
    Ok(said(object, &payload, (dialect, hardware), Timestamp::now()))
}

/// What several objects say, of which some may fail; that is an error when none of them answers. What the meter
/// refuses it has not; what it did not answer is known from before.
async fn some<A: Asking>(meter: &A, names: &[&str], hardware: Hardware) -> Result<Findings, ReadError<A::Error>> {
    let (mut values, mut failed, mut answered) = (Vec::new(), None, false);
    for name in names {
        match object(meter, name, hardware).await {
            Ok(said) => values.extend(said),
            Err(ReadError::Asked(error)) if A::is_refusal(&error) => {
                tracing::debug!(object = name, %error, "a meter has no such value");
                values.extend(absent(name, hardware));
            }
            Err(error) => {
                tracing::debug!(object = name, %error, "a value could not be read");
                failed = failed.or(Some(error));
                continue;
            }
        }
        answered = true;
    }
    match failed {
        Some(error) if !answered => Err(error),
        _ => Ok(Findings::of(values)),
    }
}

async fn whole_tariff<A: Asking>(meter: &A, which: Which) -> Result<Findings, ReadError<A::Error>> {
    Ok(Findings::of(vec![tariff(which, reads::tariff(meter, which).await?)]))
}

/// Pages of the event log as long as all of a page is new (EMOP §16.1).
async fn event_log<A: Asking>(meter: &A, before: &MeterState) -> Result<Findings, ReadError<A::Error>> {
    let now = Timestamp::now();
    // A mark in the future would hide all that comes.
    let mark = before.events_seen.map(MeterTime).filter(|mark| is_date(*mark, now));
    let mut fresh: Vec<MeterEvent> = Vec::new();
    for page in 0.. {
        let mut events = reads::event_page(meter, page).await?;
        let many = events.len();
        events.retain(|event| is_date(event.at, now));
        if events.len() < many {
            tracing::debug!(
                page,
                "a meter's log has entries of a date that no clock has; they are left out"
            );
        }
        let times: Vec<MeterTime> = events.iter().map(|event| event.at).collect();
        let new: Vec<usize> = unseen(&times, mark).collect();
        fresh.extend(new.iter().map(|place| events[*place]));
        if !look_further(page, new.len()) {
            break;
        }
    }
    // What came while pages were turned stands on two of them. Two of a kind in one second differ by the log's counter.
    fresh.sort_by_key(|event| (event.at, event.id, event.set));
    fresh.dedup_by_key(|event| (event.at, event.id, event.set));
    let events_seen = fresh.last().map(|event| event.at).or(mark).map(|mark| mark.0);
    // What a new meter wrote long ago is history, and wakes nobody.
    let since = match mark {
        Some(_) => Timestamp::UNIX_EPOCH,
        None => now.saturating_sub(OLD_NEWS).unwrap_or(Timestamp::UNIX_EPOCH),
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
