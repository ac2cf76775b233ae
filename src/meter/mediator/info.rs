//! The registry's JSON as older programs read it (EMOP §12): the columns of two tables.

use serde_json::{Map, Value, json};

use crate::domain::{Duty, Health, MeterId, Quantity};
use crate::meter::emop::Inferred;
use crate::meter::emop::identity::Hardware;
use crate::meter::link::Target;
use crate::meter::{MeterShown, Meters};

impl Meters {
    /// The unconfirmed constants by which its meters are spoken to; whoever composes requests for them needs the same.
    #[must_use]
    pub fn inferred(&self) -> &Inferred {
        &self.config.inferred
    }
}

/// `GetInfo`: all that is known of one meter.
#[must_use]
pub fn info(shown: &MeterShown) -> Value {
    json!({ "registry": registry(shown), "shadow": shadow(shown) })
}

/// `GetMeters`: the meters that can be asked, of one supplier or of all.
pub fn meters<'a>(all: impl Iterator<Item = &'a MeterShown>, esco: &str) -> Value {
    let wanted = |shown: &&MeterShown| {
        let code = shown.meter.esco.as_deref().unwrap_or_default();
        shown.duty != Duty::Off && (esco.is_empty() || code.eq_ignore_ascii_case(esco))
    };
    let row = |shown: &MeterShown| {
        json!({
            "id": id(&shown.meter.serial),
            "ip_address": address(shown),
            "serial": shown.meter.serial,
            "name": shown.meter.name,
            "esco": shown.meter.esco,
            "csq": value(shown, Quantity::Csq),
            "health": health(shown),
            "hardware": hardware(shown),
            "feeder": shown.meter.feeder,
        })
    };
    all.filter(wanted).map(row).collect()
}

fn registry(shown: &MeterShown) -> Value {
    json!({
        "id": id(&shown.meter.serial),
        "serial": shown.meter.serial,
        "name": shown.meter.name,
        "ip_address": address(shown),
        "esco": shown.meter.esco,
        "hardware": hardware(shown),
        "feeder": shown.meter.feeder,
        "prepay_enabled": value(shown, Quantity::PrepayEnabled),
        "firmware_version": value(shown, Quantity::FirmwareVersion),
        "daylight_savings_correction_enabled": value(shown, Quantity::DaylightSavings),
        "mode": if shown.duty == Duty::Off { "passive" } else { "active" },
        "single_meter_app": false,
    })
}

fn shadow(shown: &MeterShown) -> Value {
    let three = hardware(shown)
        .and_then(Hardware::of_code)
        .is_some_and(Hardware::is_three_phase);
    // Older programs have a three phase meter's export in import_b (EMOP §16.1).
    let second = if three { Quantity::ExportA } else { Quantity::ImportB };
    let balance = value(shown, Quantity::Balance)
        .as_str()
        .and_then(|text| text.parse::<f64>().ok());
    let mut columns = Map::new();
    let mut column = |name: &str, value: Value| columns.insert(name.to_owned(), value);
    column("id", id(&shown.meter.serial).into());
    column("balance", json!(balance));
    column("clock_time_diff_seconds", value(shown, Quantity::ClockDrift));
    column("clock_time_diff_synced_at", json!(shown.clock_compared));
    column("csq", value(shown, Quantity::Csq));
    column("health", json!(health(shown)));
    column("health_details", shown.health_details.as_str().into());
    column("voltage", value(shown, Quantity::Voltage));
    column("3p_voltage_l1", value(shown, Quantity::VoltageL1));
    column("3p_voltage_l2", value(shown, Quantity::VoltageL2));
    column("3p_voltage_l3", value(shown, Quantity::VoltageL3));
    column("import_a", kilo(shown, Quantity::ImportA));
    column("import_b", kilo(shown, second));
    column("export_a", kilo(shown, Quantity::ExportA));
    column("export_b", kilo(shown, Quantity::ExportB));
    column("tariffs_active", value(shown, Quantity::TariffsActive));
    column("tariffs_future", value(shown, Quantity::TariffsFuture));
    column("backlight", value(shown, Quantity::Backlight));
    column("load_switch", value(shown, Quantity::LoadSwitch));
    Value::Object(columns)
}

/// A stable id, as the tables had one: the same for the same serial, on every box.
fn id(serial: &MeterId) -> String {
    let hash = crate::pki::sha256(serial.as_str().as_bytes());
    let first = *hash.first_chunk::<16>().expect("a hash has 32 bytes");
    uuid::Builder::from_custom_bytes(first).into_uuid().to_string()
}

fn address(shown: &MeterShown) -> Option<String> {
    match shown.meter.link.parse() {
        Ok(Target::Tcp { host, .. }) => Some(host),
        _ => None,
    }
}

fn hardware(shown: &MeterShown) -> Option<&str> {
    let known = shown.value(Quantity::Hardware).and_then(Value::as_str);
    shown.meter.hardware.as_deref().or(known)
}

fn health(shown: &MeterShown) -> Option<&'static str> {
    match shown.health {
        Health::Unknown => None,
        Health::Healthy => Some("healthy"),
        Health::Unhealthy => Some("unhealthy"),
    }
}

fn value(shown: &MeterShown, quantity: Quantity) -> Value {
    shown.value(quantity).cloned().unwrap_or(Value::Null)
}

/// Energy in kWh: watt hours are whole or end in tenths, so three or four places hold it.
fn kilo(shown: &MeterShown, quantity: Quantity) -> Value {
    json!(shown.value(quantity).and_then(Value::as_f64).map(|wh| wh / 1_000.0))
}
