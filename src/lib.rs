//! Gatelodge: one static binary for a building.

pub mod accounts;
pub mod domain;
pub mod http;
pub mod store;
