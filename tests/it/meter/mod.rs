//! Meters: the protocol's vectors, links and sessions against simulated meters and recorded ones.

mod anything;
mod bad_answers;
mod command;
mod peer;
mod recorded;
mod serial;
mod simulated;
mod socks;
mod speed;
mod stage;
mod vectors;
