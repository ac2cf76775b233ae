//! The gate through its doors: real sockets, real clients.

mod plain;
mod stage;
