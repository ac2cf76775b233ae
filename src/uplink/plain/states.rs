//! How things are: the newest state of meters, spaces and the box itself, as retained messages.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Plain, stamp};
use crate::domain::{Doubt, Health, Level, MeterId, Quality, Quantity, Source, Space};
use crate::store::ReadError;
use crate::uplink::connection::wire::Message;
use crate::uplink::fields::fields;
use crate::uplink::tallies::LinkHealth;
use crate::uplink::world::MeterKnown;

impl Plain {
    pub(super) fn info(&self) -> Result<Message, ReadError> {
        let facts = self.world.facts();
        let body = json!({
            "name": facts.name, "model": "gatelodge", "version": env!("CARGO_PKG_VERSION"),
            "started": stamp(facts.started),
            "meters": self.world.meters()?.len(), "spaces": self.world.spaces()?.len(),
        });
        Ok(Message::new(self.topics.info(), body.to_string()).retained())
    }

    pub(super) fn meter(&self, meter: &MeterKnown) -> Vec<Message> {
        let now = Timestamp::now();
        let newest = meter.state.values.values().map(|latest| latest.at).max();
        let promised = fields(&promised(meter));
        let mut messages = Vec::new();
        let alarms = self.alarm_kinds(&Source::Meter(meter.serial.clone()));
        messages.extend(
            self.discovery
                .as_ref()
                .map(|discovery| discovery.meter(meter, &promised, &alarms)),
        );
        if let Some(newest) = newest {
            let mut body = fields(&meter.state.present(now));
            // What there is and nobody knows just now is null, so that who looks for it finds that.
            for field in promised.keys().filter(|field| *field != "currency") {
                body.entry(field).or_insert(Value::Null);
            }
            let stale = stale(meter, now);
            if !stale.is_empty() {
                body.insert("stale".to_owned(), stale.into());
            }
            body.insert("ts".to_owned(), stamp(newest));
            messages.push(self.retained(self.topics.meter(&meter.serial, "state"), body));
        }
        let available = match meter.state.health {
            Health::Healthy => Some("online"),
            Health::Unhealthy => Some("offline"),
            // It was not asked yet.
            Health::Unknown => None,
        };
        messages.extend(
            available.map(|word| Message::new(self.topics.meter(&meter.serial, "availability"), word).retained()),
        );
        messages
    }

    pub(super) fn no_meter(&self, serial: &MeterId) -> Vec<Message> {
        let gone = self.discovery.as_ref().map(|discovery| discovery.no_meter(serial));
        let topics = ["state", "availability"].map(|last| self.topics.meter(serial, last));
        let empty = topics.into_iter().map(|topic| Message::new(topic, "").retained());
        gone.into_iter().chain(empty).collect()
    }

    pub(super) fn space(&self, space: &Space) -> Vec<Message> {
        let occupancy = space.occupancy;
        let percent = f64::from(occupancy.current) * 100.0 / f64::from(occupancy.maximum.max(1));
        let body = json!({
            "ts": stamp(space.last_updated), "name": space.name,
            "current": occupancy.current, "maximum": occupancy.maximum,
            "utilisation": (percent * 10.0).round() / 10.0,
            "full": matches!(space.level(), Level::Full | Level::Over),
        });
        let alarms = self.alarm_kinds(&Source::Space(space.id));
        let told = self.discovery.as_ref().map(|discovery| discovery.space(space, &alarms));
        let state = Message::new(self.topics.space(space.id, "state"), body.to_string()).retained();
        told.into_iter().chain([state]).collect()
    }

    fn retained(&self, topic: String, body: Map<String, Value>) -> Message {
        Message::new(topic, Value::Object(body).to_string()).retained()
    }

    /// How the box is, for Home Assistant: what changes seldom, so that it is seldom sent.
    pub(super) fn how_it_is(&self, link: &LinkHealth) -> Result<Option<Message>, ReadError> {
        if self.discovery.is_none() {
            return Ok(None);
        }
        let facts = self.world.facts();
        let samples = facts.alarms.measured();
        let measured = |series: &str| {
            let found = samples.iter().find(|sample| sample.series == series);
            found.map(|sample| sample.value.round())
        };
        let body = json!({
            "started": stamp(facts.started), "queue": link.rows,
            "disk_free": measured("disk_free"), "certificate_days": measured("cert_days"),
            "broken_rules": self.world.alarms().standing()?.len(),
        });
        Ok(Some(Message::new(self.topics.health(), body.to_string()).retained()))
    }

    /// Which alarms stand, by type, for Home Assistant: one message that says of each that it is well.
    pub(super) fn which_alarms(&self) -> Result<Option<Message>, ReadError> {
        if self.discovery.is_none() {
            return Ok(None);
        }
        let mut stand: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for alarm in self.world.alarms().standing()? {
            let source = super::source_part(&alarm.source);
            stand.entry(alarm.kind).or_default().insert(source);
        }
        let body = json!(stand).to_string();
        Ok(Some(Message::new(self.topics.alarms(), body).retained()))
    }

    /// Types of alarms that rules in force can raise on a source.
    pub(super) fn alarm_kinds(&self, source: &Source) -> BTreeSet<String> {
        self.world.facts().alarms.kinds_on(source)
    }
}

/// Values that a meter has, be they stale or not believed just now: something of the kind stands for each.
fn promised(meter: &MeterKnown) -> BTreeMap<Quantity, Value> {
    let values = meter.state.values.iter();
    let has = values
        .filter(|(_, latest)| latest.quality != Quality::Gap || latest.why.is_some_and(|why| why != Doubt::Absent));
    has.map(|(quantity, latest)| {
        let value = match (&latest.value, quantity) {
            (Value::Null, Quantity::Balance) => Value::from("0"),
            (Value::Null, Quantity::LoadSwitch | Quantity::FirmwareVersion) => Value::from(""),
            (Value::Null, _) => Value::from(0),
            (value, _) => value.clone(),
        };
        (*quantity, value)
    })
    .collect()
}

/// What was true for a moment that is over: the last of each, and how old it is.
fn stale(meter: &MeterKnown, now: Timestamp) -> Map<String, Value> {
    let mut stale = Map::new();
    for (quantity, latest) in &meter.state.values {
        if !quantity.is_momentary() || meter.state.quality(*quantity, now) != Quality::Stale {
            continue;
        }
        for (field, last) in fields(&BTreeMap::from([(*quantity, latest.value.clone())])) {
            let age = now.duration_since(latest.at).as_secs().max(0);
            stale.insert(field, json!({"last": last, "at": stamp(latest.at), "age_s": age}));
        }
    }
    stale
}
