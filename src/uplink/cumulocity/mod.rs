//! Kind `"cumulocity"`: SmartREST lines to a tenant (`spec/uplink.md` sections 1 to 3).
//!
//! The box is a device; each meter and each space that is told is a child of it. Registration is made anew from the
//! rows in each session, before any value. A child's values wait for nothing else: MQTT keeps their order behind it.

mod alarms;
mod asked;
mod before;
mod greeting;
mod hearing;
mod register;
mod regular;
mod series;
pub mod smartrest;
mod telling;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::config::{Config, Reports};
use super::hands::{Hands, PartState, Section};
use super::live::Thing;
use super::operations::Installed;
use super::wire::Message;
use super::world::{MeterKnown, World};
use crate::domain::{Lane, MeterId, Occupancy, Quantity, Space, SpaceId};
use crate::store::{ClockState, Delivery, Entry, ReadError, is_possible};
pub use asked::asked;
use before::Before;
use greeting::Greeting;
use hearing::PassedOver;
use register::Names;
use series::{measurement, samples};
use smartrest::{Line, PAYLOAD};

/// What the platform takes for the text of an operation's end, with what stands before it.
const RESULT: usize = 15_000;
/// And for a reason.
const REASON: usize = 1_000;
/// A space's count is told at most so often, and at least so often.
const EACH: SignedDuration = SignedDuration::from_secs(1);

/// The name under which the platform knows a meter of the box that it knows as `device`.
#[must_use]
pub fn meter_name(device: &str, serial: &MeterId) -> String {
    Names::new(device).meter(serial)
}

/// What is said to a tenant.
pub struct Cumulocity {
    names: Names,
    world: World,
    hands: Arc<dyn Hands>,
    reports: Reports,
    position: Option<[f64; 3]>,
    said: Mutex<Said>,
    greeting: Mutex<Greeting>,
    /// Values whose changes are told, whatever session.
    before: Mutex<Changing>,
    /// Values that are no numbers, which were left out.
    skipped: AtomicU64,
    passed_over: Mutex<PassedOver>,
}

/// Values whose changes are told.
#[derive(Default)]
struct Changing {
    maxima: Before<SpaceId, u32>,
    settings: Before<(MeterId, Quantity), Value>,
    counters: Before<(MeterId, Quantity), i64>,
}

/// What was said in this session, and what was known of things when it was said.
#[derive(Default)]
struct Said {
    /// Children that the platform knows.
    registered: BTreeSet<String>,
    counts: BTreeMap<SpaceId, (Timestamp, Occupancy)>,
    /// Counts that came too soon after another.
    held: BTreeMap<SpaceId, (Timestamp, Occupancy)>,
    settings: BTreeSet<(MeterId, Quantity)>,
    /// How parts of the box are, as the platform knows it.
    parts: BTreeMap<&'static str, PartState>,
    /// That some entries have the time at which they were sent.
    guessed: bool,
}

impl Cumulocity {
    /// Words for the tenant that knows the box as `device`.
    #[must_use]
    pub fn new(device: &str, world: World, config: &Config, hands: Arc<dyn Hands>) -> Cumulocity {
        Cumulocity {
            names: Names::new(device),
            world,
            hands,
            reports: config.operations,
            position: config.position,
            said: Mutex::default(),
            greeting: Mutex::default(),
            before: Mutex::default(),
            skipped: AtomicU64::new(0),
            passed_over: Mutex::default(),
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

    /// Registration, in the order in which the platform needs it. What it has acknowledged in the last day, and what
    /// is still the same, is left out.
    pub fn hello(&self) -> Result<Vec<Message>, ReadError> {
        *self.said() = Said::default();
        let (meters, spaces) = (self.world.meters()?, self.world.spaces()?);
        let house = self.world.house();
        let part = |(name, _): (&'static str, String)| (name, self.hands.part(name));
        self.said().parts = self.names.services().map(part).collect();
        // What is acknowledged up to a space's last change is how the platform knows it.
        let told = self.world.told_values();
        for space in spaces.iter().filter(|space| space.seq <= told) {
            let mut before = self.changing();
            before.maxima.begin(space.id, space.seq, space.occupancy.maximum);
        }
        let mut own = vec![self.names.appliance(&house.name)];
        own.extend(meters.iter().map(|meter| self.names.child_meter(meter)));
        own.extend(spaces.iter().map(|space| self.names.child_space(space)));
        own.extend(self.names.facts(self.position, &*self.hands));
        own.push(self.in_force());
        own.extend(self.installed()?);
        let mut greeting = self.greeting();
        greeting.begin(Timestamp::now());
        own.retain(|line| greeting.is_to_be_said(line));
        let mut messages = self.packed(None, own);
        for meter in &meters {
            let child = self.names.meter(&meter.serial);
            let mut lines = self.names.meter_facts(meter);
            lines.retain(|line| greeting.is_to_be_said(&format!("{child} {line}")));
            messages.extend(self.packed(Some(&child), lines));
        }
        drop(greeting);
        let mut said = self.said();
        said.registered
            .extend(meters.iter().map(|meter| self.names.meter(&meter.serial)));
        said.registered
            .extend(spaces.iter().map(|space| self.names.space(space.id)));
        Ok(messages)
    }

    /// The whole greeting is acknowledged.
    pub fn greeted(&self, now: Timestamp) {
        self.greeting().acknowledged(now);
    }

    /// The configuration in force, as the platform shows it.
    fn in_force(&self) -> String {
        let text = self.hands.configuration(Section::Whole);
        let line = Line::new(113).text(&text).finish();
        if line.len() <= PAYLOAD {
            return line;
        }
        // Half of one would be sent back as if it were all.
        let text = "# It is too long to be shown here; ask for its parts as files.";
        Line::new(113).text(text).finish()
    }

    /// Files of configuration that are in force.
    fn installed(&self) -> Result<Vec<String>, ReadError> {
        let line = |file: Installed| {
            let line = Line::new(120).text(&file.kind).text(&file.url).text(&file.name);
            line.time(file.at).finish()
        };
        Ok(self.world.installed()?.into_iter().map(line).collect())
    }

    /// What is said when the subscriptions stand. `orphans`: what this box does not know to be under way is not.
    #[must_use]
    pub fn listening(&self, orphans: bool) -> Vec<Message> {
        let end = orphans.then(|| Line::new(507).text("").text("agent restarted").finish());
        // Only lines have no number in them that says for whom a file is.
        let number = (self.reports == Reports::Smartrest).then(|| Line::new(123).finish());
        let lines = end.into_iter().chain(number).chain([Line::new(500).finish()]);
        lines.map(|line| self.up(None, line)).collect()
    }

    /// What is said last, when the box stops in order.
    #[must_use]
    pub fn goodbye(&self) -> Vec<Message> {
        // What is said now contradicts the greeting, so the next one is whole.
        *self.greeting() = Greeting::default();
        self.said().parts.clear();
        let services = self
            .names
            .services()
            .map(|(_, service)| self.up(Some(&service), Line::new(104).text("down").finish()));
        services.collect()
    }

    /// What a delivery of the journal becomes.
    #[must_use]
    pub fn journal(&self, lane: Lane, delivery: &Delivery) -> Vec<Message> {
        match delivery {
            Delivery::Entry(entry) => {
                let mut messages: Vec<Message> =
                    entry.events.iter().flat_map(|event| self.event(entry, event)).collect();
                if !messages.is_empty() {
                    messages.splice(0..0, self.guessed(entry));
                }
                messages
            }
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

    /// Before the first entry of a session whose time nobody knows, that it is so.
    fn guessed(&self, entry: &Entry) -> Option<Message> {
        if entry.clock != ClockState::Wrong || std::mem::replace(&mut self.said().guessed, true) {
            return None;
        }
        let text = "some of what follows was written down while the clock of the box was not set: it has the time at which it was sent";
        let line = Line::new(400).text("uplink_TimeGuessed").text(text).time(entry.at);
        Some(self.up(None, line.finish()))
    }

    /// What is held back though nothing more waits: the last word on a space must be its count.
    #[must_use]
    pub fn settle(&self, now: Timestamp) -> Vec<Message> {
        let mut said = self.said();
        let due: Vec<(SpaceId, (Timestamp, Occupancy))> = said
            .held
            .iter()
            // Either way: a clock may be set back.
            .filter(|(_, (at, _))| now.duration_since(*at).abs() >= EACH)
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
        if !is_possible(at) {
            return None;
        }
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
        self.packed(Some(&self.names.meter(&meter.serial)), self.names.meter_facts(meter))
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

    fn greeting(&self) -> MutexGuard<'_, Greeting> {
        self.greeting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changing(&self) -> MutexGuard<'_, Changing> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many values were no numbers and were left out.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
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
