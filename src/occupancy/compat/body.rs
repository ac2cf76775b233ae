//! The bodies of the old API, to the letter: key order, separators and escapes as the original's.

use std::fmt::Write;

use jiff::Timestamp;

use crate::domain::Space;

/// A space as the old API shows it (OCC §2.1).
#[must_use]
pub fn space(space: &Space) -> String {
    let mut body = String::with_capacity(256);
    let _ = write!(body, "{{\"space_id\": \"{}\", \"space_name\": ", space.id);
    match &space.name {
        Some(name) => quote(name, &mut body),
        None => body.push_str("null"),
    }
    let _ = write!(
        body,
        ", \"occupancy\": {{\"current\": {}, \"maximum\": {}}}, \"created\": \"{}\", \"last_updated\": \"{}\"}}",
        space.occupancy.current,
        space.occupancy.maximum,
        Stamp(space.created),
        Stamp(space.last_updated),
    );
    body
}

/// An error as the old API shows it.
#[must_use]
pub fn error(text: &str) -> String {
    let mut body = String::with_capacity(text.len() + 16);
    body.push_str("{\"error\": ");
    quote(text, &mut body);
    body.push('}');
    body
}

/// Six decimals always; the original drops them once in a million times.
struct Stamp(Timestamp);

impl std::fmt::Display for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.6}", self.0)
    }
}

/// JSON in ASCII: non-ASCII as `\uXXXX`, and `</` as `<\/`, so that a body may stand in a page.
fn quote(text: &str, into: &mut String) {
    into.push('"');
    let mut before = '\0';
    for c in text.chars() {
        match c {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            '\t' => into.push_str("\\t"),
            '/' if before == '<' => into.push_str("\\/"),
            ' '..='~' => into.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(into, "\\u{unit:04x}");
                }
            }
        }
        before = c;
    }
    into.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stamps_have_six_decimals_and_a_z() {
        let whole: Timestamp = "2024-02-03T04:05:06Z".parse().unwrap();
        assert_eq!(Stamp(whole).to_string(), "2024-02-03T04:05:06.000000Z");
        let fine: Timestamp = "2024-02-03T04:05:06.123456789Z".parse().unwrap();
        assert_eq!(Stamp(fine).to_string(), "2024-02-03T04:05:06.123456Z");
    }

    #[test]
    fn markup_cannot_leave_a_body() {
        assert_eq!(error("</script>"), r#"{"error": "<\/script>"}"#);
        assert_eq!(error("caf\u{e9} \u{1f600}"), r#"{"error": "caf\u00e9 \ud83d\ude00"}"#);
    }

    proptest! {
        #[test]
        fn any_text_reads_back_as_json(text in any::<String>()) {
            let body = error(&text);
            prop_assert!(body.is_ascii());
            let read: serde_json::Value = serde_json::from_str(&body).unwrap();
            prop_assert_eq!(read["error"].as_str().unwrap(), text);
        }
    }
}
