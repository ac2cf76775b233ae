//! Meters: the protocol's vectors, links and sessions against simulated meters and recorded ones.

mod anything;
mod speed;
mod vectors;
