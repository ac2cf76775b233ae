//! The gate through its doors: real sockets, real clients.

mod clients;
mod crowd;
mod handshake;
mod house;
mod peers;
mod plain;
mod stage;
