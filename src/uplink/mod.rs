//! Everything that happened, up the road to the cloud.
//!
//! The peer is an MQTT broker (`spec/uplink.md`). The outbox is the journal itself: each lane is read in order by a
//! durable cursor that moves when the broker has acknowledged, so neither an outage nor a crash loses what was written
//! down; what thinning took away is told as lost. What is newest goes first, on topics of its own.

mod address;
mod attempts;
mod board;
mod config;
mod config_fault;
mod counts;
pub mod cumulocity;
mod dating;
mod dial;
pub mod enrol;
mod fault;
mod fields;
mod hands;
mod joining;
mod ledger;
mod live;
mod network;
mod opening;
mod operations;
mod outbox;
mod pace;
pub mod pages;
mod patience;
pub mod plain;
mod rehearsal;
mod retry;
mod room;
mod session;
mod shown;
mod speech;
mod suspects;
mod tenant;
mod tokens;
pub mod v1;
mod web;
mod window;
mod wire;
mod world;

pub use address::{BrokerUrl, BrokerUrlError};
pub use board::{Board, Complaint, FaultShown, Ignored, TOOK, Tallies, UplinkShown};
pub use config::{Auth, Config, Kind, Mqtt, Version};
pub use config_fault::Fault as ConfigFault;
pub use enrol::{EnrolFault, EnrolWish, EnrolmentShown, Kept, Stage};
pub use fault::{CertificateFault, Fault, Trouble};
pub use hands::{Hands, LogKind, LogLine, LogWanted, NewConfiguration, PartState, Section};
pub use outbox::READER;
pub use patience::Patience;
pub use rehearsal::rehearse;
pub use room::{Terms, Uplink, UplinkError};
pub use suspects::Aside;
pub use world::Household;
