//! What the platform says (`spec/uplink.md` sections 1.8 and 2.2): operations, tokens, its number for the box, and
//! what it does not like. Whatever else comes is nothing to us.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::asked::unknown;
use super::smartrest::lines;
use super::{Cumulocity, asked};
use crate::uplink::board::Ignored;
use crate::uplink::config::Reports;
use crate::uplink::connection::wire::Delivered;
use crate::uplink::speech::{Heard, Topic};

/// Templates that are logged, each once.
const LOGGED: usize = 50;

/// What came and has no answer.
#[derive(Default)]
pub(super) struct PassedOver {
    counted: Ignored,
    logged: BTreeSet<String>,
}

impl Cumulocity {
    /// What the box wants to hear: operations in one form and never in both, or every one would come twice.
    #[must_use]
    pub fn listens_to(&self) -> Vec<Topic> {
        let operations = match self.reports {
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

    /// What a message means.
    #[must_use]
    pub fn heard(&self, delivered: &Delivered) -> Heard {
        let text = || String::from_utf8_lossy(&delivered.payload).trim().to_owned();
        match delivered.topic.as_str() {
            "s/dat" => lines(&delivered.payload)
                .into_iter()
                .next()
                .map_or(Heard::Nothing, Heard::Token),
            "s/e" => Heard::Complaint(text()),
            "error" => {
                let said: Option<serde_json::Value> = serde_json::from_slice(&delivered.payload).ok();
                let word = |key| said.as_ref().and_then(|said| said[key].as_str()).unwrap_or_default();
                Heard::Complaint(format!("{},{}", word("error"), word("message")))
            }
            topic => {
                if let Some(number) = self.number(topic, &delivered.payload) {
                    return Heard::Number(number);
                }
                let mut asked = asked(topic, &delivered.payload);
                let all = asked.len();
                asked.retain(|asked| self.is_ours(&asked.operation.device));
                self.pass_over(unknown(topic, &delivered.payload), all - asked.len());
                if asked.is_empty() {
                    Heard::Nothing
                } else {
                    Heard::Operations(asked)
                }
            }
        }
    }

    /// Counts lines of templates that are not known here, and operations that are not for us; each template is logged
    /// once.
    fn pass_over(&self, templates: Vec<String>, operations: usize) {
        let mut passed = self.passed_over.lock().unwrap_or_else(PoisonError::into_inner);
        passed.counted.templates += templates.len() as u64;
        passed.counted.operations += operations as u64;
        for template in templates {
            if passed.logged.len() < LOGGED && passed.logged.insert(template.clone()) {
                tracing::info!(
                    template,
                    "the platform sent a line that is not known here; such lines are counted"
                );
            }
        }
    }

    /// What came and has no answer.
    #[must_use]
    pub fn ignored(&self) -> Ignored {
        let passed = self.passed_over.lock().unwrap_or_else(PoisonError::into_inner);
        passed.counted
    }

    /// The answer to 123.
    fn number(&self, topic: &str, payload: &[u8]) -> Option<String> {
        let line = (topic == "s/ds").then(|| lines(payload).into_iter().next())??;
        match &line[..] {
            [template, device, number, ..] if template == "124" && device == self.names.device() => {
                Some(number.clone())
            }
            _ => None,
        }
    }
}
