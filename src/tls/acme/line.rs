//! How an ACME server is called: over https only (RFC 8555 §6.1), with answers of bounded length.

use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::AcmeError;
use crate::http::client::{self, Call, Client};

/// How the server is called.
pub(super) struct Line {
    pub(super) client: Client,
    /// The address of its directory, by which it is named.
    pub(super) address: String,
}

impl Line {
    /// A call; its answer whatever the status.
    pub(super) async fn call(
        &self,
        method: Method,
        url: &str,
        body: Option<String>,
    ) -> Result<client::Answer, AcmeError> {
        let uri = url.parse::<Uri>().ok();
        let is_https = uri.as_ref().is_some_and(|uri| uri.scheme_str() == Some("https"));
        let uri = uri
            .filter(|_| is_https)
            .ok_or_else(|| self.strange(format!("it names {url:?}, which is no https address")))?;
        let jose = (CONTENT_TYPE, HeaderValue::from_static("application/jose+json"));
        let call = Call {
            method,
            uri,
            headers: body.is_some().then_some(jose).into_iter().collect(),
            body: body.map(Bytes::from).unwrap_or_default(),
        };
        let answer = self.client.send(call).await;
        let answer = answer.map_err(|error| AcmeError::of_call(&self.address, self.client.limit, error))?;
        match answer.status {
            status if status.is_redirection() => Err(self.strange(format!(
                "it sends the box elsewhere ({status}), as the login page of a network does"
            ))),
            _ => Ok(answer),
        }
    }

    pub(super) fn strange(&self, what: String) -> AcmeError {
        AcmeError::Strange {
            directory: self.address.clone(),
            what,
        }
    }

    /// The JSON of an answer that is good.
    pub(super) fn read<T: DeserializeOwned>(&self, answer: &client::Answer) -> Result<T, AcmeError> {
        self.good(answer)?;
        serde_json::from_slice(&answer.body).map_err(|_| {
            let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            self.strange(match kind {
                Some(kind) if kind.starts_with("text/html") => {
                    "it answers with a page for people (HTML), as the login page of a network does".to_owned()
                }
                Some(kind) => format!(
                    "its answer ({kind}, {} bytes) is not what RFC 8555 has there",
                    answer.body.len()
                ),
                None => format!(
                    "its answer ({} bytes) is not what RFC 8555 has there",
                    answer.body.len()
                ),
            })
        })
    }

    pub(super) fn good(&self, answer: &client::Answer) -> Result<(), AcmeError> {
        match answer.status.is_success() {
            true => Ok(()),
            false => Err(AcmeError::of_refusal(&self.address, answer)),
        }
    }

    pub(super) fn header(&self, headers: &HeaderMap, name: &HeaderName) -> Result<String, AcmeError> {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        let value = value.ok_or_else(|| self.strange(format!("its answer has no header {name}")))?;
        Ok(value.to_owned())
    }
}
