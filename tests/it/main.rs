//! Everything that is tested from outside, through real sockets, files and programs.

mod architecture;
mod book;
mod configuration;
mod gate;
mod occupancy;
mod pki;
mod support;
