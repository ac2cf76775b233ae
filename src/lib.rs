//! Gatelodge: one static binary for a building.

pub mod domain;
pub mod http;
pub mod pki;
pub mod store;
pub mod tls;
