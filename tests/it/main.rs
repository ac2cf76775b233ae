//! Everything that is tested from outside, through real sockets, files and programs.

mod accounts;
mod architecture;
mod book;
mod configuration;
mod gate;
mod lifecycle;
mod occupancy;
mod pki;
mod support;
