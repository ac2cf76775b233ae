//! Gatelodge: one static binary for a building.
//!
//! People, meters and partners come to the doors; what they tell is written in one store, the *book*, and goes up the
//! uplink to the cloud. The parts, called *rooms*, do not talk to each other: they write in the book, whose *bell* rings
//! when a change is on disk, and read its *journal*. These and the few other words that are ours are listed below.
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
pub mod perseus;
pub mod privacy;
pub mod relay;
pub mod uplink;

pub mod webhooks;

pub mod moving;

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

pub mod texts;
