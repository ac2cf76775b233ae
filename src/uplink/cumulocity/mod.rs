//! Kind `"cumulocity"`: SmartREST lines to a tenant (UPLINK §1, §2, §3).
//!
//! The box is a device; each meter and each space that is told is a child of it. Registration is made anew from the
//! rows in each session, before any value. A child's values wait for nothing else: MQTT keeps their order behind it.

mod alarms;
mod asked;
mod before;
mod dialect;
mod greeting;
mod hearing;
mod newest;
mod opening;
mod passed_over;
mod register;
mod regular;
mod series;
pub mod smartrest;
mod telling;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::config::{Config, Reports};
use super::connection::wire::Message;
use super::host::{Host, PartState};
use super::world::World;
use crate::domain::units::count;
use crate::domain::{Lane, MeterId, Occupancy, Quantity, SpaceId};
use crate::store::{ClockState, Delivery, Entry};
pub use asked::asked;
use before::Before;
use greeting::Greeting;
pub(in crate::uplink) use hearing::listens_to;
use passed_over::PassedOver;
use register::Names;
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
    host: Arc<dyn Host>,
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
    counters: Before<(MeterId, Quantity), u64>,
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
    pub fn new(device: &str, world: World, config: &Config, host: Arc<dyn Host>) -> Cumulocity {
        Cumulocity {
            names: Names::new(device),
            world,
            host,
            reports: config.operations,
            position: config.position,
            said: Mutex::default(),
            greeting: Mutex::default(),
            before: Mutex::default(),
            skipped: AtomicU64::new(0),
            passed_over: Mutex::default(),
        }
    }

    /// What a delivery of the journal becomes.
    #[must_use]
    pub(super) fn delivery(&self, lane: Lane, delivery: &Delivery) -> Vec<Message> {
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
                    "lost before they were sent: up to {} of lane {lane} ({} to {})",
                    count(gap.n, "entry", "entries"),
                    gap.from,
                    gap.to
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
    pub(super) fn settle(&self, now: Timestamp) -> Vec<Message> {
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

    /// Whom an operation may be addressed to.
    #[must_use]
    pub fn is_ours(&self, device: &str) -> bool {
        device == self.names.device() || self.said().registered.contains(device)
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
