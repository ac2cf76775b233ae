//! Gatelodge: one static binary for a building.

pub mod accounts;
pub mod config;
pub mod domain;
pub mod face;
pub mod http;
pub mod occupancy;
pub mod store;
pub mod supervisor;
