//! A meter that is not there: answers EMOP over TCP or a pseudo-terminal, with the faults of real lines
//! (EMOP §17).
//!
//! It speaks our own codec with our own inferred constants, so it cannot confirm them. Its registers are
//! functions of the half hour, so any reading of it can be told in advance: with k the half hours since
//! slot 420000, import A is 100000 + 250 k, export A 20000 + 40 k, import B 50000 + 100 k, export B 9000 + 11 k.
//! A household's day ([`Shape::Household`]) is for people to look at. A meter with `prepay` has registers that rise within
//! the half hour too, for its balance falls by them (EMOP §17.1).

mod account;
mod answering;
mod chance;
mod faults;
mod in_force;
mod keeping;
mod logs;
mod meter;
mod objects;
mod own_time;
mod serving;
mod setup;
mod shape;
mod slot;
mod station;
mod supply;
#[cfg(test)]
mod tests;
mod three_phase;
mod tokens;

pub use faults::{Faults, Rate, RateError, SlotError, SlotOfDay};
pub use meter::SimulatedMeter;
pub use serving::{PtyMeter, SimulatorError, TcpMeter};
pub use setup::{Setup, Tariff};
pub use shape::Shape;
pub use station::{Now, Station};
