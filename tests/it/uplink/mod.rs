//! The road to the cloud, with Debian's mosquitto at the other end and its own client as a witness.

mod broker;
mod cumulocity;
mod login;
mod outage;
mod plain;
mod platform;
mod rules;
mod speed;
mod stage;
