//! What the box does when the cloud asks: other rooms and the configuration are not this room's, so it only knows
//! these requests (UPLINK §2.2, §2.5, §2.7, §2.8).

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::MeterId;

/// The box, as far as it works for the cloud.
#[async_trait]
pub trait Host: Send + Sync {
    /// Names this run of the box; the next run has another name.
    fn process(&self) -> String;

    /// Names this boot of the machine.
    fn boot(&self) -> String;

    /// Ends the box, so that whoever started it starts it again.
    fn restart(&self);

    /// What is in force, as TOML, every secret and every path to one as `***`.
    fn configuration(&self, section: Section) -> String;

    /// Takes a configuration over, or leaves everything as it was. It goes on when the room that asked is
    /// rebuilt by it; then [`Host::configured`] has the answer.
    async fn configure(&self, wanted: NewConfiguration) -> Result<(), String>;

    /// What became of the configuration with this key; `None`: this run of the box has not heard of it.
    async fn configured(&self, key: u64) -> Option<Result<(), String>>;

    /// Lines of the log, oldest first.
    fn log(&self, wanted: &LogQuery) -> Vec<LogLine>;

    /// Has lines of this level logged, until the configuration is read again.
    fn log_level(&self, level: &str) -> Result<(), String>;

    /// How a part of the box is, by the name that the cloud has for it.
    fn part(&self, name: &str) -> PartState;

    /// How warm the board is, in degrees Celsius, where it says so.
    fn temperature(&self) -> Option<f64>;

    /// Reads a meter now; its values are told as they always are.
    async fn read(&self, meter: &MeterId) -> Result<(), String>;

    /// How long that may take, by the objects that are read and the time that each may need.
    fn reading_takes(&self) -> Duration {
        Duration::from_secs(60)
    }
}

/// How a part of the box is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartState {
    /// It works.
    Up,
    /// It broke, and is started again or left alone.
    Down,
    /// It is not configured.
    Closed,
}

impl PartState {
    /// As the cloud has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            PartState::Up => "up",
            PartState::Down => "down",
            PartState::Closed => "unknown",
        }
    }
}

/// A part of the configuration that the cloud has a name for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// All of it.
    Whole,
    /// `[uplink]` without its rules.
    Uplink,
    /// `[meters]` and `[[meter]]`.
    Meters,
    /// `[occupancy]`.
    Spaces,
    /// `[[uplink.rule]]`.
    Rules,
}

impl Section {
    /// The sections that can be had and sent by themselves.
    pub const TYPES: [Section; 4] = [Section::Uplink, Section::Meters, Section::Spaces, Section::Rules];

    /// What the cloud calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Section::Whole => "configuration",
            Section::Uplink => "uplink",
            Section::Meters => "meters",
            Section::Spaces => "spaces",
            Section::Rules => "rules",
        }
    }

    /// The part of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Section> {
        Section::TYPES.into_iter().find(|section| section.name() == name)
    }
}

/// A configuration that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConfiguration {
    /// Names it.
    pub key: u64,
    /// The only part that may differ.
    pub section: Section,
    /// TOML; what it does not name stays as it is, and so does what it says as `***`.
    pub text: String,
}

/// Which part of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    /// What this room says.
    Uplink,
    /// What the meters' room says.
    Meters,
    /// What was done by order of somebody.
    Audit,
    /// Faults of our own that broke something.
    Panic,
}

impl LogKind {
    /// Every part there is.
    pub const ALL: [LogKind; 4] = [LogKind::Uplink, LogKind::Meters, LogKind::Audit, LogKind::Panic];

    /// What the cloud calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LogKind::Uplink => "uplink",
            LogKind::Meters => "meters",
            LogKind::Audit => "audit",
            LogKind::Panic => "panic",
        }
    }

    /// The part of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<LogKind> {
        LogKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Which lines of the log are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// Of which part.
    pub kind: LogKind,
    /// Not older.
    pub from: Option<Timestamp>,
    /// Not newer.
    pub to: Option<Timestamp>,
    /// With this text in them; empty: all.
    pub with: String,
    /// The last so many.
    pub most: usize,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written.
    pub at: Timestamp,
    /// What it says, with level and place.
    pub text: String,
}
