//! Webhooks: programs elsewhere are told when spaces get full and when alarms begin and end (OCC §5.11).
//!
//! Each target reads the journal with a cursor of its own, so that its order stands, a restart goes on where it was, and
//! a slow one holds nobody up. Requests are signed as <https://www.standardwebhooks.com> has it. What nobody took in time
//! is a dead letter, which people can send again.

mod config;
mod error;
mod ledger;
mod message;
pub mod pages;
mod room;
mod shown;
mod target;
pub mod v1;
mod waiting;

pub use config::{Entry, Topic, faults};
pub use error::{ReplayError, WebhooksError};
pub use ledger::State;
pub use room::Webhooks;
pub use shown::{DeliveryShown, TargetShown, TargetState};
