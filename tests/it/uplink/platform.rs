//! A tenant that is not there: reads what the broker was told with a SmartREST reader of its own, strict where ours is
//! lenient, and holds the box to what the platform demands of devices.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::broker::{Broker, Heard, Witness};
use super::templates;
use crate::support::eventually;

pub const DEVICE: &str = "lodge-1";
/// The number under which it knows the box.
pub const NUMBER: &str = "4711";

/// A line as the platform took it.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The child it is about; empty: the box.
    pub child: String,
    pub fields: Vec<String>,
    /// It is only shown, and not stored.
    pub transient: bool,
}

/// What the platform knows.
#[derive(Default)]
pub struct Platform {
    looked_at: usize,
    pub lines: Vec<Taken>,
    pub names: BTreeMap<String, String>,
    pub inventory: BTreeMap<String, Value>,
    /// State and result of each operation.
    operations: BTreeMap<String, (String, String)>,
    waiting: BTreeMap<String, Value>,
    /// Operations without ids that are under way, by kind.
    begun: BTreeMap<String, usize>,
    pub asked_for_waiting: usize,
    /// What it gives for HTTP.
    pub token: Option<String>,
    /// And before that, each once.
    pub tokens: VecDeque<String>,
    next: u32,
    /// Whether it answers 123.
    pub says_its_number: bool,
}

/// The fields of one line, by the rules that the platform writes down: a field that has a quote, comma, line break or
/// tab in it is quoted, a quote in it is `\"`, and what ends a quoted field is a comma or the end.
pub fn fields(line: &str) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    let (mut fields, mut at) = (Vec::new(), 0);
    loop {
        let mut field = String::new();
        if chars.get(at) == Some(&'"') {
            at += 1;
            loop {
                match chars.get(at) {
                    Some('\\') if chars.get(at + 1) == Some(&'"') => {
                        field.push('"');
                        at += 2;
                    }
                    Some('"') => {
                        at += 1;
                        break;
                    }
                    Some(c) => {
                        field.push(*c);
                        at += 1;
                    }
                    None => panic!("a quote is not closed: {line}"),
                }
            }
            assert!(
                matches!(chars.get(at), None | Some(',')),
                "something follows a quoted field: {line}"
            );
        } else {
            while let Some(c) = chars.get(at).filter(|c| **c != ',') {
                assert!(!matches!(c, '"' | '\t' | '\r' | '\n'), "{c:?} stands unquoted: {line}");
                field.push(*c);
                at += 1;
            }
        }
        fields.push(field);
        match chars.get(at) {
            Some(',') => at += 1,
            None => return fields,
            Some(c) => panic!("{c:?} after a field: {line}"),
        }
    }
}

/// Lines of a payload: a line feed within quotes does not end one.
fn lines(text: &str) -> Vec<String> {
    let (mut lines, mut line, mut quoted, mut before) = (Vec::new(), String::new(), false, ' ');
    for c in text.chars() {
        if c == '"' && before != '\\' {
            quoted = !quoted;
        }
        if c == '\n' && !quoted {
            lines.push(std::mem::take(&mut line));
        } else {
            line.push(c);
        }
        before = c;
    }
    lines.push(line);
    lines
}

impl Platform {
    /// Takes in what was published since it last looked, and answers what is to be answered.
    pub fn look(&mut self, broker: &Broker, witness: &Witness) {
        let heard = witness.heard();
        for message in &heard[self.looked_at..] {
            assert!(
                message.text.len() <= 16_184 - 100,
                "{} bytes on {}",
                message.text.len(),
                message.topic
            );
            self.take(broker, message);
        }
        self.looked_at = heard.len();
    }

    fn take(&mut self, broker: &Broker, message: &Heard) {
        let topic = message.topic.as_str();
        if let Some(child) = topic.strip_prefix("inventory/managedObjects/update/") {
            assert!(self.names.contains_key(child), "{child} is not registered");
            let known = self.inventory.entry(child.to_owned()).or_insert_with(|| json!({}));
            for (key, value) in message.json().as_object().unwrap() {
                known[key] = value.clone();
            }
            return;
        }
        if topic == "s/uat" {
            let token = self
                .tokens
                .pop_front()
                .or_else(|| self.token.clone())
                .unwrap_or_else(|| "opaque".into());
            return broker.publish("s/dat", &format!("71,{token}"));
        }
        let (transient, rest) = match (topic.strip_prefix("s/us"), topic.strip_prefix("t/us")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            // What we ourselves published.
            (None, None) => return,
        };
        let child = rest.trim_start_matches('/').to_owned();
        for line in lines(&message.text) {
            let fields = fields(&line);
            assert_ne!(
                fields.last().map(String::as_str),
                Some(""),
                "a line ends in a comma: {line}"
            );
            self.line(broker, &child, fields, transient);
        }
    }

    fn line(&mut self, broker: &Broker, child: &str, fields: Vec<String>, transient: bool) {
        assert_eq!(templates::fault(&fields), None, "against the reference: {fields:?}");
        let template = fields[0].as_str();
        if self.names.is_empty() && template != "400" {
            assert_eq!(template, "100", "the first line of a session");
        }
        match template {
            "100" => drop(self.names.insert(DEVICE.into(), fields[1].clone())),
            "101" => drop(self.names.insert(fields[1].clone(), fields[2].clone())),
            "102" => drop(self.names.insert(fields[1].clone(), fields[3].clone())),
            "500" => {
                self.asked_for_waiting += 1;
                for operation in self.waiting.values() {
                    broker.publish("devicecontrol/notifications", &operation.to_string());
                }
            }
            // The answers name nobody: they are for who asked.
            "105" => {
                let children = self.names.keys().filter(|name| *name != DEVICE).cloned();
                let children: Vec<String> = children.collect();
                broker.publish("s/ds", &format!("106,{}", children.join(",")));
            }
            "123" if self.says_its_number => broker.publish("s/ds", &format!("124,{NUMBER}")),
            "501" | "502" | "503" | "504" | "505" | "506" => self.outcome(&fields),
            _ => {}
        }
        assert!(
            child.is_empty() || self.names.contains_key(child),
            "{child} is not registered: {fields:?}"
        );
        self.lines.push(Taken {
            child: child.to_owned(),
            fields,
            transient,
        });
    }

    /// Without ids the oldest operation of its kind moves: as many end as were begun.
    fn outcome_of_kind(&mut self, fields: &[String]) {
        let begun = self.begun.entry(fields[1].clone()).or_default();
        if fields[0] == "501" {
            *begun += 1;
        } else {
            assert!(*begun > 0, "{} ends and was not begun", fields[1]);
            *begun -= 1;
        }
    }

    fn outcome(&mut self, fields: &[String]) {
        if ["501", "502", "503"].contains(&fields[0].as_str()) {
            return self.outcome_of_kind(fields);
        }
        let key = fields[1].clone();
        let (state, text) = self
            .operations
            .entry(key.clone())
            .or_insert_with(|| ("PENDING".into(), String::new()));
        let next = match fields[0].as_str() {
            "504" => "EXECUTING",
            "505" => "FAILED",
            _ => "SUCCESSFUL",
        };
        let before = if next == "EXECUTING" { "PENDING" } else { "EXECUTING" };
        // After a crash the last words may come twice, the beginning among them: the platform answers each with an error
        // that harms nobody. Another end than the first may not.
        let same = state == next && *text == fields.get(2).cloned().unwrap_or_default();
        if same || (fields[0] == "504" && state != "PENDING") {
            return;
        }
        assert!(state == before, "{key} goes from {state} to {next}");
        *state = next.to_owned();
        *text = fields.get(2).cloned().unwrap_or_default();
        self.waiting.remove(&key);
    }

    /// Asks the box for something; the id of the operation.
    pub fn ask(&mut self, broker: &Broker, device: &str, kind: &str, body: Value) -> String {
        self.next += 1;
        let id = (4_000 + self.next).to_string();
        let operation = json!({
            "delivery": {"status": "PENDING"}, "agentId": "1", "deviceId": "2", "id": id, "status": "PENDING",
            "creationTime": "2026-02-10T12:00:00.000Z", "externalSource": {"externalId": device, "type": "c8y_Serial"},
            kind: body,
        });
        broker.publish("devicecontrol/notifications", &operation.to_string());
        self.waiting.insert(id.clone(), operation);
        id
    }

    /// Waits until an operation ended; how, and with which words.
    pub fn ended(&mut self, broker: &Broker, witness: &Witness, id: &str) -> (String, String) {
        eventually(&format!("operation {id} ends"), || {
            self.look(broker, witness);
            self.operations
                .get(id)
                .filter(|(state, _)| state == "FAILED" || state == "SUCCESSFUL")
                .cloned()
        })
    }

    pub fn state(&self, id: &str) -> Option<&str> {
        self.operations.get(id).map(|(state, _)| state.as_str())
    }

    /// Waits for a line; its fields.
    pub fn until(&mut self, broker: &Broker, witness: &Witness, what: &str, wanted: impl Fn(&Taken) -> bool) -> Taken {
        eventually(what, || {
            self.look(broker, witness);
            self.lines.iter().rev().find(|taken| wanted(taken)).cloned()
        })
    }

    /// The values of a series of a child, as they were stored.
    pub fn stored(&self, child: &str, series: &str) -> Vec<f64> {
        let measured = self
            .lines
            .iter()
            .filter(|taken| taken.child == child && !taken.transient && taken.fields[0] == "201");
        let values = measured.flat_map(|taken| {
            let mut parts = taken.fields[3..].chunks(4);
            parts
                .find(|part| part[1] == series)
                .map(|part| part[2].parse::<f64>().unwrap())
        });
        values.collect()
    }

    pub fn children(&self) -> BTreeSet<&str> {
        self.names.keys().map(String::as_str).collect()
    }
}
