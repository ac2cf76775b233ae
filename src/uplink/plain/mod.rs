//! Kind `"mqtt"`: topics and JSON for any broker (UPLINK §5).
//!
//! State is retained and always the newest; `reading` carries every reading in order, also those that waited. What
//! came, went or was lost is told by retained messages too, so that nobody has to have listened.

mod asked;
mod dialect;
mod discovery;
mod states;
mod topics;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::Config;
pub use super::connection::wire::Delivered;
use super::connection::wire::Message;
use super::fields::fields;
use super::topic::Topic;
use super::world::World;
use crate::domain::{Alarm, AlarmNews, Event, MeterNews, Source};
use crate::store::{ClockState, Entry, Store};
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
            // Spaces are told by their state (`live.rs`); half-hours are read where they are kept.
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
            | MeterNews::Topup { .. }
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
