//! Where the platform's HTTP side is, when it is not at the broker's host.

use std::fmt;
use std::str::FromStr;

use axum::http::Uri;

use crate::domain::text_form;
use crate::http::client::Origin;

/// An address of an HTTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebUrl(Uri);

/// The text is no address of an HTTP server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no address such as https://tenant.example.org, without login, question or fragment")]
pub struct WebUrlError;

impl WebUrl {
    /// The address.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.0
    }

    /// The server.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::of(&self.0).expect("it was looked at when it was read")
    }
}

impl FromStr for WebUrl {
    type Err = WebUrlError;

    fn from_str(text: &str) -> Result<WebUrl, WebUrlError> {
        let uri: Uri = text.parse().map_err(|_| WebUrlError)?;
        let is_plain = !text.contains(['?', '#']) && Origin::of(&uri).is_some();
        is_plain.then_some(WebUrl(uri)).ok_or(WebUrlError)
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_string().trim_end_matches('/'))
    }
}

text_form!(WebUrl);
