//! Why the box has no proof of who it is, or no new one, and what a person can do about it
//! (UPLINK §1.3, §1.5).

use std::io;

use axum::http::StatusCode;

use super::credential_folder::CredentialFolderError;
use super::est::{EstAnswerError, EstRequest};
use crate::http::client::Origin;
use crate::pki::SigningRequestError;
use crate::uplink::connection::error::ConnectionError;
use crate::uplink::tenant::TenantError;

/// Characters of the platform's own words that are shown.
const WORDS: usize = 300;

/// The box could not be enrolled, or its certificate not renewed.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// There is nothing to get a first certificate with.
    #[error("the box has no certificate that is good now, and no one-time password to get one with")]
    NoOtp,
    /// The one-time password cannot be read.
    #[error("the one-time password file {path} cannot be read: {source}")]
    Otp { path: String, source: io::Error },
    /// No key or request could be made.
    #[error(transparent)]
    Request(#[from] SigningRequestError),
    /// The platform cannot be asked.
    #[error("the platform could not be asked for a certificate: {0}")]
    Call(Box<TenantError>),
    /// It says no.
    #[error("{origin} gives no certificate: {status}{}{said}", if .said.is_empty() { "" } else { ": " })]
    Refused {
        /// What it was asked for.
        request: EstRequest,
        origin: Origin,
        status: StatusCode,
        /// Its own words.
        said: String,
    },
    /// Its answer is nothing the box can use.
    #[error("what {origin} answered is no certificate for this box: {why}")]
    Unusable {
        origin: Origin,
        /// What is wrong with it.
        why: EstAnswerError,
    },
    /// What was given could not be kept.
    #[error("what the platform gave could not be kept: {0}")]
    Kept(#[from] CredentialFolderError),
    /// The broker does not take the new certificate.
    #[error("the broker does not take the renewed certificate; the one of before is used on ({0})")]
    NextRefused(Box<ConnectionError>),
    /// What was heard is no login.
    #[error("the platform said on s/dcr what is no login: {0}; the box asks on")]
    NoLogin(super::bootstrap::NoLoginError),
}

impl EnrolError {
    /// What a person can do.
    #[must_use]
    pub fn mend(&self) -> &'static str {
        match self {
            EnrolError::NoOtp | EnrolError::Otp { .. } => {
                "register the device with a one-time password at the platform, and write it to uplink.otp_file, or give \
                 it to `gatelodge uplink enrol --otp-file FILE`"
            }
            EnrolError::Request(_) => "tell whoever maintains gatelodge",
            EnrolError::Call(_) => {
                "check uplink.http_url, that uplink.ca_file has the authority of that server too, and the box's clock"
            }
            EnrolError::Refused {
                request: EstRequest::Enrol,
                status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN,
                ..
            } => {
                "check that the device is registered at the platform under this device id; a one-time password is good \
                 once, so register it anew and write the new one to uplink.otp_file"
            }
            EnrolError::Refused { .. } => {
                "check that the tenant has an authority of its own that is good for more than a year, and that it may \
                 issue certificates for this device"
            }
            EnrolError::Unusable { .. } => {
                "check that the device is registered under this device id, and the box's clock"
            }
            EnrolError::Kept(_) => "check that the box may write to its data folder, and that the disk has room",
            EnrolError::NextRefused(_) => {
                "check that the broker trusts the authority that issues the box's certificates; the box renews it again \
                 later, or at once by `gatelodge uplink enrol`"
            }
            EnrolError::NoLogin(_) => "nothing: it was not for this box, or it comes again",
        }
    }
}

/// The platform's own words about a refusal, as they may be shown: of JSON its message, without `secret`.
#[must_use]
pub(in crate::uplink) fn words(body: &[u8], secret: Option<&str>) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let message = json.as_ref().and_then(|json| json["message"].as_str());
    let text = message.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned);
    let text = match secret.filter(|secret| !secret.is_empty()) {
        Some(secret) => text.replace(secret, "***"),
        None => text,
    };
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(WORDS)
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_words_are_shown_short_plain_and_without_the_secret() {
        let of = |body: &str| words(body.as_bytes(), Some("hunter2"));
        assert_eq!(of(r#"{"error":"x","message":"No CA"}"#), "No CA");
        assert_eq!(of("wrong OTP hunter2\r\n\u{1b}[31m!"), "wrong OTP *** [31m!");
        assert_eq!(of(""), "");
        assert_eq!(of(&"x".repeat(1_000)).len(), WORDS);
    }
}
