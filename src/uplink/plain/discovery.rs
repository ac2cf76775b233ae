//! Home Assistant's discovery (`spec/uplink.md` section 5.2): one retained message a meter and a space that says which
//! values there are and where they stand. What a meter has no value of is not promised.

use serde_json::{Map, Value, json};

use super::super::fields::{FIELDS, Field, LOAD_SWITCH};
use super::super::world::MeterKnown;
use super::topics::Topics;
use crate::domain::{MeterId, Space, SpaceId};
use crate::uplink::connection::wire::Message;

/// A power that nobody renewed for so long says nothing about now.
const POWER_EXPIRES_S: u32 = 2 * 3_600 + 900;

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
        format!("{}/status", self.prefix)
    }

    /// What a meter with these fields is.
    pub(super) fn meter(&self, meter: &MeterKnown, fields: &Map<String, Value>) -> Message {
        let id = meter_id(&meter.serial);
        let state = self.topics.meter(&meter.serial, "state");
        let known = FIELDS.iter().filter(|field| fields.contains_key(field.name));
        let components: Map<String, Value> = known
            .map(|field| (field.name.to_owned(), component(field, &id)))
            .collect();
        let three = fields.contains_key("voltage_l1_v");
        let body = json!({
            "dev": {
                "ids": [id], "name": meter.name(), "mf": "Emlite",
                "mdl": if three { "three phase" } else { "single phase" },
                "sn": meter.serial, "via_device": format!("gatelodge_{}", self.client_id),
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
        // Without a value there is nothing to promise, and an empty list of components is refused.
        let payload = if components.is_empty() {
            String::new()
        } else {
            body.to_string()
        };
        Message::new(self.config_topic(&id), payload).retained()
    }

    /// A meter that is no more.
    pub(super) fn no_meter(&self, serial: &MeterId) -> Message {
        Message::new(self.config_topic(&meter_id(serial)), "").retained()
    }

    /// What a space is.
    pub(super) fn space(&self, space: &Space) -> Message {
        let id = space_id(space.id);
        let name = space.name.clone().unwrap_or_else(|| format!("Space {}", space.id));
        let part = |key: &str, more: Value| {
            let mut part = more;
            part["unique_id"] = format!("{id}_{key}").into();
            part
        };
        let body = json!({
            "dev": {"ids": [id], "name": name, "mdl": "space", "via_device": format!("gatelodge_{}", self.client_id)},
            "o": origin(),
            "state_topic": self.topics.space(space.id, "state"), "qos": 1,
            "availability": [{"topic": self.topics.status()}],
            "cmps": {
                "current": part("current", json!({
                    "p": "sensor", "name": "People", "state_class": "measurement",
                    "value_template": "{{ value_json.current }}",
                })),
                "utilisation": part("utilisation", json!({
                    "p": "sensor", "name": "Utilisation", "state_class": "measurement", "unit_of_measurement": "%",
                    "value_template": "{{ value_json.utilisation }}",
                })),
                "full": part("full", json!({
                    "p": "binary_sensor", "name": "Full", "device_class": "problem",
                    "payload_on": "True", "payload_off": "False", "value_template": "{{ value_json.full }}",
                })),
                "occupied": part("occupied", json!({
                    "p": "binary_sensor", "name": "Occupied", "device_class": "occupancy",
                    "payload_on": "True", "payload_off": "False", "value_template": "{{ value_json.current > 0 }}",
                })),
            },
        });
        Message::new(self.config_topic(&id), body.to_string()).retained()
    }

    /// A space that is no more.
    pub(super) fn no_space(&self, id: SpaceId) -> Message {
        Message::new(self.config_topic(&space_id(id)), "").retained()
    }

    fn config_topic(&self, id: &str) -> String {
        format!("{}/device/{id}/config", self.prefix)
    }
}

fn component(field: &Field, id: &str) -> Value {
    let mut part = json!({
        "p": "sensor", "unique_id": format!("{id}_{}", field.name), "name": field.title,
        "value_template": format!("{{{{ value_json.{} }}}}", field.name),
    });
    if let Some(unit) = field.unit {
        part["unit_of_measurement"] = unit.into();
    }
    if let Some((class, state)) = field.class {
        part["device_class"] = class.into();
        if let Some(state) = state {
            part["state_class"] = state.into();
        }
    }
    match field.name {
        "load_switch" => part["options"] = json!(LOAD_SWITCH),
        "power_w" => part["expire_after"] = POWER_EXPIRES_S.into(),
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
        let message = discovery().meter(&meter, &fields);
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
        assert!(discovery().meter(&meter, &Map::new()).payload.is_empty());
    }
}
