//! The relay: a meeting point for two programs that can both only call out (RELAY §1).
//!
//! Peers are gateways and managers of the Micronets family and whatever speaks like them: each opens a WebSocket over
//! mutual TLS at `<prefix><id>`, says HELLO, gets the HELLO of the other one that came for the same id, and from then
//! on every message of the one goes to the other. The relay carries and does not listen: after HELLO nothing is read
//! into, and nothing of it is ever logged or kept.
//!
//! Pure: [`hello`], [`frame`], [`inbound`], [`meetup`], [`rule`], [`goodbye`], [`upgrade`], [`extension`]. A peer's
//! connection is served by `pipe` and `conversation`, which know the room by the trait in `table` alone; [`Relay`] knows
//! who is there. Not done: more than one relay, observers.
#![doc = ""]
#![doc = include_str!("README.md")]

mod allowance;
mod api;
mod attendance;
pub mod bridge;
mod config;
mod conversation;
mod counts;
pub mod extension;
mod fault;
pub mod frame;
pub mod goodbye;
pub mod hello;
pub mod inbound;
pub mod meetup;
mod notes;
pub mod pages;
mod peer;
mod pipe;
mod room;
pub mod rule;
mod shown;
mod table;
mod ticket;
mod trace;
mod traced;
pub mod upgrade;
pub mod v1;

pub use api::router;
pub use config::{CloseCodes, Config, DoorConfig, PREFIX};
pub use counts::Counts;
pub use room::{AdmissionError, LONGEST_ID, Relay, RelayError};
pub use shown::{PeerShown, TicketRequest, TicketShown};
pub use ticket::TicketError;
pub use trace::{LONGEST_TRACE, TraceError};
