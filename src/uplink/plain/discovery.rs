//! Home Assistant's discovery (UPLINK §5.2): one retained message a meter and a space that says which
//! values there are and where they stand. What a meter has no value of is not promised. The box is a device too, on which
//! the others hang, and alarms that rules can raise are among the components of what they are about.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::topics::Topics;
use crate::domain::{MeterId, Quantity, Space, SpaceId};
use crate::uplink::announced::Parts;
use crate::uplink::connection::wire::Message;
use crate::uplink::fields::{FIELDS, Field, LOAD_SWITCH};
use crate::uplink::world::{BoxFacts, MeterKnown};

/// How long a value of the moment is good where nobody says how often it is read, in seconds.
const EXPIRES_S: u32 = 2 * 3_600 + 900;

/// Words for Home Assistant.
pub(super) struct Discovery {
    prefix: String,
    client_id: String,
    topics: Topics,
}

impl Discovery {
    pub(super) fn new(prefix: &str, client_id: &str, topics: Topics) -> Discovery {
        Discovery {
            prefix: prefix.to_owned(),
            client_id: client_id.to_owned(),
            topics,
        }
    }

    /// Where Home Assistant says that it has started and wants everything once more.
    pub(super) fn birth_topic(&self) -> String {
        birth_topic(&self.prefix)
    }

    /// What the box is, and how it is.
    pub(super) fn device(&self, facts: &BoxFacts, alarms: &BTreeSet<String>) -> Message {
        let id = self.box_id();
        let part = |key: &str, more: Value| {
            let mut part = json!({
                "p": "sensor", "unique_id": format!("{id}_{key}"), "entity_category": "diagnostic",
                "value_template": format!("{{{{ value_json.{key} }}}}"),
            });
            merge(&mut part, more);
            (key.to_owned(), part)
        };
        let mut components: Map<String, Value> = [
            part("started", json!({"name": "Uptime", "device_class": "timestamp"})),
            part(
                "queue",
                json!({"name": "Waiting for the broker", "state_class": "measurement", "unit_of_measurement": "entries"}),
            ),
            part(
                "disk_free",
                json!({"name": "Free disk", "state_class": "measurement", "unit_of_measurement": "%"}),
            ),
            part(
                "certificate_days",
                json!({"name": "Certificate", "device_class": "duration", "state_class": "measurement",
                    "unit_of_measurement": "d"}),
            ),
            part(
                "broken_rules",
                json!({"name": "Broken rules", "state_class": "measurement", "unit_of_measurement": "alarms"}),
            ),
        ]
        .into_iter()
        .collect();
        components.extend(self.alarms(&id, "appliance", alarms));
        let name = if facts.name.is_empty() {
            &self.client_id
        } else {
            &facts.name
        };
        let mut body = json!({
            "dev": {
                "ids": [id], "name": name, "mf": "gatelodge", "mdl": "gatelodge", "sw": env!("CARGO_PKG_VERSION"),
            },
            "o": origin(),
            "state_topic": self.topics.health(), "qos": 1,
            "availability": [{"topic": self.topics.status()}],
            "cmps": components,
        });
        if let Some(pages) = &facts.pages {
            body["dev"]["configuration_url"] = pages.as_str().into();
        }
        Message::new(self.box_topic(), body.to_string()).retained()
    }

    /// What a meter with these fields is.
    pub(super) fn meter(&self, meter: &MeterKnown, fields: &Map<String, Value>, alarms: &BTreeSet<String>) -> Message {
        let id = meter_id(&meter.serial);
        let state = self.topics.meter(&meter.serial, "state");
        let known = FIELDS.iter().filter(|field| fields.contains_key(field.name));
        let mut components: Map<String, Value> = known
            .map(|field| (field.name.to_owned(), component(field, &id, meter)))
            .collect();
        // Without a value there is nothing to promise, and an empty list of components is refused.
        if components.is_empty() {
            return self.no_meter(&meter.serial);
        }
        components.extend(self.alarms(&id, meter.serial.as_str(), alarms));
        let three = fields.contains_key("voltage_l1_v");
        let mut body = json!({
            "dev": {
                "ids": [id], "name": meter.name(), "mf": "Emlite",
                "mdl": if three { "three phase" } else { "single phase" },
                "sn": meter.serial, "via_device": self.box_id(),
            },
            "o": origin(),
            "state_topic": state, "qos": 1,
            "availability": [
                {"topic": self.topics.status()},
                {"topic": self.topics.meter(&meter.serial, "availability")},
            ],
            "availability_mode": "all",
            "cmps": components,
        });
        let said = |quantity| meter.state.value(quantity).and_then(Value::as_str).map(str::to_owned);
        let fixed = meter.entry.as_ref().and_then(|entry| entry.hardware.clone());
        for (key, value) in [
            ("sw", said(Quantity::FirmwareVersion)),
            ("hw", fixed.or_else(|| said(Quantity::Hardware))),
        ] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                body["dev"][key] = value.into();
            }
        }
        Message::new(self.config_topic(&id), body.to_string()).retained()
    }

    /// A meter that is no more.
    pub(super) fn no_meter(&self, serial: &MeterId) -> Message {
        Message::new(self.meter_topic(serial), "").retained()
    }

    /// What a space is.
    pub(super) fn space(&self, space: &Space, alarms: &BTreeSet<String>) -> Message {
        let id = space_id(space.id);
        let name = space.name.clone().unwrap_or_else(|| format!("Space {}", space.id));
        let part = |key: &str, more: Value| {
            let mut part = more;
            part["unique_id"] = format!("{id}_{key}").into();
            (key.to_owned(), part)
        };
        let mut components: Map<String, Value> = [
            part(
                "current",
                json!({
                    "p": "sensor", "name": "People", "state_class": "measurement", "unit_of_measurement": "people",
                    "value_template": "{{ value_json.current }}",
                }),
            ),
            part(
                "utilisation",
                json!({
                    "p": "sensor", "name": "Utilisation", "state_class": "measurement", "unit_of_measurement": "%",
                    "value_template": "{{ value_json.utilisation }}",
                }),
            ),
            part(
                "full",
                json!({
                    "p": "binary_sensor", "name": "Full", "device_class": "problem",
                    "payload_on": "True", "payload_off": "False", "value_template": "{{ value_json.full }}",
                }),
            ),
            part(
                "occupied",
                json!({
                    "p": "binary_sensor", "name": "Occupied", "device_class": "occupancy",
                    "payload_on": "True", "payload_off": "False", "value_template": "{{ value_json.current > 0 }}",
                }),
            ),
        ]
        .into_iter()
        .collect();
        components.extend(self.alarms(&id, &space.id.to_string(), alarms));
        let body = json!({
            "dev": {"ids": [id], "name": name, "mdl": "space", "via_device": self.box_id()},
            "o": origin(),
            "state_topic": self.topics.space(space.id, "state"), "qos": 1,
            "availability": [{"topic": self.topics.status()}],
            "cmps": components,
        });
        Message::new(self.config_topic(&id), body.to_string()).retained()
    }

    /// A space that is no more.
    pub(super) fn no_space(&self, id: SpaceId) -> Message {
        Message::new(self.space_topic(id), "").retained()
    }

    /// Alarms of a source as components: whether one stands is known as long as the box is, whatever the source does.
    fn alarms(&self, id: &str, source: &str, kinds: &BTreeSet<String>) -> Vec<(String, Value)> {
        let component = |kind: &String| {
            let part = json!({
                "p": "binary_sensor", "unique_id": format!("{id}_alarm_{kind}"), "name": title(kind),
                "device_class": "problem", "entity_category": "diagnostic",
                "state_topic": self.topics.alarms(),
                "value_template":
                    format!("{{{{ 'ON' if '{source}' in value_json.get('{kind}', []) else 'OFF' }}}}"),
                "availability": [{"topic": self.topics.status()}],
            });
            (format!("alarm_{kind}"), part)
        };
        kinds.iter().map(component).collect()
    }

    fn box_id(&self) -> String {
        format!("gatelodge_{}", self.client_id)
    }

    /// Where it stands what the box is.
    pub(super) fn box_topic(&self) -> String {
        self.config_topic(&self.box_id())
    }

    /// Where it stands what a meter is.
    pub(super) fn meter_topic(&self, serial: &MeterId) -> String {
        self.config_topic(&meter_id(serial))
    }

    /// Where it stands what a space is.
    pub(super) fn space_topic(&self, id: SpaceId) -> String {
        self.config_topic(&space_id(id))
    }

    /// Whether a topic is one of discovery.
    pub(super) fn is_config(&self, topic: &str) -> bool {
        let rest = topic.strip_prefix(&self.prefix);
        rest.is_some_and(|rest| rest.starts_with("/device/") && rest.ends_with("/config"))
    }

    fn config_topic(&self, id: &str) -> String {
        format!("{}/device/{id}/config", self.prefix)
    }
}

/// Where Home Assistant says that it has started, below its prefix.
pub(super) fn birth_topic(prefix: &str) -> String {
    format!("{prefix}/status")
}

/// The components that a message names, and the platform of each.
pub(super) fn parts(message: &Message) -> Parts {
    let body: Value = serde_json::from_slice(&message.payload).unwrap_or_default();
    let named = body["cmps"].as_object().into_iter().flatten();
    let platform = |part: &Value| part["p"].as_str().unwrap_or_default().to_owned();
    named.map(|(key, part)| (key.clone(), platform(part))).collect()
}

/// What goes before a message that names fewer components than were named before, or others under their names: Home
/// Assistant lets go of one that is there with its platform alone.
pub(in crate::uplink) fn leaving(message: &Message, before: &Parts) -> Option<Message> {
    let now = parts(message);
    let gone: Vec<_> = before
        .iter()
        .filter(|(key, platform)| now.get(*key) != Some(platform))
        .collect();
    if gone.is_empty() || now.is_empty() {
        return None;
    }
    let mut body: Value = serde_json::from_slice(&message.payload).ok()?;
    for (key, platform) in gone {
        body["cmps"][key] = json!({"p": platform});
    }
    Some(Message::new(message.topic.clone(), body.to_string()).retained())
}

fn merge(part: &mut Value, more: Value) {
    if let (Value::Object(part), Value::Object(more)) = (part, more) {
        part.extend(more);
    }
}

/// A type of alarm as people read it.
fn title(kind: &str) -> String {
    let words = kind.strip_prefix("rule_").unwrap_or(kind).replace(['_', '-'], " ");
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", chars.as_str())
}

fn component(field: &Field, id: &str, meter: &MeterKnown) -> Value {
    let mut part = json!({
        "p": if field.name == "prepay" { "binary_sensor" } else { "sensor" }, "unique_id": format!("{id}_{}", field.name), "name": field.title,
        "value_template": format!("{{{{ value_json.{} }}}}", field.name),
    });
    if let Some(unit) = field.unit {
        part["unit_of_measurement"] = unit.into();
    }
    if let Some(class) = field.class {
        part["device_class"] = class.into();
    }
    if let Some(goes_on) = field.goes_on {
        part["state_class"] = goes_on.into();
    }
    // What is true for a moment only, and that nobody renewed, says nothing about now.
    if field.of.iter().any(|quantity| quantity.is_momentary()) {
        let good_for = field
            .of
            .iter()
            .filter_map(|quantity| meter.state.values.get(quantity)?.good_for);
        part["expire_after"] = good_for.max().unwrap_or(EXPIRES_S).into();
    }
    match field.name {
        "load_switch" => part["options"] = json!(LOAD_SWITCH),
        "prepay" => merge(&mut part, json!({"payload_on": "True", "payload_off": "False"})),
        "import_kwh" => part["suggested_display_precision"] = 1.into(),
        _ => {}
    }
    if matches!(
        field.name,
        "load_switch" | "prepay" | "csq" | "clock_drift_s" | "firmware"
    ) {
        part["entity_category"] = "diagnostic".into();
    }
    part
}

fn origin() -> Value {
    json!({"name": "gatelodge", "sw": env!("CARGO_PKG_VERSION")})
}

fn meter_id(serial: &MeterId) -> String {
    format!("emop_{}", serial.as_str().to_ascii_lowercase())
}

fn space_id(space: SpaceId) -> String {
    format!("occ_{space}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Health, MeterState};

    fn discovery() -> Discovery {
        Discovery::new("homeassistant", "x1", Topics::new("emop/x1".into()))
    }

    #[test]
    fn only_what_a_meter_has_is_promised_and_money_never_only_rises() {
        let meter = MeterKnown {
            serial: "EML2137580826".parse().unwrap(),
            entry: None,
            state: MeterState {
                health: Health::Healthy,
                ..MeterState::default()
            },
        };
        let mut fields = Map::new();
        for name in ["import_kwh", "balance", "load_switch"] {
            fields.insert(name.to_owned(), 1.into());
        }
        let message = discovery().meter(&meter, &fields, &BTreeSet::new());
        assert_eq!(message.topic, "homeassistant/device/emop_eml2137580826/config");
        assert!(message.retain);
        let body: Value = serde_json::from_slice(&message.payload).unwrap();
        let parts = body["cmps"].as_object().unwrap();
        assert_eq!(parts.len(), 3);
        assert_eq!(parts["import_kwh"]["state_class"], "total_increasing");
        assert_eq!(parts["balance"]["state_class"], "total");
        assert_eq!(parts["load_switch"]["options"].as_array().unwrap().len(), 4);
        for part in parts.values() {
            assert!(part["p"].is_string() && part["unique_id"].is_string() && part["value_template"].is_string());
        }
        assert!(
            discovery()
                .meter(&meter, &Map::new(), &BTreeSet::new())
                .payload
                .is_empty()
        );
    }
}
