//! Rules: when a value is not as it should be, for how long, and that people are told once
//! (UPLINK §3.6, OCC §4).
//!
//! A reader of the journal holds each rule against what meters and spaces say. That an alarm begins or ends is one change
//! with the state that it came from, so there is none without the other. Who tells of alarms reads the journal.

mod builtin;
mod context;
mod due;
mod entry;
mod era;
mod group;
mod inbox;
mod ledger;
mod level;
mod machine;
mod op;
mod room;
mod rule;
mod rulebook;
mod threshold;
mod watch;
mod window;
mod writing;

pub use context::BoxFacts;
pub use entry::Entry;
pub use inbox::{Gauge, Gauges, Inbox, NobodyThere};
pub use machine::{Parameters, Phase};
pub use op::Op;
pub use room::{READER, Rules};
pub use rule::{On, Rule};
pub use rulebook::rules;
