//! Everything that is tested from outside, through real sockets, files and programs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "in a test, a failed unwrap is the failure, and tests read their own environment and clocks"
)]

mod access;
mod accounts;
mod acme;
mod admin_socket;
mod api_document;
mod architecture;
mod audit;
mod backups;
mod binary;
mod book;
mod broken_room;
mod bucket;
mod configuration;
mod configuration_faults;
mod configured_files;
mod crash;
mod demo;
mod doctor;
mod face;
mod gate;
mod guide;
mod handover;
mod knots;
mod licences;
mod lifecycle;
mod links;
mod meter;
mod monitoring;
mod moving;
mod my;
mod occupancy;
mod old_book;
mod pages;
mod papers;
mod people;
mod perseus;
mod pki;
mod portable;
mod privacy;
mod quickstart;
mod relay;
mod restore_trial;
mod setup;
mod support;
mod support_bundle;
mod support_period;
mod under_box;
mod upgrade;
mod uplink;
mod variables;
mod way_out;
mod welsh;
