//! Logs of half hours, events and intervals.

use gatelodge::meter::emop::event_log;
use gatelodge::meter::emop::identity::MeterType;
use gatelodge::meter::emop::inferred::TwinVoltage;
use gatelodge::meter::emop::intervals::{Block, Scaled};
use gatelodge::meter::emop::profile_log::{self, Elements, LOG_1_RECORDS, Record1, Record2, Status};
use gatelodge::meter::emop::{Dialect, MeterTime};
use serde_json::{Value, json};

use super::{Outcome, bytes, fault, utc};

pub fn profile_1(_: &Dialect, input: &Value) -> Outcome {
    let count = input["count"]
        .as_u64()
        .map_or(LOG_1_RECORDS, |count| usize::try_from(count).unwrap());
    let records = profile_log::log_1(&bytes(&input["hex"]), count).map_err(fault)?;
    let shown = |record: &Record1| {
        json!({
            "timestamp": record.at.0, "utc": utc(record.at.moment()), "status": flags(record.status),
            "import_a": record.import_a, "import_b": record.import_b,
        })
    };
    Ok(json!({ "records": records.iter().map(shown).collect::<Vec<_>>() }))
}

pub fn profile_2(dialect: &Dialect, input: &Value) -> Outcome {
    let elements = if input["twin"] == true {
        Elements::Two
    } else {
        Elements::One
    };
    let mut layout = dialect.inferred().profile_log_2.clone();
    if input["twin_voltage"] == "last" {
        layout.twin_voltage = TwinVoltage::Last;
    }
    let records = profile_log::log_2(&bytes(&input["hex"]), elements, &layout).map_err(fault)?;
    let shown = |record: &Record2| {
        let mut shown = json!({
            "timestamp": record.at.0, "utc": utc(record.at.moment()), "status": flags(record.status),
            "active_export_a": record.a.active_export, "reactive_import_a": record.a.reactive_import,
            "reactive_export_a": record.a.reactive_export, "voltage": record.voltage,
        });
        if let Some(b) = record.b {
            shown["active_export_b"] = b.active_export.into();
            shown["reactive_import_b"] = b.reactive_import.into();
            shown["reactive_export_b"] = b.reactive_export.into();
        }
        shown
    };
    Ok(json!({ "records": records.iter().map(shown).collect::<Vec<_>>() }))
}

fn flags(status: Status) -> Value {
    status
        .flags()
        .map(|(name, set)| (name.to_owned(), Value::from(set)))
        .collect()
}

pub fn profile_status(_: &Dialect, input: &Value) -> Outcome {
    let word = u16::from_le_bytes(bytes(&input["hex"]).try_into().map_err(|_| "truncated".to_owned())?);
    Ok(json!({ "status": flags(Status(word)) }))
}

pub fn event_log(dialect: &Dialect, input: &Value) -> Outcome {
    let events = event_log::events(&bytes(&input["hex"]), &dialect.inferred().event).map_err(fault)?;
    let shown = events
        .iter()
        .map(|event| json!({ "timestamp": event.at.0, "event_id": event.id, "event_set": event.set }));
    Ok(json!({ "events": shown.collect::<Vec<_>>() }))
}

pub fn event_unseen(_: &Dialect, input: &Value) -> Outcome {
    let time = |value: &Value| MeterTime(u32::try_from(value.as_u64().unwrap()).unwrap());
    let times: Vec<_> = input["timestamps"].as_array().unwrap().iter().map(time).collect();
    let mark = (!input["latest"].is_null()).then(|| time(&input["latest"]));
    Ok(json!({ "unseen": event_log::unseen(&times, mark).collect::<Vec<_>>() }))
}

pub fn three_phase_block(dialect: &Dialect, input: &Value) -> Outcome {
    let layout = &dialect.inferred().intervals;
    let block = Block::decode(&bytes(&input["hex"]), layout).map_err(fault)?;
    let rows = block.rows.iter();
    let rows = rows.map(|row| json!({ "values": row.values, "flags": row.flags(layout).collect::<Vec<_>>() }));
    Ok(json!({ "block": {
        "start": block.start.0, "minutes": block.minutes,
        "channels": block.channels.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "rows": rows.collect::<Vec<_>>(),
    } }))
}

pub fn three_phase_csv_value(_: &Dialect, input: &Value) -> Outcome {
    let raw = u32::try_from(input["raw"].as_u64().unwrap()).unwrap();
    let meter = MeterType::named(input["meter_type"].as_str().unwrap()).ok_or("unknown meter type")?;
    let scaled = Scaled::new(raw, meter).map_err(|error| error.to_string())?;
    Ok(json!({ "text": scaled.to_string() }))
}
