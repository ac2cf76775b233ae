//! Kind `"mqtt"`: topics and JSON for any broker (UPLINK §5).
//!
//! State is retained and always the newest; `reading` carries every reading in order, also those that waited. What
//! came, went or was lost is told by retained messages too, so that nobody has to have listened.

mod asked;
mod discovery;
mod states;
mod topics;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::announced::Parts;
use super::board::LinkHealth;
use super::config::Config;
pub use super::connection::wire::Delivered;
use super::connection::wire::Message;
use super::fields::fields;
use super::live::Thing;
use super::speech::{Heard, Topic};
use super::world::World;
use crate::domain::units::count;
use crate::domain::{Alarm, AlarmNews, Event, Lane, MeterNews, Source};
use crate::store::{ClockState, Delivery, Entry, ReadError, Store};
pub use asked::asked;
use discovery::Discovery;
pub(super) use discovery::leaving;
pub use topics::Topics;

/// Alarms of the uplink itself, which no rule raises.
const OWN_ALARMS: [&str; 2] = ["uplink_DeadLetter", "uplink_DataLoss"];

/// What is said to a plain broker.
pub struct Plain {
    topics: Topics,
    world: World,
    store: Store,
    client_id: String,
    discovery: Option<Discovery>,
    /// Commands that may be given, by the last part of their topic.
    commands: Vec<String>,
    /// Seconds after which nobody wants a reading that still waits at the broker.
    expires_s: u32,
}

impl Plain {
    /// Words for the broker that knows the box as `client_id`.
    #[must_use]
    pub fn new(config: &Config, client_id: &str, world: World, store: Store) -> Plain {
        let commands = commands(config);
        let config = &config.mqtt;
        let prefix = config.prefix.clone().unwrap_or_else(|| format!("emop/{client_id}"));
        let topics = Topics::new(prefix);
        let discovery = config
            .ha_discovery
            .then(|| Discovery::new(&config.ha_prefix, client_id, topics.clone()));
        Plain {
            commands,
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

    /// What the box wants to hear; `wildcards`: the broker takes subscriptions with them.
    #[must_use]
    pub fn listens_to(&self, wildcards: bool) -> Vec<Topic> {
        let birth = self.discovery.as_ref().map(Discovery::birth_topic);
        heard_on(birth, &self.commands, &self.topics, wildcards)
    }

    /// What a message from the broker means.
    #[must_use]
    pub fn heard(&self, delivered: &Delivered) -> Vec<Heard> {
        let birth = self.discovery.as_ref().map(Discovery::birth_topic);
        if birth.as_deref() == Some(delivered.topic.as_str()) {
            // One that was kept is of long ago: everything was told since.
            let born = delivered.payload.as_ref() == b"online" && !delivered.retained;
            return born.then_some(Heard::TellAll).into_iter().collect();
        }
        let asked = asked::asked(&self.topics, &self.client_id, delivered);
        asked.map(|asked| Heard::Operations(vec![asked])).into_iter().collect()
    }

    /// A message was set aside.
    #[must_use]
    pub fn aside(&self, topic: &str) -> Message {
        let text = format!("a message for {topic} cost the session three times and was set aside");
        let body = json!({"ts": stamp(Timestamp::now()), "severity": "WARNING", "text": text, "active": true});
        Message::new(self.topics.alarm(OWN_ALARMS[0], "appliance"), body.to_string()).retained()
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
                    "lost before they were sent: up to {} ({} to {})",
                    count(gap.n, "entry", "entries"),
                    gap.from,
                    gap.to
                );
                let body = json!({"severity": "MINOR", "text": text, "active": true, "lane": lane});
                vec![Message::new(self.topics.alarm(OWN_ALARMS[1], "appliance"), body.to_string()).retained()]
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
            Thing::Lodge => {
                let alarms = self.alarm_kinds(&Source::Appliance);
                let box_itself = self.discovery.as_ref();
                let told = box_itself.map(|discovery| discovery.lodge(self.world.house(), &alarms));
                told.into_iter().chain([self.info()?]).collect()
            }
            Thing::Alarms => self.which_alarms()?.into_iter().collect(),
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
        let own = [Thing::Lodge, Thing::Alarms];
        Ok(own.into_iter().chain(meters).chain(spaces).chain(alarms).collect())
    }

    /// How the box is, when that is told.
    #[must_use]
    pub fn health(&self, link: &LinkHealth) -> Vec<Message> {
        // What cannot be read now is told next time.
        self.how_it_is(link).ok().flatten().into_iter().collect()
    }

    /// Topics on which something of the box is kept just now; what it was told of beside them is no more.
    pub fn keeps(&self) -> Result<BTreeSet<String>, ReadError> {
        let topics = &self.topics;
        let mut kept = BTreeSet::from([topics.status(), topics.info()]);
        let discovery = self.discovery.as_ref();
        kept.extend(discovery.map(Discovery::lodge_topic));
        kept.extend(discovery.map(|_| topics.health()));
        kept.extend(discovery.map(|_| topics.alarms()));
        for meter in self.world.meters()? {
            kept.extend(["state", "availability"].map(|last| topics.meter(&meter.serial, last)));
            kept.extend(discovery.map(|discovery| discovery.meter_topic(&meter.serial)));
        }
        for space in self.world.spaces()? {
            kept.insert(topics.space(space.id, "state"));
            kept.extend(discovery.map(|discovery| discovery.space_topic(space.id)));
        }
        for (kind, source) in self.world.alarms().told_of()? {
            kept.insert(topics.alarm(&kind, &source_part(&source)));
        }
        kept.extend(OWN_ALARMS.map(|kind| topics.alarm(kind, "appliance")));
        Ok(kept)
    }

    /// The components that a message of discovery names; nothing, when it is none.
    #[must_use]
    pub fn parts(&self, message: &Message) -> Parts {
        let is_ours = |discovery: &Discovery| discovery.is_config(&message.topic);
        if self.discovery.as_ref().is_some_and(is_ours) {
            discovery::parts(message)
        } else {
            Parts::new()
        }
    }
}

/// What a box with this section wants to hear; `wildcards`: the broker takes subscriptions with them.
#[must_use]
pub(in crate::uplink) fn listens_to(config: &Config, topics: &Topics, wildcards: bool) -> Vec<Topic> {
    let birth = config
        .mqtt
        .ha_discovery
        .then(|| discovery::birth_topic(&config.mqtt.ha_prefix));
    heard_on(birth, &commands(config), topics, wildcards)
}

fn heard_on(birth: Option<String>, commands: &[String], topics: &Topics, wildcards: bool) -> Vec<Topic> {
    let commands = if wildcards {
        vec![topics.commands()]
    } else {
        commands.iter().map(|name| topics.command(name)).collect()
    };
    birth.into_iter().chain(commands).map(Topic::surely).collect()
}

/// Commands that may be given, by the last part of their topic: of those with several words the first.
fn commands(config: &Config) -> Vec<String> {
    let first = |command: String| command.split(' ').next().unwrap_or_default().to_owned();
    let commands: BTreeSet<String> = config.commands().into_iter().map(first).collect();
    commands.into_iter().collect()
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
