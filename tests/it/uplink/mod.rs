//! The road to the cloud, with Debian's mosquitto at the other end and its own client as a witness; where a broker has to
//! behave badly, one that does as it is told.

mod again;
mod bootstrap;
mod broker;
mod clear;
pub mod clock;
mod cloud;
mod cumulocity;
mod encoding;
mod enrol;
mod est;
mod fixture;
mod greeting;
mod host;
mod joining;
mod kept;
mod limits;
mod login;
mod metered;
mod operations;
mod outage;
mod parts;
mod plain;
mod platform;
mod proof;
mod puppet;
mod replaced;
mod rules;
mod silence;
mod speed;
mod templates;
mod tenant;
mod way_out;
