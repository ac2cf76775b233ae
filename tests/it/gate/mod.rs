//! The gate through its doors: real sockets, real clients.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "in a test a panic is the verdict, and tasks end with their runtime"
)]

mod announced;
mod clients;
mod crowd;
mod descriptors;
mod early;
mod expect;
pub mod fixture;
mod handshake;
mod nginx;
mod peers;
mod plain;
mod proxies;
pub mod test_pki;
mod unsent;
mod uploads;
