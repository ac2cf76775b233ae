//! Frames, data fields, objects and payloads.

use gatelodge::meter::emop::catalogue::Kind;
use gatelodge::meter::emop::frame::Frame;
use gatelodge::meter::emop::identity::{Hardware, MeterType};
use gatelodge::meter::emop::message::Message;
use gatelodge::meter::emop::setting::Setting;
use gatelodge::meter::emop::{
    Address, Control, Dialect, MeterTime, Money, ObjectId, ProfileLog, Request, StreamDecoder, Value as Held, crc,
};
use serde_json::{Value, json};

use super::{Outcome, bytes, fault, hex, moment, utc};

pub fn frame_decode(dialect: &Dialect, input: &Value) -> Outcome {
    let bytes = bytes(&input["hex"]);
    let frame = Frame::decode(&bytes).map_err(|error| error.name().to_owned())?;
    let (length, control) = (bytes[1], frame.control);
    let end = usize::from(length) + 1;
    let mut found = json!({
        "length": length,
        "dst_type": frame.destination.0[0], "dst_addr": hex(&frame.destination.0[1..]),
        "src_type": frame.source.0[0], "src_addr": hex(&frame.source.0[1..]),
        "control": control.0, "seq": control.sequence(), "ack": control.ack().code(),
        "ack_name": control.ack().name(),
        "crc": hex(&bytes[end - 2..end]),
        "data": hex(frame.data), "format": frame.data[0],
    });
    match Message::of(frame.data, dialect.inferred()) {
        Message::Object { object, way, payload } => {
            found["object_id"] = object.to_string().into();
            found["rw"] = way.byte().into();
            found["payload"] = hex(payload).into();
        }
        Message::Profile { start, rest, .. } => {
            found["timestamp"] = start.0.into();
            found["payload"] = hex(rest).into();
        }
        Message::Events { .. } | Message::Intervals(_) | Message::Other(_) => {}
    }
    Ok(found)
}

pub fn frame_encode(_: &Dialect, input: &Value) -> Outcome {
    let address = |name: &str| Address(bytes(&input[name]).try_into().unwrap());
    let data = bytes(&input["data"]);
    let frame = Frame {
        destination: address("dst"),
        source: address("src"),
        control: Control(u8::try_from(input["control"].as_u64().unwrap()).unwrap()),
        data: &data,
    };
    let encoded = frame.encode().map_err(|error| error.to_string())?;
    Ok(json!({ "hex": hex(&encoded) }))
}

pub fn stream_decode(_: &Dialect, input: &Value) -> Outcome {
    let (mut decoder, mut frames) = (StreamDecoder::new(), Vec::new());
    for chunk in input["chunks"].as_array().unwrap() {
        decoder.push(&bytes(chunk), |frame| frames.push(hex(frame.data)));
    }
    decoder.finish(|frame| frames.push(hex(frame.data)));
    Ok(json!({ "frames": frames }))
}

pub fn crc(_: &Dialect, input: &Value) -> Outcome {
    Ok(json!({ "crc": format!("{:04x}", crc::crc(&bytes(&input["hex"]))) }))
}

pub fn data_field(dialect: &Dialect, input: &Value) -> Outcome {
    let object = || input["object_id"].as_str().unwrap().parse::<ObjectId>().unwrap();
    let number = |name: &str| u8::try_from(input[name].as_u64().unwrap()).unwrap();
    let time = |name: &str| MeterTime::of(moment(&input[name])).unwrap();
    let request = match input["op"].as_str().unwrap() {
        "read" => Request::Read(object()),
        "write" => Request::Write(object(), bytes(&input["payload"])),
        "profile" if input["log"] == 1 => Request::Profile(ProfileLog::One, time("utc")),
        "profile" => Request::Profile(ProfileLog::Two, time("utc")),
        "event_log" => Request::Events(number("log_idx")),
        "three_phase_intervals" if input["profile"] == 0 => Request::Intervals(time("start")..time("end")),
        "three_phase_intervals" => {
            let span = (time("start"), time("end"));
            Request::Raw(Message::intervals(number("profile"), span, dialect.inferred()))
        }
        other => return Err(format!("this test does not know the op `{other}`")),
    };
    let data = dialect.data_field(&request).map_err(|error| error.to_string())?;
    Ok(json!({ "hex": hex(&data) }))
}

pub fn object_table(dialect: &Dialect, input: &Value) -> Outcome {
    let name = input["object"].as_str().unwrap();
    let object = dialect.catalogue().named(name).ok_or("unknown object")?;
    Ok(json!({ "object_id": object.id.to_string(), "decimal": object.id.number() }))
}

pub fn payload_decode(dialect: &Dialect, input: &Value) -> Outcome {
    let name = input["object"].as_str().unwrap();
    let object = dialect.catalogue().named(name).ok_or("unknown object")?;
    let value = dialect.value(object.id, &bytes(&input["hex"])).map_err(fault)?;
    Ok(json!({ "value": shown(&value) }))
}

fn shown(value: &Held) -> Value {
    match value {
        Held::Text(text) => json!(text),
        Held::Hardware(text, kind) => json!({ "text": text, "registry": kind.map(Hardware::code) }),
        Held::Clock(clock) => json!({ "utc": utc(clock.moment), "day_of_week": clock.day_of_week }),
        Held::Signal { network_operator, csq } => json!({ "network_operator": network_operator, "csq": csq }),
        Held::Number(number) => json!(number),
        Held::DeciVolts(tenths) => json!(f64::from(*tenths) / 10.0),
        Held::Flag(on) => json!(on),
        Held::Money(money) => json!({ "raw": money.0, "gbp": money.to_string() }),
        Held::Token(token) => json!(String::from_utf8_lossy(token.digits())),
        Held::Moment(at) => json!(utc(at.moment())),
        Held::Transaction {
            undecoded,
            payment_time,
            payment,
        } => json!({
            "undecoded": hex(undecoded), "payment_time": utc(payment_time.moment()), "payment_gbp": payment.to_string(),
        }),
        Held::Registers(registers) => json!({
            "import_active": registers.import_active, "export_active": registers.export_active,
            "import_reactive": registers.import_reactive, "export_reactive": registers.export_reactive,
        }),
        Held::ThresholdMask(mask) => (1..=8)
            .map(|rate| (format!("rate{rate}"), mask >> (rate - 1) & 1))
            .collect(),
        Held::ThresholdValues(values) => (1..).zip(values).map(|(n, value)| (format!("th{n}"), *value)).collect(),
        Held::Setting(setting) => json!(setting.name("_sp")),
        Held::MeterType(MeterType::AxWholeCurrent) => json!("ax_whole_current"),
        Held::MeterType(MeterType::CxCtOperated) => json!("cx_ct_operated"),
        Held::MeterType(MeterType::Other(byte)) => json!(byte),
        Held::Bytes(bytes) => json!(hex(bytes)),
    }
}

pub fn payload_encode(dialect: &Dialect, input: &Value) -> Outcome {
    let (value, inferred) = (&input["value"], dialect.inferred());
    let text = || value.as_str().unwrap();
    let number = || value.as_i64().unwrap();
    let money = || text().parse::<Money>().map_err(|error| error.to_string());
    let small = |kind| encoded(Held::Number(u32::try_from(number()).unwrap()), kind);
    let payload = match input["as"].as_str().unwrap() {
        "amount_u4le" => encoded(Held::Money(money()?), Kind::Amount)?,
        "amount_s4le" => encoded(Held::Money(money()?), Kind::SignedAmount)?,
        "object_id" => ObjectId::try_from(number())
            .map_err(|error| error.to_string())?
            .to_bytes()
            .to_vec(),
        "time_rec" => Held::clock(moment(value), inferred).map_err(|error| error.to_string())?,
        "timestamp_u4le" => MeterTime::of(moment(value))
            .map_err(|error| error.to_string())?
            .to_bytes()
            .to_vec(),
        "token" => {
            let token = text()
                .parse()
                .map_err(|error: gatelodge::meter::emop::token::TokenError| error.to_string())?;
            encoded(Held::Token(token), Kind::Token)?
        }
        "flag" => encoded(Held::Flag(value.as_bool().unwrap()), Kind::Flag)?,
        "backlight" => {
            let setting = Setting::backlight_named(text(), &inferred.backlight).map_err(|error| error.to_string())?;
            encoded(Held::Setting(setting), Kind::Backlight)?
        }
        "load_switch" => {
            let setting =
                Setting::load_switch_named(text(), &inferred.load_switch).map_err(|error| error.to_string())?;
            encoded(Held::Setting(setting), Kind::LoadSwitch)?
        }
        "u1" => small(Kind::U8)?,
        "u2le" => small(Kind::U16)?,
        "u4le" => small(Kind::U32)?,
        other => return Err(format!("this test does not know the form `{other}`")),
    };
    Ok(json!({ "hex": hex(&payload) }))
}

fn encoded(value: Held, kind: Kind) -> Result<Vec<u8>, String> {
    value.encode(kind).map_err(|error| error.to_string())
}
