//! What the platform says (UPLINK §1.8, §2.2): operations, tokens, its number for the box, and
//! what it does not like. Whatever else comes is nothing to us.

use std::sync::{MutexGuard, PoisonError};

use super::asked::unknown;
use super::passed_over::PassedOver;
use super::smartrest::lines;
use super::{Cumulocity, asked};
use crate::uplink::config::Reports;
use crate::uplink::connection::wire::Delivered;
use crate::uplink::dialect::Meaning;
use crate::uplink::topic::Topic;

impl Cumulocity {
    /// What a message means.
    #[must_use]
    pub(super) fn hears(&self, delivered: &Delivered) -> Vec<Meaning> {
        let text = || String::from_utf8_lossy(&delivered.payload).trim().to_owned();
        match delivered.topic.as_str() {
            "s/dat" => lines(&delivered.payload)
                .into_iter()
                .take(1)
                .map(Meaning::Token)
                .collect(),
            "s/e" => vec![Meaning::Complaint(text())],
            "error" => {
                let said: Option<serde_json::Value> = serde_json::from_slice(&delivered.payload).ok();
                let word = |key| said.as_ref().and_then(|said| said[key].as_str()).unwrap_or_default();
                vec![Meaning::Complaint(format!("{},{}", word("error"), word("message")))]
            }
            topic => {
                let mut asked = asked(topic, &delivered.payload);
                let all = asked.len();
                asked.retain(|asked| self.is_ours(&asked.operation.device));
                self.passed_over()
                    .count(unknown(topic, &delivered.payload), all - asked.len());
                // Lines of both kinds may share a message.
                let number = number(topic, &delivered.payload).map(Meaning::Number);
                let asked = (!asked.is_empty()).then_some(Meaning::Operations(asked));
                number.into_iter().chain(asked).collect()
            }
        }
    }

    /// What came and has no answer.
    pub(super) fn passed_over(&self) -> MutexGuard<'_, PassedOver> {
        self.passed_over.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a box wants to hear: operations in one form and never in both, or every one would come twice.
#[must_use]
pub fn listens_to(reports: Reports) -> Vec<Topic> {
    let operations = match reports {
        Reports::Json => "devicecontrol/notifications",
        Reports::Smartrest => "s/ds",
    };
    vec![
        Topic::perhaps("s/dat"),
        Topic::surely(operations),
        Topic::perhaps("s/e"),
        Topic::perhaps("error"),
    ]
}

/// The answer to 123: `124,ID` and nothing else; it names no device, for only the box itself asks
/// (<https://cumulocity.com/docs/smartrest/mqtt-static-templates/#124>).
fn number(topic: &str, payload: &[u8]) -> Option<String> {
    let of_line = |line: Vec<String>| match <[String; 2]>::try_from(line).ok()? {
        [template, number] if template == "124" && is_number(&number) => Some(number),
        _ => None,
    };
    (topic == "s/ds").then(|| lines(payload).into_iter().find_map(of_line))?
}

fn is_number(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_number_for_the_box_is_the_first_and_only_field_of_124() {
        let of = |payload: &str| number("s/ds", payload.as_bytes());
        assert_eq!(of("124,12345").as_deref(), Some("12345"));
        assert_eq!(of("511,lodge-1,uptime\n124,12345").as_deref(), Some("12345"));
        for wrong in ["124", "124,", "124,lodge-1,12345", "124,a/b", "106,12345", "123,12345"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        assert_eq!(number("s/dat", b"124,12345"), None);
    }
}
