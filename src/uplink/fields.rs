//! The fields of a meter's reading: one table that says what each is called in JSON, its unit, and what Home
//! Assistant makes of it (UPLINK §3.2, §5.1, §5.2).

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use crate::domain::{Quantity, number};

/// One field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in JSON.
    pub name: &'static str,
    /// What it is made of; several are added up.
    pub of: &'static [Quantity],
    /// How a value becomes the field's.
    pub form: Form,
    /// What people call it.
    pub title: &'static str,
    /// Its unit, for people and programs.
    pub unit: Option<&'static str>,
    /// What kind of thing it is for Home Assistant (`device_class`).
    pub class: Option<&'static str>,
    /// How its values go on there (`state_class`).
    pub goes_on: Option<&'static str>,
}

/// How a value becomes a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Thousandths become wholes: watt-hours kilowatt-hours.
    Kilo,
    /// A number as it is.
    Number,
    /// An amount of money, which is kept as a decimal text and goes out as a number.
    Money,
    /// A text or yes or no as it is.
    Plain,
}

const fn field(name: &'static str, of: &'static [Quantity], form: Form, title: &'static str) -> Field {
    Field {
        name,
        of,
        form,
        title,
        unit: None,
        class: None,
        goes_on: None,
    }
}

impl Field {
    const fn unit(self, unit: &'static str) -> Field {
        Field {
            unit: Some(unit),
            ..self
        }
    }

    const fn class(self, class: &'static str, goes_on: Option<&'static str>) -> Field {
        Field {
            class: Some(class),
            goes_on,
            ..self
        }
    }

    const fn goes_on(self, goes_on: Option<&'static str>) -> Field {
        Field { goes_on, ..self }
    }
}

const TOTAL: Option<&str> = Some("total_increasing");
const NOW: Option<&str> = Some("measurement");

/// All fields, in the order in which they are written.
pub const FIELDS: &[Field] = &[
    field(
        "import_kwh",
        &[Quantity::ImportA, Quantity::ImportB],
        Form::Kilo,
        "Import",
    )
    .unit("kWh")
    .class("energy", TOTAL),
    field(
        "export_kwh",
        &[Quantity::ExportA, Quantity::ExportB],
        Form::Kilo,
        "Export",
    )
    .unit("kWh")
    .class("energy", TOTAL),
    field("import_a_kwh", &[Quantity::ImportA], Form::Kilo, "Import of element A")
        .unit("kWh")
        .class("energy", TOTAL),
    field("import_b_kwh", &[Quantity::ImportB], Form::Kilo, "Import of element B")
        .unit("kWh")
        .class("energy", TOTAL),
    field(
        "reactive_import_kvarh",
        &[Quantity::ReactiveImportA, Quantity::ReactiveImportB],
        Form::Kilo,
        "Reactive import",
    )
    .unit("kvarh")
    .class("reactive_energy", TOTAL),
    field(
        "reactive_export_kvarh",
        &[Quantity::ReactiveExportA, Quantity::ReactiveExportB],
        Form::Kilo,
        "Reactive export",
    )
    .unit("kvarh")
    .class("reactive_energy", TOTAL),
    field(
        "apparent_import_kvah",
        &[Quantity::ApparentImport],
        Form::Kilo,
        "Apparent import",
    )
    .unit("kVAh")
    .goes_on(TOTAL),
    field(
        "apparent_export_kvah",
        &[Quantity::ApparentExport],
        Form::Kilo,
        "Apparent export",
    )
    .unit("kVAh")
    .goes_on(TOTAL),
    field("power_w", &[Quantity::Power], Form::Number, "Power")
        .unit("W")
        .class("power", NOW),
    field("voltage_v", &[Quantity::Voltage], Form::Number, "Voltage")
        .unit("V")
        .class("voltage", NOW),
    field("voltage_l1_v", &[Quantity::VoltageL1], Form::Number, "Voltage L1")
        .unit("V")
        .class("voltage", NOW),
    field("voltage_l2_v", &[Quantity::VoltageL2], Form::Number, "Voltage L2")
        .unit("V")
        .class("voltage", NOW),
    field("voltage_l3_v", &[Quantity::VoltageL3], Form::Number, "Voltage L3")
        .unit("V")
        .class("voltage", NOW),
    // Home Assistant takes `total` or nothing beside money.
    field("balance", &[Quantity::Balance], Form::Money, "Prepay balance")
        .unit("GBP")
        .class("monetary", Some("total")),
    field("load_switch", &[Quantity::LoadSwitch], Form::Plain, "Load switch").class("enum", None),
    field("prepay", &[Quantity::PrepayEnabled], Form::Plain, "Prepay"),
    field("csq", &[Quantity::Csq], Form::Number, "Signal").goes_on(NOW),
    field("clock_drift_s", &[Quantity::ClockDrift], Form::Number, "Clock drift")
        .unit("s")
        .class("duration", NOW),
    field("firmware", &[Quantity::FirmwareVersion], Form::Plain, "Firmware"),
];

/// The settings of a load switch, which Home Assistant wants to know beforehand.
pub const LOAD_SWITCH: [&str; 4] = [
    "never_button_required",
    "normal_button_always",
    "no_button_prepay_mode",
    "no_button_credit_mode",
];

/// The fields that these values make, by name; what is missing is absent, never 0.
#[must_use]
pub fn fields(values: &BTreeMap<Quantity, Value>) -> Map<String, Value> {
    let twin = values.contains_key(&Quantity::ImportB) || values.contains_key(&Quantity::ExportB);
    let mut found = Map::new();
    for field in FIELDS {
        // One element says nothing that the total does not.
        if !twin && field.name.starts_with("import_a") {
            continue;
        }
        if let Some(value) = field.value(values) {
            found.insert(field.name.to_owned(), value);
        }
    }
    if found.contains_key("balance") {
        found.insert("currency".to_owned(), "GBP".into());
    }
    found
}

impl Field {
    /// What these values say of it.
    #[must_use]
    pub fn value(&self, values: &BTreeMap<Quantity, Value>) -> Option<Value> {
        let parts = || self.of.iter().filter_map(|quantity| values.get(quantity));
        match self.form {
            Form::Kilo => {
                let mut sum = None;
                for part in parts() {
                    sum = Some(sum.unwrap_or(0u64).checked_add(number(part)?)?);
                }
                decimal(sum?)
            }
            Form::Number => parts().next().filter(|value| value.is_number()).cloned(),
            Form::Money => {
                let text = parts().next()?.as_str()?;
                let number: f64 = text.parse().ok()?;
                Number::from_f64(number).map(Value::Number)
            }
            Form::Plain => parts().next().filter(|value| !value.is_null()).cloned(),
        }
    }
}

/// Thousandths as wholes with three decimals; what a register holds has no more digits than a double keeps.
fn decimal(thousandths: u64) -> Option<Value> {
    #[expect(clippy::cast_precision_loss, reason = "registers have 32 bits, and two of them 33")]
    let number = thousandths as f64 / 1_000.0;
    Number::from_f64(number).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_meter_says_becomes_fields_and_what_it_does_not_is_absent() {
        let values = BTreeMap::from([
            (Quantity::ImportA, json!(18_655_120)),
            (Quantity::Voltage, json!(241)),
            (Quantity::Balance, json!("-12.34567")),
            (Quantity::PrepayEnabled, json!(true)),
            (Quantity::Hardware, json!("C1.w")),
        ]);
        let text = serde_json::to_string(&fields(&values)).unwrap();
        let expected =
            json!({"import_kwh": 18655.12, "voltage_v": 241, "balance": -12.34567, "currency": "GBP", "prepay": true});
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    }

    #[test]
    fn two_elements_are_added_up_and_told_apart() {
        let values = BTreeMap::from([(Quantity::ImportA, json!(1_500)), (Quantity::ImportB, json!(2_250))]);
        let fields = fields(&values);
        assert_eq!(fields["import_kwh"], json!(3.75));
        assert_eq!(
            (&fields["import_a_kwh"], &fields["import_b_kwh"]),
            (&json!(1.5), &json!(2.25))
        );
        let names: std::collections::BTreeSet<_> = FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), FIELDS.len(), "no name stands twice");
    }
}
