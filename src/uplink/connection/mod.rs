//! The way to the broker: who the box is, where the broker is, how a session is opened, and when to try again.

pub mod address;
pub(super) mod agreed;
pub(super) mod attempts;
pub mod dial;
pub mod error;
pub(super) mod last_good;
pub(super) mod login;
pub(super) mod opening;
pub mod rehearsal;
pub mod retry;
pub mod shown;
pub(super) mod tls_error;
pub mod wire;

pub(super) use crate::http::network;
