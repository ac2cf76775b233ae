//! What happened: the entries of the journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Alarm, AlarmNews, Lane, Level, MeterId, MeterNews, Occupancy, Operation, OperationState, Reading, Register, SpaceId,
};

/// Something that happened, recorded in the same change as the rows it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A space came to be.
    SpaceCreated {
        /// Which space.
        space: SpaceId,
        /// Its name, if it was given one.
        name: Option<String>,
        /// The count and maximum it starts with.
        occupancy: Occupancy,
    },
    /// The count of a space, its maximum, or both changed.
    SpaceChanged {
        /// Which space.
        space: SpaceId,
        /// People added (or, below zero, taken away) by this change.
        by: i64,
        /// Count and maximum after it.
        occupancy: Occupancy,
    },
    /// A space is no more.
    SpaceRemoved {
        /// Which space.
        space: SpaceId,
        /// Why it went.
        why: Removal,
    },
    /// Readings of one register and day were written that the book did not have, or had otherwise. The values
    /// themselves are read where readings are kept: there may be many.
    ReadingsRecorded {
        /// Which meter.
        meter: MeterId,
        /// Which register of it.
        register: Register,
        /// The first moment among them.
        from: Timestamp,
        /// How many.
        count: u32,
        /// The last of them.
        last: Reading,
    },
    /// A peer came to a meetup of the relay.
    PeerJoined {
        /// Which meetup, without the query of its address.
        meetup: String,
        /// The name in its certificate.
        peer: String,
    },
    /// A peer left a meetup of the relay.
    PeerLeft {
        /// Which meetup, without the query of its address.
        meetup: String,
        /// The name in its certificate.
        peer: String,
        /// Why, in one word.
        why: String,
    },
    /// Something happened to a meter.
    Meter {
        /// Which meter.
        meter: MeterId,
        /// What.
        news: MeterNews,
    },
    /// An operation that the cloud asked for was begun, or ended.
    Operation {
        /// Which.
        operation: Operation,
        /// What became of it.
        state: OperationState,
    },
    /// Something is not as it should be, or is again.
    Alarm {
        /// What.
        alarm: Alarm,
        /// Whether it begins, goes on or is over.
        news: AlarmNews,
    },
    /// A space is fuller or less full than before, by its thresholds and with the room between them.
    SpaceLevel {
        /// Which space.
        space: SpaceId,
        /// How full it is now.
        level: Level,
        /// How full it was.
        before: Level,
        /// Count and maximum.
        occupancy: Occupancy,
    },
    /// The uplink's own test: a number that rises by one, so that loss and order can be seen from outside.
    SelfTest {
        /// The number.
        count: u64,
    },
}

/// Why a space is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// Nobody used it for its idle time.
    Idle,
    /// Somebody deleted it.
    Deleted,
}

impl Event {
    /// The space that it is about.
    #[must_use]
    pub fn space(&self) -> Option<SpaceId> {
        match self {
            Event::SpaceCreated { space, .. }
            | Event::SpaceChanged { space, .. }
            | Event::SpaceRemoved { space, .. } => Some(*space),
            Event::ReadingsRecorded { .. }
            | Event::Meter { .. }
            | Event::PeerJoined { .. }
            | Event::PeerLeft { .. }
            | Event::Operation { .. }
            | Event::Alarm { .. }
            | Event::SpaceLevel { .. }
            | Event::SelfTest { .. } => None,
        }
    }

    /// The meter that it is about.
    #[must_use]
    pub fn meter(&self) -> Option<&MeterId> {
        match self {
            Event::ReadingsRecorded { meter, .. } | Event::Meter { meter, .. } => Some(meter),
            Event::SpaceCreated { .. }
            | Event::SpaceChanged { .. }
            | Event::SpaceRemoved { .. }
            | Event::PeerJoined { .. }
            | Event::PeerLeft { .. }
            | Event::Operation { .. }
            | Event::Alarm { .. }
            | Event::SpaceLevel { .. }
            | Event::SelfTest { .. } => None,
        }
    }

    /// The lane this event travels in.
    #[must_use]
    pub fn lane(&self) -> Lane {
        match self {
            Event::SpaceCreated { .. }
            | Event::SpaceRemoved { .. }
            | Event::PeerJoined { .. }
            | Event::PeerLeft { .. } => Lane::Event,
            Event::SpaceChanged { .. } | Event::ReadingsRecorded { .. } | Event::SelfTest { .. } => Lane::Measurement,
            Event::Operation { .. } | Event::Alarm { .. } | Event::SpaceLevel { .. } => Lane::Critical,
            Event::Meter { news, .. } => news.lane(),
        }
    }
}
