//! What is read of a meter and printed as it is (EMOP §13, core reads, logs, raw).

use data_encoding::HEXLOWER;
use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json, json};

use super::outcome::Outcome;
use super::place::There;
use crate::cli::CliError;
use crate::cli::print;
use crate::meter::emop::dialect::Request;
use crate::meter::emop::identity::{Hardware, MeterType};
use crate::meter::emop::profile_log::{Elements, Log2Registers, Record1, Record2, Status, Window, span, window};
use crate::meter::emop::setting::Setting;
use crate::meter::emop::tariff::Which;
use crate::meter::emop::value::Registers;
use crate::meter::emop::{MeterTime, ObjectId, ProfileLog, Value};
use crate::meter::reads::{self, Asking, ReadError, TOTALS};

/// An object's value as it is.
pub(super) async fn value(meter: There<'_>, name: &str) -> Result<Outcome, CliError> {
    Ok(match reads::value(&meter, name).await? {
        Value::Clock(shown) => {
            let at = shown.moment.to_zoned(TimeZone::UTC);
            Outcome::Text(at.strftime("%Y-%m-%d %H:%M:%S+00:00").to_string())
        }
        Value::Text(text) => Outcome::Scalar(text.into()),
        Value::Signal { csq, .. } => Outcome::Scalar(csq.into()),
        Value::Number(number) => Outcome::Scalar(number.into()),
        Value::Flag(on) => Outcome::Scalar(on.into()),
        Value::Money(money) => Outcome::Scalar(money.to_string().into()),
        Value::Setting(setting) => Outcome::Scalar(setting_json(&setting, "_sp")),
        Value::MeterType(kind) => Outcome::Scalar(meter_type(kind)),
        other => unreachable!("{name} is no object that is read like this: {other:?}"),
    })
}

/// A number with a fraction, whole numbers too.
pub(super) async fn fraction(meter: There<'_>, name: &str, per_unit: u32) -> Result<Outcome, CliError> {
    match reads::value(&meter, name).await? {
        Value::Number(number) => Ok(Outcome::Scalar(json!(f64::from(number) / f64::from(per_unit)))),
        other => unreachable!("{name} is a number, not {other:?}"),
    }
}

/// What kind of meter it is.
pub(super) async fn hardware(meter: There<'_>) -> Result<Outcome, CliError> {
    Ok(Outcome::Scalar(reads::hardware(&meter).await?.code().into()))
}

/// The light's setting. One number has two names, and then the meter's kind says which.
pub(super) async fn backlight(meter: There<'_>) -> Result<Outcome, CliError> {
    let setting = match reads::value(&meter, "backlight").await? {
        Value::Setting(setting) => setting,
        other => unreachable!("the backlight is a setting, not {other:?}"),
    };
    let ending = match setting.name("_sp") == setting.name("_3p") {
        true => "_sp",
        false if reads::hardware(&meter).await?.is_three_phase() => "_3p",
        false => "_sp",
    };
    Ok(Outcome::Scalar(setting_json(&setting, ending)))
}

/// All registers: of three phases the totals, of one phase both elements.
pub(super) async fn registers(meter: There<'_>) -> Result<Outcome, CliError> {
    let hardware = reads::hardware(&meter).await?;
    if hardware.is_three_phase() {
        return Ok(Outcome::Structure(totals_of(meter, hardware).await));
    }
    let a = reads::registers(&meter, "read_element_a").await?;
    let b = match reads::registers(&meter, "read_element_b").await {
        Ok(b) => element_json(b),
        Err(ReadError::Asked(error)) if There::is_refusal(&error) => Json::Null,
        Err(error) => return Err(error.into()),
    };
    Ok(Outcome::Structure(json!([element_json(a), b])))
}

/// The registers of one element.
pub(super) async fn element(meter: There<'_>, name: &str) -> Result<Outcome, CliError> {
    Ok(Outcome::Structure(element_json(reads::registers(&meter, name).await?)))
}

/// The six totals of a three phase meter.
pub(super) async fn totals(meter: There<'_>) -> Result<Outcome, CliError> {
    // The kind first: it tells the scale, and whether the meter answers at all.
    let hardware = reads::hardware(&meter).await?;
    Ok(Outcome::Structure(totals_of(meter, hardware).await))
}

async fn totals_of(meter: There<'_>, hardware: Hardware) -> Json {
    let found = reads::totals(&meter).await;
    let kilo = |count: u32| f64::from(count) / f64::from(hardware.counts_per_kilo());
    let named = TOTALS.iter().zip(found);
    named
        .map(|((name, _), count)| ((*name).to_owned(), json!(count.map(kilo))))
        .collect::<Map<_, _>>()
        .into()
}

/// The voltages of three phases.
pub(super) async fn voltages(meter: There<'_>) -> Result<Outcome, CliError> {
    let found = reads::voltages(&meter).await?;
    let volts = found.map(|tenths| tenths.map(|tenths| f64::from(tenths) / 10.0));
    Ok(Outcome::Structure(json!(volts)))
}

/// Any object's bytes.
pub(super) async fn bytes(meter: There<'_>, object: ObjectId) -> Result<Outcome, CliError> {
    let payload = reads::payload(&meter, Request::Read(object)).await?;
    Ok(Outcome::Text(HEXLOWER.encode(&payload)))
}

/// Half hours from a moment on, as many as one reply holds.
pub(super) async fn profile(meter: There<'_>, log: ProfileLog, from: MeterTime) -> Result<Outcome, CliError> {
    // Only log 2 differs by kind (EMOP §6.3).
    let elements = match log {
        ProfileLog::Two if reads::hardware(&meter).await?.is_twin() => Elements::Two,
        ProfileLog::One | ProfileLog::Two => Elements::One,
    };
    let to = MeterTime(from.0.saturating_add(span(log, elements)));
    let records: Vec<Json> = match log {
        ProfileLog::One => {
            let records = reads::half_hours_1(&meter, from).await?;
            inside(meter, window(records, from, to)).iter().map(record_1).collect()
        }
        ProfileLog::Two => {
            let records = reads::half_hours_2(&meter, from, elements).await?;
            inside(meter, window(records, from, to)).iter().map(record_2).collect()
        }
    };
    Ok(Outcome::Structure(records.into()))
}

/// Ten events.
pub(super) async fn events(meter: There<'_>, page: u8) -> Result<Outcome, CliError> {
    let events = reads::event_page(&meter, page).await?;
    let shown = events.iter().map(|event| {
        json!({
            "timestamp": iso(event.at), "event_id": event.id, "event_set": event.set, "name": event.name(),
        })
    });
    Ok(Outcome::Structure(shown.collect()))
}

/// The tariff in force, or the one to come.
pub(super) async fn tariff(meter: There<'_>, which: Which) -> Result<Outcome, CliError> {
    Ok(Outcome::Structure(reads::tariff(&meter, which).await?.into()))
}

/// Says when a meter answered with records of another time (EMOP §6.4): those are dropped.
fn inside<R>(meter: There<'_>, found: Window<R>) -> Vec<R> {
    if let Some(next) = found.next_held {
        print::note(format_args!(
            "{} holds nothing there; its next half hour is {}",
            meter.serial,
            iso(next)
        ));
    } else if found.inside.is_empty() {
        print::note(format_args!("{} holds nothing there", meter.serial));
    }
    found.inside
}

fn record_1(record: &Record1) -> Json {
    json!({
        "timestamp": iso(record.at), "status": flags(record.status),
        "import_a": record.import_a, "import_b": record.import_b,
    })
}

fn record_2(record: &Record2) -> Json {
    let mut shown = Map::new();
    shown.insert("timestamp".to_owned(), iso(record.at).into());
    shown.insert("status".to_owned(), flags(record.status));
    let mut element = |letter: &str, registers: Log2Registers| {
        shown.insert(format!("active_export_{letter}"), registers.active_export.into());
        shown.insert(format!("reactive_import_{letter}"), registers.reactive_import.into());
        shown.insert(format!("reactive_export_{letter}"), registers.reactive_export.into());
    };
    element("a", record.a);
    if let Some(b) = record.b {
        element("b", b);
    }
    shown.insert("voltage".to_owned(), record.voltage.into());
    shown.into()
}

fn flags(status: Status) -> Json {
    status
        .flags()
        .map(|(name, set)| (name.to_owned(), Json::from(set)))
        .collect::<Map<_, _>>()
        .into()
}

fn iso(at: MeterTime) -> String {
    at.moment().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

fn element_json(registers: Registers) -> Json {
    let kilo = |count: u32| f64::from(count) / 1_000.0;
    json!({
        "import_active": kilo(registers.import_active), "export_active": kilo(registers.export_active),
        "import_reactive": kilo(registers.import_reactive), "export_reactive": kilo(registers.export_reactive),
    })
}

/// A setting by its name; a number that has none stays a number.
fn setting_json(setting: &Setting, ending: &str) -> Json {
    setting.name(ending).map_or(setting.number().into(), Json::from)
}

fn meter_type(kind: MeterType) -> Json {
    match kind {
        MeterType::AxWholeCurrent => "ax_whole_current".into(),
        MeterType::CxCtOperated => "cx_ct_operated".into(),
        MeterType::Other(byte) => byte.into(),
    }
}
