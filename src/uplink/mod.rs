//! Everything that happened, up the road to the cloud.
//!
//! The peer is an MQTT broker (UPLINK §1, §5). The outbox is the journal itself: each lane is read in order by a
//! durable cursor that moves when the broker has acknowledged, so neither an outage nor a crash loses what was written
//! down; what thinning took away is told as lost. What is newest goes first, on topics of its own: `following` notes whose state
//! a change touches, and `live` has it told as rows have it. To a plain broker that is the only way of a count; to a
//! tenant it goes by the journal.
//!
//! | folder | what |
//! |---|---|
//! | `connection` | the way to the broker, and when to try again |
//! | `session` | what is under way in an open session |
//! | `cumulocity`, `plain` | what is said, and how what is heard is read: to a tenant, to any broker |
//! | `operations` | what a tenant asks for, each with one end |
//! | `tenant`, `enrol` | the platform's HTTP side, and how it is given proof of who the box is |
#![doc = ""]
#![doc = include_str!("README.md")]

mod alarm_rules;
mod announced;
mod config;
mod connection;
mod context;
mod counts;
pub mod cumulocity;
mod dating;
mod dialect;
pub mod enrol;
mod error;
mod fields;
mod following;
mod host;
mod installed;
mod joining;
mod ledger;
mod live;
mod names;
mod operations;
mod outbox;
pub mod pages;
mod patience;
pub mod plain;
mod room;
mod session;
mod shown;
mod status;
mod tallies;
mod tenant;
mod topic;
pub mod v1;
mod world;

pub use alarm_rules::AlarmRules;
pub use config::{Auth, Config, Kind, Mqtt, Version};
pub use connection::address::{BrokerUrl, BrokerUrlError};
pub use connection::error::{ConnectionError, ErrorClass, OwnCertificateError};
pub use connection::rehearsal::rehearse;
pub use connection::shown::FaultShown;
pub use enrol::{CredentialFolder, EnrolError, EnrolRequest, EnrolmentShown, Stage};
pub use error::UplinkError;
pub use host::{Host, LogKind, LogLine, LogQuery, NewConfiguration, PartState, Section};
pub use names::READER;
pub use patience::Patience;
pub use room::{Deps, Uplink};
pub use session::quarantine::Aside;
pub use status::{RejectedLine, Status, UplinkShown};
pub use tallies::{Ignored, TOOK, Tallies};
pub use world::BoxFacts;

/// Reads a file that holds one secret of the uplink, a password or a one-time password, as it will be read.
///
/// # Errors
/// When it cannot be read or is empty.
pub fn check_secret(file: &std::path::Path) -> Result<(), ConnectionError> {
    connection::login::password(file).map(drop)
}
