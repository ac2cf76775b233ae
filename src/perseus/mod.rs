//! Consented energy data: an authorization server of the FAPI 2.0 Security Profile, consent, and the door to the data.
//!
//! An application pushes what it wants over mutual TLS (`machine`), a person comes, signs in and decides (`people`), and
//! what they decided is one value in the book (`rows`, `filter`) which every later request is held against (`resource`).
//! Pure: [`refusal`], [`parameters`], [`pkce`], [`redirect_uri`], [`scope`], [`access_token`], [`filter`], [`metadata`].
#![doc = ""]
#![doc = include_str!("README.md")]

pub mod access_token;
mod build_error;
mod config;
pub mod filter;
mod half_hours;
mod holding;
mod ledger;
#[cfg(test)]
mod ledger_speed;
mod licence;
mod machine;
pub mod metadata;
mod naming;
pub mod parameters;
mod pass;
mod people;
pub mod period;
pub mod pkce;
#[doc(hidden)]
pub mod probe;
pub mod provenance;
mod pushed;
pub mod redirect_uri;
pub mod refusal;
mod resource;
mod restored;
mod room;
mod rows;
pub mod scope;
mod signing;
mod signing_files;
mod source;
mod standing;
mod sweeping;
mod telling;
mod token_keys;
mod words;

use std::sync::Arc;

use axum::Router;

pub use build_error::BuildError;
pub use config::{Client, Clients, Config, Licence};
pub use holding::PerseusHolding;
pub use ledger::RecordRow;
pub use licence::LicenceError;
pub use metadata::Places;
pub use people::Allowed;
pub use pushed::PushedRequests;
pub use room::{Deps, Perseus};
pub use signing::SigningShown;
pub use signing_files::{SigningFinding, check_signing};
pub use standing::{PermissionShown, Standing};
pub use token_keys::{TokenKeys, TokenKeysError};
pub use words::examine_words;

use crate::face::Face;

/// Looks whether a licence has words that people could agree to.
///
/// # Errors
///
/// Why not.
pub fn check_words(section: &Licence) -> Result<(), LicenceError> {
    licence::Licence::read(section).map(drop)
}

/// What machines see, behind the mtls door.
pub fn machines(room: &Arc<Perseus>) -> Router {
    machine::router(room)
        .merge(machine::published(room))
        .merge(resource::router(room))
}

/// What people see, behind the https door, and what everybody may read.
pub fn people(room: &Arc<Perseus>, face: &Face) -> Router {
    machine::published(room).merge(people::router(room, face))
}
