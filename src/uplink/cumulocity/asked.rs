//! What the platform asks for, as SmartREST lines (UPLINK §2.2) or as JSON with ids. Pure; whatever
//! comes, nothing but known templates and fragments is taken for an operation.

use serde_json::Value;

use super::smartrest::lines;
use crate::domain::Operation;
use crate::uplink::operations::OperationRequest;

/// Templates that are operations, and the fragment of each.
const TEMPLATES: [(&str, &str); 14] = [
    ("510", "c8y_Restart"),
    ("511", "c8y_Command"),
    ("513", "c8y_Configuration"),
    ("515", "c8y_Firmware"),
    ("516", "c8y_SoftwareList"),
    ("517", "c8y_MeasurementRequestOperation"),
    ("518", "c8y_Relay"),
    ("519", "c8y_RelayArray"),
    ("520", "c8y_UploadConfigFile"),
    ("521", "c8y_DownloadConfigFile"),
    ("522", "c8y_LogfileRequest"),
    ("524", "c8y_DownloadConfigFile"),
    ("526", "c8y_UploadConfigFile"),
    ("528", "c8y_SoftwareUpdate"),
];

/// What else the platform sends beside them, and what only we publish: nothing is to be done.
const OTHERS: [&str; 8] = ["106", "111", "112", "120", "121", "124", "601", "603"];

/// What an operation says in JSON, by name, in the order in which its line says it.
const NAMES: [(&str, &[&str]); 6] = [
    ("c8y_Command", &["text"]),
    ("c8y_Configuration", &["config"]),
    ("c8y_DownloadConfigFile", &["url", "type"]),
    ("c8y_UploadConfigFile", &["type"]),
    (
        "c8y_LogfileRequest",
        &["logFile", "dateFrom", "dateTo", "searchText", "maximumLines"],
    ),
    ("c8y_MeasurementRequestOperation", &["requestName"]),
];
/// Kinds whose text may have commas that nobody quoted.
const WHOLE: [&str; 2] = ["c8y_Command", "c8y_Configuration"];

/// The operations in a message on this topic.
#[must_use]
pub fn asked(topic: &str, payload: &[u8]) -> Vec<OperationRequest> {
    match topic {
        "s/ds" => lines(payload).iter().filter_map(|fields| of_line(fields)).collect(),
        "devicecontrol/notifications" => of_json(payload).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Templates of the lines of a message on this topic that are not known here; what is no number at all is empty.
#[must_use]
pub fn unknown(topic: &str, payload: &[u8]) -> Vec<String> {
    if topic != "s/ds" {
        return Vec::new();
    }
    let known = |template: &str| OTHERS.contains(&template) || TEMPLATES.iter().any(|(known, _)| *known == template);
    let is_number = |text: &str| text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    let templates = lines(payload)
        .into_iter()
        .filter_map(|fields| fields.into_iter().next());
    let unknown = templates.filter(|template| !known(template));
    unknown
        .map(|template| if is_number(&template) { template } else { String::new() })
        .collect()
}

fn of_line(fields: &[String]) -> Option<OperationRequest> {
    let (template, device) = (fields.first()?, fields.get(1)?);
    let (_, kind) = TEMPLATES.iter().find(|(known, _)| known == template)?;
    let arguments = &fields[2..];
    Some(OperationRequest {
        operation: Operation {
            id: None,
            device: device.clone(),
            kind: (*kind).to_owned(),
        },
        arguments: if WHOLE.contains(kind) {
            vec![arguments.join(",")]
        } else {
            arguments.to_vec()
        },
        source: None,
    })
}

fn of_json(payload: &[u8]) -> Option<OperationRequest> {
    let body: Value = serde_json::from_slice(payload).ok()?;
    let id = plain(body.get("id")?)?;
    let is_id =
        |id: &str| (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let device = body.pointer("/externalSource/externalId")?.as_str()?.to_owned();
    let status = body.get("status").and_then(Value::as_str).unwrap_or("PENDING");
    if !is_id(&id) || status != "PENDING" {
        return None;
    }
    // Beside its bookkeeping an operation has one fragment: what is asked.
    let known = TEMPLATES.iter().find(|(_, kind)| body.get(kind).is_some());
    let kind = known.map(|(_, kind)| (*kind).to_owned()).or_else(|| {
        let fragments = body.as_object()?.iter();
        let mut asked = fragments.filter(|(name, value)| value.is_object() && name.starts_with("c8y_"));
        asked.next().map(|(name, _)| name.clone())
    })?;
    let names = NAMES.iter().find(|(known, _)| *known == kind).map(|(_, names)| *names);
    let said = |name: &&str| body[kind.as_str()].get(*name).and_then(plain).unwrap_or_default();
    Some(OperationRequest {
        arguments: names.unwrap_or_default().iter().map(said).collect(),
        source: body.get("deviceId").and_then(plain).filter(|id| is_id(id)),
        operation: Operation {
            id: Some(id),
            device,
            kind,
        },
    })
}

/// A text or a number as text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_and_json_say_the_same() {
        let line = asked("s/ds", b"511,lodge-1,\"meter \\\"EML1\\\"\"");
        let json = br#"{"id":"77","status":"PENDING","externalSource":{"externalId":"lodge-1","type":"c8y_Serial"},
            "c8y_Command":{"text":"meter \"EML1\""}}"#;
        let json = asked("devicecontrol/notifications", json);
        assert_eq!((line.len(), json.len()), (1, 1));
        assert_eq!(line[0].arguments, json[0].arguments);
        let line = asked(
            "s/ds",
            b"522,lodge-1,uplink,2026-02-10T00:00:00+0200,2026-02-11T00:00:00Z,lost,100",
        );
        let json = br#"{"id":78,"deviceId":"4711","externalSource":{"externalId":"lodge-1"},"c8y_LogfileRequest":{"logFile":"uplink",
            "dateFrom":"2026-02-10T00:00:00+0200","dateTo":"2026-02-11T00:00:00Z","searchText":"lost","maximumLines":100}}"#;
        let json = asked("devicecontrol/notifications", json);
        assert_eq!(line[0].arguments, json[0].arguments);
        assert_eq!(json[0].source.as_deref(), Some("4711"));
        let (line, json) = (
            asked("s/ds", b"511,lodge-1,uptime"),
            asked(
                "devicecontrol/notifications",
                br#"{"id":"77","externalSource":{"externalId":"lodge-1"},"c8y_Command":{"text":"uptime"}}"#,
            ),
        );
        assert_eq!(json[0].operation.id.as_deref(), Some("77"));
        assert_eq!(
            (&*line[0].operation.kind, &*json[0].operation.device),
            ("c8y_Command", "lodge-1")
        );
    }

    #[test]
    fn what_is_no_operation_is_ignored() {
        for wrong in ["", "511", "999,lodge-1", "111,lodge-1,x", "\u{0}\u{1}", "106,child"] {
            assert!(asked("s/ds", wrong.as_bytes()).is_empty(), "{wrong}");
        }
        for wrong in [
            "",
            "{}",
            "[]",
            r#"{"id":"1"}"#,
            r#"{"id":"1,2","externalSource":{"externalId":"x"},"c8y_Restart":{}}"#,
        ] {
            assert!(
                asked("devicecontrol/notifications", wrong.as_bytes()).is_empty(),
                "{wrong}"
            );
        }
        assert!(asked("s/dat", b"511,a,b").is_empty());
        let mixed = b"530,lodge-1,host,22,key\n511,lodge-1,x\n124,lodge-1,7\npassword,x\n527,lodge-1";
        assert_eq!(unknown("s/ds", mixed), ["530", "", "527"]);
        assert!(unknown("devicecontrol/notifications", b"530,x").is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), json: bool) {
            let topic = if json { "devicecontrol/notifications" } else { "s/ds" };
            let _ = asked(topic, &bytes);
        }
    }
}
