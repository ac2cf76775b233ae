//! Why there is no new certificate, in words for people who were not there.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use rustls_acme::acme::{Auth, Order, Problem};

use super::binding::BindingError;
use super::proof::ProofError;
use crate::files;
use crate::http::client::{Answer, CallError};
use crate::http::retry_after;
use crate::pki::pem::PemError;
use crate::store::{ReadError, RowError, WriteError};
use crate::tls::files::FileError;
use crate::tls::pair::CertificateError;

/// An order, or the keeping of what it brought, failed.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// The server's own certificate cannot be checked.
    #[error("acme.ca_file: {0}")]
    Roots(FileError),
    /// The file of roots is no PEM of certificates.
    #[error("acme.ca_file: {} holds no certificate: {source}", .path.display())]
    RootsPem { path: PathBuf, source: PemError },
    /// A root is not one.
    #[error("acme.ca_file: {} holds no certificate that can be a root", .0.display())]
    NoRoot(PathBuf),
    /// This machine knows no roots.
    #[error(
        "this machine has no root certificates to check the ACME server by: install ca-certificates, or set acme.ca_file"
    )]
    NoSystemRoots,
    /// rustls refused the settings of the connection to the server.
    #[error("no TLS to the ACME server: {0}")]
    Tls(rustls::Error),
    /// The account elsewhere cannot be named.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// There is no such kind of certificate.
    #[error("acme.profile: the ACME server has no profile `{wanted}`; {}", offers(.offered))]
    Profile {
        wanted: String,
        /// Those that there are.
        offered: Vec<String>,
    },
    /// Nothing came in time.
    #[error("the ACME server at {directory} did not finish the order within {} s: it is silent or slow", .after.as_secs())]
    Silent {
        directory: String,
        /// How long was waited.
        after: Duration,
    },
    /// The server cannot be reached or breaks off.
    #[error("the ACME server at {directory} cannot be reached: {reason}")]
    Away {
        directory: String,
        /// What the system said.
        reason: String,
    },
    /// The server said no.
    #[error("the ACME server refused ({status} {kind}): {detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The last part of the problem's type, such as `rateLimited` (RFC 8555 §6.7).
        kind: String,
        /// Its words.
        detail: String,
        /// When it wants to be asked again, if it says.
        again: Option<Timestamp>,
    },
    /// What answers is no ACME server, or not the one that was meant.
    #[error("what answers at {directory} is no ACME server: {what}")]
    Strange {
        directory: String,
        /// What it does.
        what: String,
    },
    /// Nothing was ordered: already the directory could not be read.
    #[error(transparent)]
    Unreached(Box<AcmeError>),
    /// The server looked, and the name does not lead here.
    #[error("the ACME server could not see that {name} is this box: {detail}")]
    NotOurs {
        name: String,
        /// Its words.
        detail: String,
    },
    /// The order ended without a certificate.
    #[error("the order failed: {0}")]
    Order(String),
    /// What was issued must not be shown.
    #[error("what the ACME server issued is not used: {0}")]
    Unproven(#[from] ProofError),
    /// What was issued, or what is stored, cannot be read.
    #[error(transparent)]
    Unreadable(#[from] CertificateError),
    /// A key could not be kept.
    #[error(transparent)]
    Folder(#[from] files::FileError),
    /// Rows could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Rows could not be written.
    #[error(transparent)]
    Write(#[from] WriteError<RowError>),
    /// The work's thread ended before the work.
    #[error("the work was interrupted")]
    Interrupted,
    /// The door that the certificate is for does not run.
    #[error("no door asks for an ACME certificate now")]
    Idle,
}

impl AcmeError {
    /// What a call that brought no answer came to.
    pub(super) fn of_call(directory: &str, limit: Duration, error: CallError) -> AcmeError {
        let directory = directory.to_owned();
        match error {
            CallError::Slow(..) => AcmeError::Silent {
                directory,
                after: limit,
            },
            CallError::TooLong(_, longest) => AcmeError::Strange {
                directory,
                what: format!("its answer is longer than {longest} bytes, which no ACME server's is"),
            },
            CallError::Connect { source, .. } | CallError::Tls { source, .. } => AcmeError::Away {
                directory,
                reason: source.to_string(),
            },
            CallError::Proxy { fault, .. } => AcmeError::Away {
                directory,
                reason: format!("{fault}; {}", fault.mend()),
            },
            error @ (CallError::Address(_) | CallError::Broken(..) | CallError::Body(_)) => AcmeError::Away {
                directory,
                reason: error.to_string(),
            },
        }
    }

    /// What the server's refusal says (RFC 8555 §6.7).
    pub(super) fn of_refusal(directory: &str, answer: &Answer) -> AcmeError {
        match serde_json::from_slice::<Problem>(&answer.body) {
            Ok(problem) => {
                let kind = problem.typ.unwrap_or_default();
                let detail = problem.detail.unwrap_or_else(|| "it does not say why".to_owned());
                AcmeError::Refused {
                    status: answer.status.as_u16(),
                    kind: kind.rsplit(':').next().unwrap_or_default().to_owned(),
                    detail: one_line(&detail),
                    again: retry_after(&answer.headers).and_then(|wait| Timestamp::now().checked_add(wait).ok()),
                }
            }
            // What is no problem document is of no use to people: pages, or another program's JSON.
            Err(_) => AcmeError::Strange {
                directory: directory.to_owned(),
                what: format!("it answers {} without saying why", answer.status),
            },
        }
    }

    /// Why an order is invalid.
    pub(super) fn of_order(order: Order) -> AcmeError {
        AcmeError::Order(words_of(order.error))
    }

    /// Whether no order was placed, so that another try costs nothing at the server.
    pub(super) fn is_unreached(&self) -> bool {
        matches!(self, AcmeError::Unreached(fault) if matches!(**fault, AcmeError::Away { .. } | AcmeError::Strange { .. }))
    }

    /// When the server wants to be asked again.
    pub(super) fn again(&self) -> Option<Timestamp> {
        match self {
            AcmeError::Refused { again, .. } => *again,
            AcmeError::Unreached(fault) => fault.again(),
            _ => None,
        }
    }

    /// Why an authorization is not valid: what the server says of the challenge it looked at.
    pub(super) fn of_authorization(auth: Auth) -> AcmeError {
        let rustls_acme::acme::Identifier::Dns(name) = auth.identifier;
        let error = auth.challenges.into_iter().find_map(|challenge| challenge.error);
        AcmeError::NotOurs {
            name,
            detail: words_of(error),
        }
    }

    /// A nonce was rejected: no fault of anybody's, the same request with the next one will do (RFC 8555 §6.5).
    pub(super) fn is_nonce(&self) -> bool {
        matches!(self, AcmeError::Refused { kind, .. } if kind == "badNonce")
    }
}

fn offers(profiles: &[String]) -> String {
    match profiles {
        [] => "it has none at all: leave acme.profile out".to_owned(),
        some => format!("it has {}", some.join(", ")),
    }
}

fn words_of(problem: Option<Problem>) -> String {
    let words = problem.map(|problem| {
        let kind = problem.typ.unwrap_or_default();
        let kind = kind.rsplit(':').next().unwrap_or_default().to_owned();
        format!("{} ({kind})", one_line(&problem.detail.unwrap_or_default()))
    });
    words.unwrap_or_else(|| "the server does not say why".to_owned())
}

/// A server's words as one line of bounded length.
fn one_line(words: &str) -> String {
    let words: Vec<&str> = words.split_whitespace().collect();
    words.join(" ").chars().take(200).collect()
}
