//! The platform's HTTP side: what MQTT cannot carry goes there, with a proof of who the box is, and only there
//! (UPLINK §1.6, §2.8).

mod certify;
mod proof;
pub(super) mod tokens;
pub(super) mod web;

use std::sync::Arc;

use axum::http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::connection::error::ConnectionError;
use crate::http::client::{Answer, Call, CallError, Client, Origin};
use crate::tls::Outbound;
use crate::uplink::config::{Auth, Config};
use crate::uplink::patience::Patience;
use tokens::Tokens;

/// The longest answer that is no file, in bytes.
const ANSWER: usize = 256 << 10;
/// The longest file that is fetched, in bytes.
pub const FILE: usize = 1 << 20;
/// Redirects on one host that are followed.
const REDIRECTS: usize = 3;
/// Between the parts of an upload.
const BOUNDARY: &str = "gatelodge-7d1b6f0e5c5a4c0e";

/// The platform's HTTP side as the box may use it.
pub struct Tenant {
    config: Config,
    tokens: Arc<Tokens>,
    patience: Patience,
}

/// Something could not be fetched or brought.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// TLS or the login cannot be had from the files.
    #[error(transparent)]
    Files(#[from] ConnectionError),
    /// There is no answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The platform gives no token.
    #[error("the platform gave no token for HTTP")]
    NoToken,
    /// It says no.
    #[error("{0} answered {1} to {2}")]
    Refused(Origin, StatusCode, &'static str),
    /// Its answer has no id in it.
    #[error("{0} named no id of what was made")]
    NoId(Origin),
    /// The address is none that may be fetched.
    #[error("`{0}` may not be fetched: it takes https")]
    Address(String),
    /// A redirect leads to another server.
    #[error("{0} leads to another server, {1}; that is not followed")]
    Elsewhere(Origin, Origin),
    /// Too many redirects, or one that leads nowhere.
    #[error("{0} leads on and on")]
    Redirects(Origin),
}

/// A file that goes up.
pub struct Upload<'a> {
    /// The type of the event that it hangs on.
    pub kind: &'a str,
    /// What the event says.
    pub text: &'a str,
    /// The number under which the platform knows whose it is.
    pub source: &'a str,
    pub bytes: Vec<u8>,
}

impl Tenant {
    /// The HTTP side of the tenant of this section.
    #[must_use]
    pub fn new(config: Config, tokens: Arc<Tokens>, patience: Patience) -> Tenant {
        Tenant {
            config,
            tokens,
            patience,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.config.http_origin()
    }

    /// Makes an event and hangs a file on it; where the file is.
    pub async fn upload(&self, upload: Upload<'_>) -> Result<String, TenantError> {
        let origin = self.origin();
        let event = json!({
            "type": upload.kind, "text": upload.text, "time": format!("{:.3}", Timestamp::now()),
            "source": {"id": upload.source},
        });
        let kind = HeaderValue::from_static("application/json");
        let made = self
            .ask(Method::POST, "/event/events", kind, event.to_string().into())
            .await?;
        if !made.status.is_success() {
            return Err(TenantError::Refused(origin, made.status, "a new event"));
        }
        let id = id_of(&made).ok_or_else(|| TenantError::NoId(origin.clone()))?;
        let path = format!("/event/events/{id}/binaries");
        let name = format!("{}-{}.txt", upload.kind, Timestamp::now().strftime("%Y%m%dT%H%M%SZ"));
        let kind = HeaderValue::from_static("multipart/form-data; boundary=gatelodge-7d1b6f0e5c5a4c0e");
        let sent = self
            .ask(Method::POST, &path, kind, multipart(&name, &upload.bytes))
            .await?;
        if !sent.status.is_success() {
            return Err(TenantError::Refused(origin, sent.status, "the file of an event"));
        }
        Ok(format!("{origin}{path}"))
    }

    /// Fetches a file. Only the tenant itself is shown who the box is.
    pub async fn fetch(&self, address: &str) -> Result<Bytes, TenantError> {
        let refused = || TenantError::Address(address.split(['?', '#']).next().unwrap_or_default().to_owned());
        let mut uri: Uri = address.parse().map_err(|_| refused())?;
        let origin = Origin::of(&uri).ok_or_else(refused)?;
        let own = origin == self.origin();
        // In clear only where the whole road is.
        if !origin.tls && !own {
            return Err(refused());
        }
        let client = self.client(FILE)?;
        let mut stale = false;
        for _ in 0..=REDIRECTS {
            let mut headers = Vec::new();
            if own {
                headers.push(self.proof().await?);
            }
            let call = Call {
                method: Method::GET,
                uri: uri.clone(),
                headers,
                body: Bytes::new(),
            };
            let answer = client.send(call).await?;
            if answer.status == StatusCode::OK {
                return Ok(answer.body);
            }
            if own && answer.status == StatusCode::UNAUTHORIZED && self.config.auth() == Auth::Certificate && !stale {
                stale = true;
                self.tokens.refused();
                continue;
            }
            let to = answer.headers.get(LOCATION).and_then(|to| to.to_str().ok());
            let Some(to) = to.filter(|_| answer.status.is_redirection()) else {
                return Err(TenantError::Refused(origin, answer.status, "the file"));
            };
            uri = beside(&origin, to).ok_or_else(|| TenantError::Redirects(origin.clone()))?;
            if let Some(other) = Origin::of(&uri).filter(|other| *other != origin) {
                return Err(TenantError::Elsewhere(origin, other));
            }
        }
        Err(TenantError::Redirects(origin))
    }

    /// One call to the tenant, in the name of the box; a token that it does not take is asked for anew once.
    pub async fn ask(&self, method: Method, path: &str, kind: HeaderValue, body: Bytes) -> Result<Answer, TenantError> {
        let origin = self.origin();
        let uri: Uri = format!("{origin}{path}")
            .parse()
            .map_err(|_| TenantError::Address(path.to_owned()))?;
        let client = self.client(ANSWER)?;
        for first in [true, false] {
            let headers = vec![
                self.proof().await?,
                (CONTENT_TYPE, kind.clone()),
                (ACCEPT, HeaderValue::from_static("application/json")),
            ];
            let call = Call {
                method: method.clone(),
                uri: uri.clone(),
                headers,
                body: body.clone(),
            };
            let answer = client.send(call).await?;
            if answer.status != StatusCode::UNAUTHORIZED
                || !first
                || !matches!(self.config.auth(), Auth::Certificate | Auth::Est)
            {
                return Ok(answer);
            }
            self.tokens.refused();
        }
        unreachable!("the second try is the last")
    }

    fn client(&self, longest: usize) -> Result<Client, TenantError> {
        // The box's certificate is for the broker; here a token speaks for it.
        let outbound = Outbound {
            identity: None,
            ca_file: self.config.ca_file.clone(),
            pins: self.config.pin.clone(),
        };
        Ok(Client {
            tls: outbound.load().map_err(ConnectionError::Files)?.config,
            way: self.config.way.clone(),
            limit: self.patience.upload,
            longest,
        })
    }
}

/// Where a redirect leads: another path of the same server, or a whole address.
fn beside(origin: &Origin, to: &str) -> Option<Uri> {
    let whole = if to.starts_with('/') && !to.starts_with("//") {
        format!("{origin}{to}")
    } else {
        to.to_owned()
    };
    let uri: Uri = whole.parse().ok()?;
    Origin::of(&uri).map(|_| uri)
}

/// The id of what was made, from the answer's body or from where it says it is.
fn id_of(answer: &Answer) -> Option<String> {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let said = body.as_ref().and_then(|body| match &body["id"] {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    });
    let place = || {
        let place = answer.headers.get(LOCATION)?.to_str().ok()?;
        Some(place.rsplit('/').next()?.to_owned())
    };
    let is_id = |id: &String| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    said.or_else(place).filter(is_id)
}

/// A description and a file, as browsers send them (RFC 7578).
fn multipart(name: &str, bytes: &[u8]) -> Bytes {
    let object = json!({"name": name, "type": "text/plain"});
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"object\"\r\nContent-Type: application/json\r\n\r\n\
         {object}\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: text/plain\r\n\r\n"
    );
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    [head.as_bytes(), bytes, tail.as_bytes()].concat().into()
}
