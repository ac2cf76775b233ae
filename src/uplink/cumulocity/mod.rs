//! Kind `"cumulocity"`: SmartREST lines to a tenant (`spec/uplink.md` sections 1 to 3).
//!
//! The box is a device; each meter and each space that is told is a child of it. Registration is made anew from the
//! rows in each session, before any value. A child's values wait for nothing else: MQTT keeps their order behind it.

mod alarms;
mod asked;
mod register;
mod series;
pub mod smartrest;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::config::Reports;
use super::live::Thing;
use super::wire::Message;
use super::world::{MeterKnown, World};
use crate::domain::{
    Alarm, AlarmNews, Event, Lane, MeterId, MeterNews, Occupancy, Operation, OperationState, Quantity, Source, Space,
    SpaceId,
};
use crate::store::{Delivery, Entry, ReadError};
pub use asked::asked;
use register::Names;
use series::{measurement, samples, space_samples};
use smartrest::{Line, PAYLOAD};

/// What the platform takes for the text of an operation's end, with what stands before it.
const RESULT: usize = 15_000;
/// And for a reason.
const REASON: usize = 1_000;
/// A space's count is told at most so often, and at least so often.
const EACH: SignedDuration = SignedDuration::from_secs(1);

/// What is said to a tenant.
pub struct Cumulocity {
    names: Names,
    world: World,
    reports: Reports,
    position: Option<[f64; 3]>,
    said: Mutex<Said>,
}

/// What was said in this session, and what was known of things when it was said.
#[derive(Default)]
struct Said {
    /// Children that the platform knows.
    registered: BTreeSet<String>,
    counts: BTreeMap<SpaceId, (Timestamp, Occupancy)>,
    /// Counts that came too soon after another.
    held: BTreeMap<SpaceId, (Timestamp, Occupancy)>,
    settings: BTreeMap<(MeterId, Quantity), Value>,
}

impl Cumulocity {
    /// Words for the tenant that knows the box as `device`.
    #[must_use]
    pub fn new(device: &str, world: World, reports: Reports, position: Option<[f64; 3]>) -> Cumulocity {
        Cumulocity {
            names: Names::new(device),
            world,
            reports,
            position,
            said: Mutex::default(),
        }
    }

    /// What the platform is told when the box is gone without a word.
    #[must_use]
    pub fn will(&self) -> Message {
        self.up(
            None,
            Line::new(400).text("c8y_ConnectionEvent").text("Uplink lost").finish(),
        )
    }

    /// Registration, in the order in which the platform needs it.
    pub fn hello(&self) -> Result<Vec<Message>, ReadError> {
        *self.said() = Said::default();
        let (meters, spaces) = (self.world.meters()?, self.world.spaces()?);
        let house = self.world.house();
        let mut own = vec![self.names.appliance(&house.name)];
        own.extend(meters.iter().map(|meter| self.names.child_meter(meter)));
        own.extend(spaces.iter().map(|space| self.names.child_space(space)));
        own.extend(self.names.facts(self.position));
        let mut messages = self.packed(None, own);
        for meter in &meters {
            messages.extend(self.meter_facts(meter));
        }
        let mut said = self.said();
        said.registered
            .extend(meters.iter().map(|meter| self.names.meter(&meter.serial)));
        said.registered
            .extend(spaces.iter().map(|space| self.names.space(space.id)));
        Ok(messages)
    }

    /// What is said when the subscriptions stand. `orphans`: what this box does not know to be under way is not.
    #[must_use]
    pub fn listening(&self, orphans: bool) -> Vec<Message> {
        let end = orphans.then(|| Line::new(507).text("").text("agent restarted").finish());
        let lines = end.into_iter().chain([Line::new(500).finish()]);
        lines.map(|line| self.up(None, line)).collect()
    }

    /// What is said last, when the box stops in order.
    #[must_use]
    pub fn goodbye(&self) -> Vec<Message> {
        let services = self
            .names
            .services()
            .map(|service| self.up(Some(&service), Line::new(104).text("down").finish()));
        services.collect()
    }

    /// What the box wants to hear: never both, or every operation would come twice.
    #[must_use]
    pub fn listens_to(&self) -> Vec<String> {
        match self.reports {
            Reports::Json => vec!["devicecontrol/notifications".into()],
            Reports::Smartrest => vec!["s/ds".into()],
        }
    }

    /// What a delivery of the journal becomes.
    #[must_use]
    pub fn journal(&self, lane: Lane, delivery: &Delivery) -> Vec<Message> {
        match delivery {
            Delivery::Entry(entry) => entry.events.iter().flat_map(|event| self.event(entry, event)).collect(),
            Delivery::Gap(gap) => {
                let lane = format!("{lane:?}").to_lowercase();
                let text = format!(
                    "up to {} {lane} entries ({} to {}) were lost before they were sent",
                    gap.n, gap.from, gap.to
                );
                let lines = [
                    Line::new(400).text("uplink_DataLoss").text(&text).finish(),
                    Line::new(303).text("uplink_DataLoss").text(&text).finish(),
                ];
                self.packed(None, lines)
            }
        }
    }

    fn event(&self, entry: &Entry, event: &Event) -> Vec<Message> {
        match event {
            Event::Meter { meter, news } => {
                let child = self.names.meter(meter);
                let lines = self.news(entry.at, meter, news);
                let before = (!lines.is_empty()).then(|| self.unknown_meter(meter, &child)).flatten();
                before
                    .into_iter()
                    .chain(lines.into_iter().map(|line| line.message(self, &child)))
                    .collect()
            }
            Event::SpaceChanged { space, occupancy, .. } => self.count(*space, entry.at, *occupancy),
            Event::SpaceRemoved { space, .. } => {
                let child = self.names.space(*space);
                self.said().counts.remove(space);
                let line = Line::new(400)
                    .text("occ_SpaceRemoved")
                    .text("the space is no more")
                    .time(entry.at)
                    .finish();
                let known = self.said().registered.contains(&child);
                known.then(|| self.up(Some(&child), line)).into_iter().collect()
            }
            Event::Operation { operation, state } => vec![self.outcome(operation, state)],
            Event::Alarm { alarm, news } => self.alarm(entry.at, alarm, *news),
            Event::SelfTest { count } => self.self_test(*count, entry.at).into_iter().collect(),
            // Half-hours are read where they are kept; a new space is told by its registration; who meets whom at the
            // relay is nobody's business in the cloud.
            Event::SpaceCreated { .. }
            | Event::SpaceLevel { .. }
            | Event::ReadingsRecorded { .. }
            | Event::PeerJoined { .. }
            | Event::PeerLeft { .. } => Vec::new(),
        }
    }

    fn alarm(&self, at: Timestamp, alarm: &Alarm, news: AlarmNews) -> Vec<Message> {
        let Some(line) = alarms::line(alarm, news, at) else {
            return Vec::new();
        };
        let (child, unknown) = match &alarm.source {
            Source::Appliance => (None, None),
            Source::Meter(meter) => {
                let child = self.names.meter(meter);
                let unknown = self.unknown_meter(meter, &child);
                (Some(child), unknown)
            }
            Source::Space(space) => {
                let child = self.names.space(*space);
                // Of a space that is no more the platform knows from before.
                let row = self.world.space(*space).ok().flatten();
                let unknown = row.and_then(|row| self.unknown_space(&row, &child));
                (Some(child), unknown)
            }
        };
        let line = self.up(child.as_deref(), line);
        unknown.into_iter().chain([line]).collect()
    }

    fn news(&self, at: Timestamp, meter: &MeterId, news: &MeterNews) -> Vec<Words> {
        match news {
            MeterNews::Read { values } => {
                let lines = measurement("emop_Reading", at, &samples(values));
                let mut words: Vec<Words> = lines.into_iter().map(Words::Line).collect();
                words.extend(self.settings(at, meter, values));
                words
            }
            // The alarm says it.
            MeterNews::Silent { .. } | MeterNews::Answers => Vec::new(),
            MeterNews::Logged { at, id, name, .. } => {
                let name = name.clone().unwrap_or_else(|| format!("event {id}"));
                let line = Line::new(400).text(&format!("emop_Event_{id}")).text(&name).time(*at);
                vec![Words::Line(line.finish())]
            }
            MeterNews::Added => Vec::new(),
            MeterNews::Removed => {
                let line = Line::new(400)
                    .text("emop_MeterRemoved")
                    .text("the meter was taken out of the registry");
                vec![Words::Line(line.time(at).finish())]
            }
        }
    }

    /// Settings that changed become part of the inventory; one that was another before is an event too.
    fn settings(&self, at: Timestamp, meter: &MeterId, values: &BTreeMap<Quantity, Value>) -> Vec<Words> {
        let mut words = Vec::new();
        for (quantity, kind) in [
            (Quantity::LoadSwitch, "emop_LoadSwitchChanged"),
            (Quantity::PrepayEnabled, "emop_PrepayModeChanged"),
        ] {
            let Some(value) = values.get(&quantity) else { continue };
            let before = self.said().settings.insert((meter.clone(), quantity), value.clone());
            if before.as_ref() == Some(value) {
                continue;
            }
            words.push(Words::Inventory(match quantity {
                Quantity::LoadSwitch => json!({"emop_LoadSwitch": {"setting": value}}),
                _ => json!({"emop_Prepay": {"enabled": value}}),
            }));
            if let Some(before) = before {
                let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let text = format!("{} -> {}", plain(&before), plain(value));
                words.push(Words::Line(Line::new(400).text(kind).text(&text).time(at).finish()));
            }
        }
        words
    }

    fn count(&self, space: SpaceId, at: Timestamp, occupancy: Occupancy) -> Vec<Message> {
        // A space that is not told is not in the rows either way; nor is one that is no more.
        let Ok(Some(row)) = self.world.space(space) else {
            return Vec::new();
        };
        let mut said = self.said();
        let before = said.counts.get(&space).copied();
        if before.is_some_and(|(before, _)| at.duration_since(before) < EACH) {
            said.held.insert(space, (at, occupancy));
            return Vec::new();
        }
        said.held.remove(&space);
        said.counts.insert(space, (at, occupancy));
        drop(said);
        let child = self.names.space(space);
        let unknown = self.unknown_space(&row, &child);
        let maximum = before
            .filter(|(_, before)| before.maximum != occupancy.maximum)
            .map(|(_, before)| {
                let text = format!("{} -> {}", before.maximum, occupancy.maximum);
                self.up(
                    Some(&child),
                    Line::new(400).text("occ_MaximumChanged").text(&text).time(at).finish(),
                )
            });
        unknown
            .into_iter()
            .chain(maximum)
            .chain(self.counted(&child, at, occupancy))
            .collect()
    }

    fn counted(&self, child: &str, at: Timestamp, occupancy: Occupancy) -> Option<Message> {
        let line = measurement("occ_Reading", at, &space_samples(occupancy)).pop()?;
        Some(self.up(Some(child), line))
    }

    fn outcome(&self, operation: &Operation, state: &OperationState) -> Message {
        let target = Some(operation.device.as_str()).filter(|device| *device != self.names.device());
        // Template numbers are three more where operations have ids.
        let (by, subject) = match &operation.id {
            Some(id) => (3, id.as_str()),
            None => (0, operation.kind.as_str()),
        };
        let line = match state {
            OperationState::Executing => Line::new(501 + by).text(subject),
            OperationState::Failed(why) => Line::new(502 + by).text(subject).text_within(why, REASON),
            OperationState::Successful(text) if text.is_empty() => Line::new(503 + by).text(subject),
            OperationState::Successful(text) => Line::new(503 + by).text(subject).text_within(text, RESULT),
        };
        self.up(target, line.finish())
    }

    fn self_test(&self, count: u64, at: Timestamp) -> Option<Message> {
        let first = self.world.meters().ok()?.into_iter().next()?;
        #[expect(clippy::cast_precision_loss, reason = "a counter that rises by one a second")]
        let line = Line::new(200)
            .text("c8y_SelfTest")
            .text("seq")
            .number(count as f64)
            .text("")
            .time(at);
        Some(self.up(Some(&self.names.meter(&first.serial)), line.finish()))
    }

    /// What is held back though nothing more waits: the last word on a space must be its count.
    #[must_use]
    pub fn settle(&self, now: Timestamp) -> Vec<Message> {
        let mut said = self.said();
        let due: Vec<(SpaceId, (Timestamp, Occupancy))> = said
            .held
            .iter()
            .filter(|(_, (at, _))| now.duration_since(*at) >= EACH)
            .map(|(space, held)| (*space, *held))
            .collect();
        for (space, held) in &due {
            said.held.remove(space);
            said.counts.insert(*space, *held);
        }
        drop(said);
        due.into_iter()
            .filter_map(|(space, (at, occupancy))| self.counted(&self.names.space(space), at, occupancy))
            .collect()
    }

    /// Whether something is held back.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.said().held.is_empty()
    }

    /// The newest of something: its registration when it is new, and while older values still wait its newest one,
    /// which the platform shows and does not store.
    pub fn live(&self, thing: &Thing, lags: bool) -> Result<Vec<Message>, ReadError> {
        Ok(match thing {
            // The journal tells alarms, each once.
            Thing::Lodge | Thing::Alarm(..) => Vec::new(),
            Thing::Meter(serial) => {
                let Some(meter) = self.world.meter(serial)? else {
                    return Ok(Vec::new());
                };
                let child = self.names.meter(serial);
                let new = self.unknown_meter(serial, &child);
                let facts = if new.is_some() {
                    self.meter_facts(&meter)
                } else {
                    Vec::new()
                };
                let newest = lags.then(|| self.newest(&meter, &child)).flatten();
                new.into_iter().chain(facts).chain(newest).collect()
            }
            Thing::Space(id) => {
                let Some(space) = self.world.space(*id)? else {
                    return Ok(Vec::new());
                };
                let child = self.names.space(*id);
                let first = self.unknown_space(&space, &child);
                let count = self.counted(&child, space.last_updated, space.occupancy);
                // The first count of a session stands for all that was before it.
                let transient = lags.then(|| count.map(transient)).flatten();
                first.into_iter().chain(transient).collect()
            }
        })
    }

    fn newest(&self, meter: &MeterKnown, child: &str) -> Option<Message> {
        let known = meter.state.values.keys();
        let values = known.filter_map(|quantity| Some((*quantity, meter.state.value(*quantity)?.clone())));
        let at = meter.state.values.values().map(|latest| latest.at).max()?;
        let line = measurement("emop_Reading", at, &samples(&values.collect()))
            .into_iter()
            .next()?;
        Some(transient(self.up(Some(child), line)))
    }

    /// Everything there is to tell of.
    pub fn things(&self) -> Result<Vec<Thing>, ReadError> {
        let meters = self.world.meters()?.into_iter().map(|meter| Thing::Meter(meter.serial));
        let spaces = self.world.spaces()?.into_iter().map(|space| Thing::Space(space.id));
        Ok(meters.chain(spaces).collect())
    }

    /// Whom an operation may be addressed to.
    #[must_use]
    pub fn is_ours(&self, device: &str) -> bool {
        device == self.names.device() || self.said().registered.contains(device)
    }

    fn unknown_meter(&self, serial: &MeterId, child: &str) -> Option<Message> {
        if !self.said().registered.insert(child.to_owned()) {
            return None;
        }
        let known = self.world.meter(serial).ok().flatten();
        let meter = known.unwrap_or_else(|| MeterKnown {
            serial: serial.clone(),
            entry: None,
            state: crate::domain::MeterState::default(),
        });
        Some(self.up(None, self.names.child_meter(&meter)))
    }

    fn unknown_space(&self, space: &Space, child: &str) -> Option<Message> {
        let new = self.said().registered.insert(child.to_owned());
        new.then(|| self.up(None, self.names.child_space(space)))
    }

    fn meter_facts(&self, meter: &MeterKnown) -> Vec<Message> {
        let child = self.names.meter(&meter.serial);
        let lines = self.names.meter_facts(meter);
        self.packed(Some(&child), lines)
    }

    /// Lines as few messages, none longer than the platform takes.
    fn packed(&self, child: Option<&str>, lines: impl IntoIterator<Item = String>) -> Vec<Message> {
        let mut messages = Vec::new();
        let (mut text, mut count) = (String::new(), 0);
        for line in lines {
            if !text.is_empty() && (text.len() + 1 + line.len() > PAYLOAD || count == smartrest::LINES) {
                messages.push(self.up(child, std::mem::take(&mut text)));
                count = 0;
            }
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&line);
            count += 1;
        }
        if !text.is_empty() {
            messages.push(self.up(child, text));
        }
        messages
    }

    fn up(&self, child: Option<&str>, text: String) -> Message {
        let topic = child.map_or_else(|| "s/us".to_owned(), |child| format!("s/us/{child}"));
        Message::new(topic, text)
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is said of a child.
enum Words {
    Line(String),
    Inventory(Value),
}

impl Words {
    fn message(self, to: &Cumulocity, child: &str) -> Message {
        match self {
            Words::Line(line) => to.up(Some(child), line),
            Words::Inventory(body) => {
                Message::new(format!("inventory/managedObjects/update/{child}"), body.to_string())
            }
        }
    }
}

/// Shown, and not stored.
fn transient(message: Message) -> Message {
    Message {
        topic: message.topic.replacen("s/us", "t/us", 1),
        ..message
    }
}
