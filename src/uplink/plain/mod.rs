//! Kind `"mqtt"`: topics and JSON for any broker (`spec/uplink.md` section 5).
//!
//! State is retained and always the newest; `reading` carries every reading in order, also those that waited. What
//! came, went or was lost is told by retained messages too, so that nobody has to have listened.

mod asked;
mod discovery;
mod topics;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::config::Mqtt;
pub use super::connection::wire::Delivered;
use super::connection::wire::Message;
use super::fields::fields;
use super::live::Thing;
use super::speech::{Heard, Topic};
use super::world::{MeterKnown, World};
use crate::domain::{
    Alarm, AlarmNews, Doubt, Event, Health, Lane, Level, MeterId, MeterNews, Quality, Quantity, Source, Space,
};
use crate::store::{ClockState, Delivery, Entry, ReadError, Store};
pub use asked::asked;
use discovery::Discovery;
pub use topics::Topics;

/// What is said to a plain broker.
pub struct Plain {
    topics: Topics,
    world: World,
    store: Store,
    client_id: String,
    discovery: Option<Discovery>,
    /// Seconds after which nobody wants a reading that still waits at the broker.
    expires_s: u32,
}

impl Plain {
    /// Words for the broker that knows the box as `client_id`.
    #[must_use]
    pub fn new(config: &Mqtt, client_id: &str, world: World, store: Store) -> Plain {
        let prefix = config.prefix.clone().unwrap_or_else(|| format!("emop/{client_id}"));
        let topics = Topics::new(prefix);
        let discovery = config
            .ha_discovery
            .then(|| Discovery::new(&config.ha_prefix, client_id, topics.clone()));
        Plain {
            topics,
            world,
            store,
            client_id: client_id.to_owned(),
            discovery,
            expires_s: 30 * 86_400,
        }
    }

    /// What the broker says when the box is gone without a word.
    #[must_use]
    pub fn will(&self) -> Message {
        Message::new(self.topics.status(), "offline").retained()
    }

    /// What is said first in each session.
    pub fn hello(&self) -> Result<Vec<Message>, ReadError> {
        Ok(vec![
            Message::new(self.topics.status(), "online").retained(),
            self.info()?,
        ])
    }

    /// What is said last, when the box stops in order.
    #[must_use]
    pub fn goodbye(&self) -> Vec<Message> {
        vec![self.will()]
    }

    /// What the box wants to hear.
    #[must_use]
    pub fn listens_to(&self) -> Vec<Topic> {
        let birth = self.discovery.iter().map(Discovery::birth_topic);
        birth.chain([self.topics.commands()]).map(Topic::surely).collect()
    }

    /// What a message from the broker means.
    #[must_use]
    pub fn heard(&self, delivered: &Delivered) -> Heard {
        let birth = self.discovery.as_ref().map(Discovery::birth_topic);
        if birth.as_deref() == Some(delivered.topic.as_str()) && delivered.payload.as_ref() == b"online" {
            return Heard::TellAll;
        }
        match asked::asked(&self.topics, &self.client_id, delivered) {
            Some(asked) => Heard::Operations(vec![asked]),
            None => Heard::Nothing,
        }
    }

    /// A message was set aside.
    #[must_use]
    pub fn aside(&self, topic: &str) -> Message {
        let text = format!("a message for {topic} cost the session three times and was set aside");
        let body = json!({"ts": stamp(Timestamp::now()), "severity": "WARNING", "text": text, "active": true});
        Message::new(self.topics.alarm("uplink_DeadLetter", "appliance"), body.to_string()).retained()
    }

    /// What a delivery of the journal becomes.
    #[must_use]
    pub fn journal(&self, lane: Lane, delivery: &Delivery) -> Vec<Message> {
        match delivery {
            Delivery::Entry(entry) => entry
                .events
                .iter()
                .enumerate()
                .filter_map(|(place, event)| self.event(entry, place, event))
                .collect(),
            Delivery::Gap(gap) => {
                let text = format!(
                    "up to {} entries ({} to {}) were lost before they were sent",
                    gap.n, gap.from, gap.to
                );
                let body = json!({"severity": "MINOR", "text": text, "active": true, "lane": lane});
                vec![Message::new(self.topics.alarm("uplink_DataLoss", "appliance"), body.to_string()).retained()]
            }
        }
    }

    fn event(&self, entry: &Entry, place: usize, event: &Event) -> Option<Message> {
        // The same whenever an entry is sent again, and different for each message of it.
        let number = format!("{}.{place}", self.store.id_of(entry.seq));
        if let Event::SelfTest { count } = event {
            let first = self.world.meters().ok()?.into_iter().next()?;
            let body = json!({"ts": stamp(entry.at), "self_test": count, "seq": number});
            return Some(Message::new(
                self.topics.meter(&first.serial, "reading"),
                body.to_string(),
            ));
        }
        if let Event::Operation { operation, state } = event {
            return asked::result(&self.topics, operation, state);
        }
        if let Event::Alarm { alarm, news } = event {
            return match news {
                // Its state is told, as in every session.
                AlarmNews::Stands => None,
                AlarmNews::Forgotten => Some(self.no_alarm(&alarm.kind, &alarm.source)),
                AlarmNews::Cleared => Some(self.alarm(alarm, Some(entry.at))),
                AlarmNews::Raised | AlarmNews::Reminded | AlarmNews::Severity | AlarmNews::Acknowledged => {
                    Some(self.alarm(alarm, None))
                }
            };
        }
        let Event::Meter { meter, news } = event else {
            // Spaces are told by their state; half-hours are read where they are kept.
            return None;
        };
        match news {
            MeterNews::Read { values } => {
                let mut body = fields(values);
                if body.is_empty() {
                    return None;
                }
                body.insert("ts".to_owned(), stamp(entry.at));
                if entry.clock == ClockState::Wrong {
                    body.insert("ts_guessed".to_owned(), true.into());
                }
                body.insert("seq".to_owned(), number.clone().into());
                let mut message = Message::new(self.topics.meter(meter, "reading"), Value::Object(body).to_string());
                message.expires_s = Some(self.expires_s);
                message.properties = vec![("src", meter.to_string()), ("seq", number)];
                Some(message)
            }
            MeterNews::Logged {
                at,
                id,
                name,
                set,
                alarm,
            } => {
                let body = json!({
                    "ts": stamp(*at), "id": id, "name": name, "set": set, "alarm": alarm, "seq": number,
                });
                Some(Message::new(self.topics.meter(meter, "event"), body.to_string()))
            }
            // These are told by state and availability.
            MeterNews::Added
            | MeterNews::Removed
            | MeterNews::Silent { .. }
            | MeterNews::Answers
            | MeterNews::Another { .. }
            | MeterNews::Itself
            | MeterNews::Doubtful { .. } => None,
        }
    }

    /// An alarm; `over` since when it does not stand any more.
    fn alarm(&self, alarm: &Alarm, over: Option<Timestamp>) -> Message {
        let body = json!({
            "ts": stamp(over.unwrap_or(alarm.since)), "since": stamp(alarm.since), "severity": alarm.severity,
            "text": alarm.text, "active": over.is_none(), "acknowledged": alarm.acknowledged, "rule": alarm.rule,
        });
        Message::new(
            self.topics.alarm(&alarm.kind, &source_part(&alarm.source)),
            body.to_string(),
        )
        .retained()
    }

    fn no_alarm(&self, kind: &str, source: &Source) -> Message {
        Message::new(self.topics.alarm(kind, &source_part(source)), "").retained()
    }

    /// The newest state of something; what is no more is taken from the broker.
    pub fn live(&self, thing: &Thing) -> Result<Vec<Message>, ReadError> {
        Ok(match thing {
            Thing::Lodge => vec![self.info()?],
            // What does not stand any more was told as over by the journal.
            Thing::Alarm(kind, source) => {
                let alarm = self.world.told_alarm(kind, source)?;
                alarm.iter().map(|alarm| self.alarm(alarm, None)).collect()
            }
            Thing::Meter(serial) => match self.world.meter(serial)? {
                Some(meter) => self.meter(&meter),
                None => self.no_meter(serial),
            },
            Thing::Space(id) if self.world.hides_space(*id)? => Vec::new(),
            Thing::Space(id) => match self.world.space(*id)? {
                Some(space) => self.space(&space),
                None => {
                    let gone = self.discovery.as_ref().map(|discovery| discovery.no_space(*id));
                    let state = Message::new(self.topics.space(*id, "state"), "").retained();
                    gone.into_iter().chain([state]).collect()
                }
            },
        })
    }

    /// Everything there is to tell of.
    pub fn things(&self) -> Result<Vec<Thing>, ReadError> {
        let meters = self.world.meters()?.into_iter().map(|meter| Thing::Meter(meter.serial));
        let spaces = self.world.spaces()?.into_iter().map(|space| Thing::Space(space.id));
        let alarms = self.world.alarms().standing()?.into_iter();
        let alarms = alarms.map(|alarm| Thing::Alarm(alarm.kind, alarm.source));
        Ok(meters.chain(spaces).chain(alarms).collect())
    }

    fn info(&self) -> Result<Message, ReadError> {
        let house = self.world.house();
        let body = json!({
            "name": house.name, "model": "gatelodge", "version": env!("CARGO_PKG_VERSION"),
            "started": stamp(house.started),
            "meters": self.world.meters()?.len(), "spaces": self.world.spaces()?.len(),
        });
        Ok(Message::new(self.topics.info(), body.to_string()).retained())
    }

    fn meter(&self, meter: &MeterKnown) -> Vec<Message> {
        let now = Timestamp::now();
        let newest = meter.state.values.values().map(|latest| latest.at).max();
        let promised = fields(&promised(meter));
        let mut messages = Vec::new();
        messages.extend(
            self.discovery
                .as_ref()
                .map(|discovery| discovery.meter(meter, &promised)),
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

    fn no_meter(&self, serial: &MeterId) -> Vec<Message> {
        let gone = self.discovery.as_ref().map(|discovery| discovery.no_meter(serial));
        let topics = ["state", "availability"].map(|last| self.topics.meter(serial, last));
        let empty = topics.into_iter().map(|topic| Message::new(topic, "").retained());
        gone.into_iter().chain(empty).collect()
    }

    fn space(&self, space: &Space) -> Vec<Message> {
        let occupancy = space.occupancy;
        let percent = f64::from(occupancy.current) * 100.0 / f64::from(occupancy.maximum.max(1));
        let body = json!({
            "ts": stamp(space.last_updated), "name": space.name,
            "current": occupancy.current, "maximum": occupancy.maximum,
            "utilisation": (percent * 10.0).round() / 10.0,
            "full": matches!(space.level(), Level::Full | Level::Over),
        });
        let told = self.discovery.as_ref().map(|discovery| discovery.space(space));
        let state = Message::new(self.topics.space(space.id, "state"), body.to_string()).retained();
        told.into_iter().chain([state]).collect()
    }

    fn retained(&self, topic: String, body: Map<String, Value>) -> Message {
        Message::new(topic, Value::Object(body).to_string()).retained()
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

/// A source as the last part of a topic.
fn source_part(source: &Source) -> String {
    match source {
        Source::Appliance => "appliance".to_owned(),
        Source::Meter(meter) => meter.to_string(),
        Source::Space(space) => space.to_string(),
    }
}

/// A clock that was never set is behind this: the year 2020.
const UNSET: Timestamp = Timestamp::constant(1_577_836_800, 0);

/// A moment with milliseconds, as the cloud reads it; nothing, when a clock said it that stood wrong.
fn stamp(at: Timestamp) -> Value {
    // Meters date their own entries, some from long ago.
    if at >= UNSET {
        Value::String(format!("{at:.3}"))
    } else {
        Value::Null
    }
}
