//! What the platform asks for, as SmartREST lines (`spec/uplink.md` section 2.2) or as JSON with ids. Pure; whatever
//! comes, nothing but known templates and fragments is taken for an operation.

use serde_json::Value;

use super::smartrest::lines;
use crate::domain::Operation;
use crate::uplink::operations::Asked;

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

/// The operations in a message on this topic.
#[must_use]
pub fn asked(topic: &str, payload: &[u8]) -> Vec<Asked> {
    match topic {
        "s/ds" => lines(payload).iter().filter_map(|fields| of_line(fields)).collect(),
        "devicecontrol/notifications" => of_json(payload).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn of_line(fields: &[String]) -> Option<Asked> {
    let (template, device) = (fields.first()?, fields.get(1)?);
    let (_, kind) = TEMPLATES.iter().find(|(known, _)| known == template)?;
    Some(Asked {
        operation: Operation {
            id: None,
            device: device.clone(),
            kind: (*kind).to_owned(),
        },
        text: fields[2..].join(","),
    })
}

fn of_json(payload: &[u8]) -> Option<Asked> {
    let body: Value = serde_json::from_slice(payload).ok()?;
    let id = match body.get("id")? {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
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
    let text = body
        .get(&kind)
        .and_then(|asked| asked.get("text"))
        .and_then(Value::as_str);
    Some(Asked {
        operation: Operation {
            id: Some(id),
            device,
            kind,
        },
        text: text.unwrap_or_default().to_owned(),
    })
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
        assert_eq!(line[0].text, json[0].text);
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
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), json: bool) {
            let topic = if json { "devicecontrol/notifications" } else { "s/ds" };
            let _ = asked(topic, &bytes);
        }
    }
}
