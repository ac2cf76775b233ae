//! Meters: the protocol's vectors, links and sessions against simulated meters and recorded ones.

mod anything;
mod bad_answers;
pub mod command;
mod demo;
mod driver;
mod emop_commands;
mod emop_files;
mod emop_places;
mod emop_refusals;
mod emop_stage;
mod emop_three;
mod fleet;
mod half_hours;
mod mediator;
mod mediator_speed;
mod peer;
mod polling;
mod recorded;
mod registry;
mod serial;
mod simulated;
mod socks;
mod speed;
mod stage;
pub mod v1;
mod vectors;
