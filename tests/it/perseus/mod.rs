//! Consented energy data, from outside: over mutual TLS as applications come, and over HTTPS as browsers do.

mod broken_off;
mod browser;
mod clock;
mod codes;
mod data;
pub mod fixture;
mod flow;
mod identity;
mod interactions;
mod languages;
mod messages;
mod outside;
mod pushed;
pub mod readings;
mod records;
mod restored;
mod signers;
mod signing;
mod signing_files;
mod speed;
mod standing;
