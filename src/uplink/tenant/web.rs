//! Where the platform's HTTP side is, when it is not at the broker's host.

use axum::http::Uri;
use serde::{Deserialize, Serialize};

use crate::http::client::Origin;

/// An address of an HTTP server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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

impl TryFrom<String> for WebUrl {
    type Error = WebUrlError;

    fn try_from(text: String) -> Result<WebUrl, WebUrlError> {
        let uri: Uri = text.parse().map_err(|_| WebUrlError)?;
        let is_plain = !text.contains(['?', '#']) && Origin::of(&uri).is_some();
        is_plain.then_some(WebUrl(uri)).ok_or(WebUrlError)
    }
}

impl From<WebUrl> for String {
    fn from(url: WebUrl) -> String {
        url.0.to_string().trim_end_matches('/').to_owned()
    }
}
