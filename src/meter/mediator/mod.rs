//! The mediator: meters over gRPC, as existing clients speak to it (EMOP §10, §11, §12).
//!
//! [`access`] says who may call what, `service` answers the calls, [`info`] is the JSON of the registry; [`client`] is the other end. The
//! router here hangs on the box's own door, which brings TLS, the client's certificate, limits and revocation.

pub mod access;
pub mod client;
pub mod credentials;
mod descriptor;
mod fault;
pub mod info;
pub mod messages;
mod service;

pub use fault::refusal;
pub use service::{Mediator, Roles, router};
