//! Gatelodge: one static binary for a building.
//!
//! People, meters and partners come to the gate; what they tell is written in one book and goes up the
//! road to the cloud. Rooms do not talk to each other: they write in the book, and the book rings a bell.
//!
//! The floors, top first. An import may skip floors, never climb; `tests/it/architecture.rs` keeps watch.
#![doc = ""]
#![doc = include_str!("README.md")]

pub mod cli;

pub mod app;

pub mod admin;
pub mod config;
pub mod supervisor;

pub mod meter;
pub mod occupancy;
pub mod relay;
pub mod uplink;

pub mod webhooks;

pub mod face;
pub mod feed;
pub mod rules;

pub mod accounts;

pub mod tls;

pub mod http;

pub mod pki;

pub mod store;

pub mod files;

pub mod domain;
