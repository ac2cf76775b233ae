//! The meter room: Emlite electricity meters over EMOP (EMOP §1).
//!
//! [`emop`] is the protocol, pure; [`smip`], [`mediator::messages`] and [`arguments`] are what other
//! programs and people write, pure as well. [`link`] and [`session`] speak with one meter, a [`driver`] keeps who
//! wants something of it in order, `half_hours` come out of its memory, and [`Meters`] is the fleet: registry, polling, what was last known.
#![doc = ""]
#![doc = include_str!("README.md")]

pub mod arguments;
mod asking;
pub mod bringing;
mod command;
mod config;
pub mod driver;
pub mod emop;
mod energy;
mod every;
pub mod explain;
pub(crate) mod given_moment;
mod half_hours;
mod holding;
pub mod house;
mod identified;
mod identity;
pub mod jobs;
mod joining;
mod learnt;
pub mod link;
pub mod list;
mod list_asked;
mod manage;
pub mod mediator;
mod notes;
pub(crate) mod own_time;
pub mod pages;
mod polling;
pub mod probe;
pub mod purse;
mod read_now;
pub mod reads;
pub mod remedy;
mod room;
mod said;
mod served;
pub mod session;
mod shown;
pub mod simulator;
pub mod smip;
pub mod tariffs;
mod timetable;
pub mod topup;
pub mod v1;
pub mod writes;

pub use asking::{Asking, AskingError, Outcome, RowShown};
pub use config::{Config, Entry, EntryError, Polling};
pub use energy::{Span, SpanError, Totals};
pub use every::Every;
pub use holding::MeterHolding;
pub use joining::{Answers, Joined};
pub use manage::OpenTopups;
pub use polling::PollingError;
pub use read_now::ReadNowError;
pub use room::{BuildError, Deps, Meters, MetersError};
pub use served::Source;
pub use shown::{FleetShown, MeterShown, Progress, ToSettle, ValueShown};
