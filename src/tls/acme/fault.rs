//! Why there is no new certificate, in words for people who were not there.

use std::path::PathBuf;
use std::time::Duration;

use rustls_acme::acme::{AcmeError as Library, Auth, Problem};
use rustls_acme::{EventError, OrderError};

use super::proof::Unproven;
use crate::files;
use crate::store::{ReadError, RowError, WriteError};
use crate::tls::files::FileError;
use crate::tls::pair::CertificateError;

/// An order, or the keeping of what it brought, failed.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// The server's own certificate cannot be checked.
    #[error("acme.ca_file: {0}")]
    Roots(FileError),
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
    /// Nothing came in time.
    #[error("the ACME server at {directory} did not finish the order within {} s: it is silent or slow", .after.as_secs())]
    Silent {
        /// Which server.
        directory: String,
        /// How long was waited.
        after: Duration,
    },
    /// The server cannot be reached or breaks off.
    #[error("the ACME server at {directory} cannot be reached: {reason}")]
    Away {
        /// Which server.
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
    },
    /// The server looked, and the name does not lead here.
    #[error("the ACME server could not see that {name} is this box: {detail}")]
    NotOurs {
        /// Which name.
        name: String,
        /// Its words.
        detail: String,
    },
    /// The order ended without a certificate.
    #[error("the order failed: {0}")]
    Order(String),
    /// What was issued must not be shown.
    #[error("what the ACME server issued is not used: {0}")]
    Unproven(#[from] Unproven),
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
    /// What an order of the library came to.
    pub(super) fn of_event(directory: &str, error: EventError<AcmeError, AcmeError>) -> AcmeError {
        match error {
            EventError::CertCacheLoad(error)
            | EventError::AccountCacheLoad(error)
            | EventError::CertCacheStore(error)
            | EventError::AccountCacheStore(error) => error,
            EventError::CachedCertParse(error) | EventError::NewCertParse(error) => AcmeError::Order(error.to_string()),
            EventError::Order(OrderError::Acme(error)) => AcmeError::of_call(directory, &error),
            EventError::Order(OrderError::BadAuth(auth)) => AcmeError::of_authorization(auth),
            EventError::Order(OrderError::BadOrder(order)) => AcmeError::Order(words_of(order.error)),
            EventError::Order(OrderError::TooManyAttemptsAuth(name)) => AcmeError::NotOurs {
                name,
                detail: "it did not come to a verdict".to_owned(),
            },
            EventError::Order(error @ (OrderError::Rcgen(_) | OrderError::ProcessingTimeout(_))) => {
                AcmeError::Order(error.to_string())
            }
        }
    }

    /// What a call of the library came to. It hides its HTTP errors behind a type without a name, so a refusal is
    /// read out of its text: `… status: 403 "{\"type\": …}"`.
    pub(super) fn of_call(directory: &str, error: &Library) -> AcmeError {
        let text = error.to_string();
        let Some((_, rest)) = text.split_once("non 2xx http status: ") else {
            let away = matches!(error, Library::Io(_) | Library::HttpRequest(_));
            return if away {
                let directory = directory.to_owned();
                let reason = text.trim_start_matches("http request error: ").to_owned();
                AcmeError::Away { directory, reason }
            } else {
                AcmeError::Order(format!("the ACME server answers in a form of its own: {text}"))
            };
        };
        let (status, quoted) = rest.split_once(' ').unwrap_or((rest, ""));
        let body = serde_json::from_str::<String>(quoted).unwrap_or_else(|_| quoted.to_owned());
        let problem = serde_json::from_str::<Problem>(&body).ok();
        let kind = problem
            .as_ref()
            .and_then(|problem| problem.typ.clone())
            .unwrap_or_default();
        let detail = problem.and_then(|problem| problem.detail);
        AcmeError::Refused {
            status: status.parse().unwrap_or(0),
            kind: kind.rsplit(':').next().unwrap_or_default().to_owned(),
            detail: detail.unwrap_or_else(|| body.trim().chars().take(200).collect()),
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

    /// A nonce was rejected: no fault of anybody's, the next order will do (RFC 8555 §6.5).
    pub(super) fn is_nonce(&self) -> bool {
        matches!(self, AcmeError::Refused { kind, .. } if kind == "badNonce")
    }
}

fn words_of(problem: Option<Problem>) -> String {
    let words = problem.map(|problem| {
        let kind = problem.typ.unwrap_or_default();
        let kind = kind.rsplit(':').next().unwrap_or_default().to_owned();
        format!("{} ({kind})", problem.detail.unwrap_or_default())
    });
    words.unwrap_or_else(|| "the server does not say why".to_owned())
}
