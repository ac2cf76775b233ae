//! Certificates that order and renew themselves (ACME, RFC 8555).
//!
//! `rustls-acme` knows the documents and what a challenge wants to see; the conversation (`server`), the order
//! (`order`) and everything else are ours. `schedule` says when, `vault`
//! keeps certificate, keys and schedule across restarts, `proof` looks at what was issued before anybody is shown
//! it, `advice` asks the server when it wants a renewal (RFC 9773), and `keeper` brings them together.

mod advice;
mod binding;
mod challenge;
mod fault;
mod keeper;
mod line;
mod order;
mod proof;
mod rehearsal;
mod renewal_info;
mod schedule;
mod server;
#[cfg(test)]
mod standing_tests;
mod tally;
mod vault;

use std::path::PathBuf;
use std::time::Duration;

pub use binding::{Binding, BindingError, check_binding_key};
pub use challenge::{Challenge, Challenges};
pub use fault::AcmeError;
pub use keeper::{Acme, Renewed};
pub use rehearsal::{Step, Verdict};
pub use tally::AcmeTally;

pub(super) use challenge::CHALLENGE_PROTOCOL;
pub(super) use keeper::Standing;

use crate::http::way_out::WayOut;

/// What is ordered, from whom, and how patiently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcmeSettings {
    /// The address of the server's directory (RFC 8555 §7.1.1).
    pub directory: String,
    /// The directory that a rehearsal uses in its place, where the server has one for that.
    pub rehearsal_directory: Option<String>,
    /// Whom the server may write to, as `mailto:` addresses.
    pub contact: Vec<String>,
    /// The account with the server's owner that ours is bound to (RFC 8555 §7.3.4).
    pub binding: Option<Binding>,
    /// Of which kind the certificate is to be, where the server has several (draft-ietf-acme-profiles).
    pub profile: Option<String>,
    /// The names of the certificate; [`Acme::new`] brings them in order.
    pub domains: Vec<String>,
    /// Roots of a private server, PEM; `None`: the system's.
    pub ca_file: Option<PathBuf>,
    /// By which way the server is reached.
    pub way: WayOut,
    /// By which proofs control of the names may be shown, in order of preference.
    pub challenges: Vec<Challenge>,
    /// Where keys lie, for their owner's eyes only.
    pub folder: PathBuf,
    /// How long one order may take.
    pub deadline: Duration,
    /// The pause after a first failure; it doubles with each further one.
    pub retry_first: Duration,
    /// The longest pause after failures.
    pub retry_longest: Duration,
}
