//! Single values, arguments, half-hour files and mediator messages.

use gatelodge::domain::Element;
use gatelodge::meter::arguments::{self, Negative};
use gatelodge::meter::emop::identity::{Hardware, firmware as firmware_text, text};
use gatelodge::meter::emop::{Dialect, MeterTime};
use gatelodge::meter::mediator::messages;
use gatelodge::meter::smip::{self, Name};
use prost::Message;
use serde_json::{Value, json};

use super::{Outcome, bytes, hex, moment, utc};

pub fn epoch(_: &Dialect, input: &Value) -> Outcome {
    let time = MeterTime::of(moment(&input["utc"])).map_err(|error| error.to_string())?;
    Ok(json!({ "seconds": time.0 }))
}

pub fn firmware(_: &Dialect, input: &Value) -> Outcome {
    Ok(json!({ "text": firmware_text(&bytes(&input["hex"])) }))
}

pub fn hardware(_: &Dialect, input: &Value) -> Outcome {
    let text = text(&bytes(&input["hex"]));
    let kind = Hardware::of_text(&text).map(Hardware::code);
    Ok(json!({ "text": text, "registry": kind }))
}

pub fn validate(_: &Dialect, input: &Value) -> Outcome {
    let value = input["value"].as_str().unwrap();
    let ok = match input["rule"].as_str().unwrap() {
        "rate" => arguments::rate(value, Negative::Allowed).is_ok(),
        "decimal" => arguments::amount(value).is_ok(),
        "event_log_idx" => arguments::event_page(value).is_ok(),
        "switch" => arguments::switch(value).is_ok(),
        "date" => arguments::day(value).is_ok(),
        other => return Err(format!("this test does not know the rule `{other}`")),
    };
    Ok(json!({ "ok": ok }))
}

/// The field with this number; fields are `[number, value]`, bytes in them `hex:…`.
fn field(input: &Value, number: u64) -> &Value {
    let mut fields = input["fields"].as_array().unwrap().iter();
    fields
        .find(|field| field[0] == number)
        .map_or(&Value::Null, |field| &field[1])
}

pub fn grpc_message(_: &Dialect, input: &Value) -> Outcome {
    let string = |number| field(input, number).as_str().unwrap_or_default().to_owned();
    let raw = |number| {
        string(number)
            .strip_prefix("hex:")
            .map(|text| bytes(&text.into()))
            .unwrap_or_default()
    };
    let integer = |number| {
        field(input, number)
            .as_i64()
            .map_or(0, |value| i32::try_from(value).unwrap())
    };
    let encoded = match input["message"].as_str().unwrap() {
        "SendRawMessageRequest" => twice(messages::SendRawMessageRequest {
            serial: string(1),
            data_field: raw(2),
        }),
        "SendRawMessageReply" => twice(messages::SendRawMessageReply { response: raw(1) }),
        "ReadElementRequest" => twice(messages::ReadElementRequest {
            serial: string(1),
            object_id: integer(2),
        }),
        "ReadElementReply" => twice(messages::ReadElementReply { response: raw(1) }),
        "WriteElementRequest" => twice(messages::WriteElementRequest {
            serial: string(1),
            object_id: integer(2),
            payload: raw(3),
        }),
        "WriteElementReply" => twice(messages::WriteElementReply {}),
        "GetInfoRequest" => twice(messages::GetInfoRequest { serial: string(1) }),
        "GetInfoReply" => twice(messages::GetInfoReply { json_data: string(1) }),
        "GetMetersRequest" => twice(messages::GetMetersRequest { esco: string(1) }),
        "GetMetersReply" => twice(messages::GetMetersReply { json_meters: string(1) }),
        other => return Err(format!("this test does not know the message `{other}`")),
    };
    Ok(json!({ "hex": hex(&encoded) }))
}

/// Written, and read back on the way.
fn twice<M: Message + Default + PartialEq + std::fmt::Debug>(message: M) -> Vec<u8> {
    let encoded = message.encode_to_vec();
    assert_eq!(M::decode(encoded.as_slice()).unwrap(), message);
    encoded
}

pub fn smip_filename(_: &Dialect, input: &Value) -> Outcome {
    let text = |name: &str| input[name].as_str().unwrap_or_default();
    if input["op"] == "parse" {
        let name: Name = text("name")
            .parse()
            .map_err(|error: smip::NameError| error.to_string())?;
        return Ok(json!({
            "serial": name.serial, "element": name.element.map(Element::letter), "date": name.date.to_string(),
            "ingested_simtricity": name.markers.simtricity, "ingested_timescale": name.markers.timescale,
        }));
    }
    let name = Name {
        serial: text("serial").to_owned(),
        element: match text("element") {
            "A" => Some(Element::A),
            "B" => Some(Element::B),
            _ => None,
        },
        date: arguments::day(text("date")).map_err(|error| error.to_string())?,
        markers: text("markers")
            .parse()
            .map_err(|error: smip::NameError| error.to_string())?,
    };
    Ok(json!({ "name": name.to_string() }))
}

pub fn smip_csv_write(_: &Dialect, input: &Value) -> Outcome {
    // Registers are whole; the vectors' fractions are dropped before they come to the writer.
    let whole = |cell: &Value| cell.as_f64().map(|value| value as u64);
    let rows = input["rows"].as_array().unwrap().iter();
    let rows = rows.map(|row| smip::Written {
        at: moment(&row[0]),
        import: whole(&row[1]),
        export: whole(&row[2]),
    });
    let column = match input["element"].as_str() {
        Some(element) => format!("{}-{element}", input["serial"].as_str().unwrap()),
        None => input["serial"].as_str().unwrap().to_owned(),
    };
    let text = smip::write(&column, &rows.collect::<Vec<_>>()).map_err(|error| error.to_string())?;
    Ok(json!({ "text": text }))
}

pub fn smip_csv_read(_: &Dialect, input: &Value) -> Outcome {
    let rows = smip::read(input["text"].as_str().unwrap());
    let rows = rows.map(|row| json!([utc(row.at), row.import_kwh, row.export_kwh]));
    Ok(json!({ "rows": rows.collect::<Vec<_>>() }))
}
