//! Calls out over HTTPS: one connection a call, HTTP/1.1, everything under one limit of time and the answer under one
//! of length. What TLS believes is the caller's to say. Redirects are answers like others: nothing is followed here,
//! so that what proves who we are never goes to a host that somebody else named.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{CONTENT_LENGTH, HOST, USER_AGENT};
use axum::http::uri::{PathAndQuery, Scheme};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use bytes::Bytes;
use futures_util::TryStreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited, StreamBody};
use hyper::body::Frame;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_util::io::ReaderStream;

use super::way_out::{ProxyError, WayError, WayOut};

/// Where a server is: scheme, host and port, as browsers compare them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Whether the line is encrypted.
    pub tls: bool,
    /// A name or an address, lower case, without brackets.
    pub host: String,
    pub port: u16,
}

impl Origin {
    /// The origin of an address; `None` when it is neither `https` nor `http`, names no host, or has a login in it.
    #[must_use]
    pub fn of(uri: &Uri) -> Option<Origin> {
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return None,
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        (!host.is_empty()).then(|| Origin {
            tls,
            host: host.to_ascii_lowercase(),
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        let usual = if self.tls { 443 } else { 80 };
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        if self.port == usual {
            write!(f, "{scheme}://{host}")
        } else {
            write!(f, "{scheme}://{host}:{}", self.port)
        }
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Call {
    /// `GET`, `POST` …
    pub method: Method,
    /// The whole address.
    pub uri: Uri,
    /// Beside host, length and the program's own name.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Bytes,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How it went.
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// There is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The address cannot be called.
    #[error("`{0}` is no address of an HTTPS server")]
    Address(String),
    /// Nobody takes the connection.
    #[error("{origin} cannot be reached: {source}")]
    Connect { origin: Origin, source: std::io::Error },
    /// The proxy opens no way to it.
    #[error("{origin} cannot be reached: {fault}; {}", .fault.mend())]
    Proxy { origin: Origin, fault: ProxyError },
    /// The TLS handshake failed, on our side or on theirs.
    #[error("TLS with {origin} failed: {source}")]
    Tls {
        /// With whom.
        origin: Origin,
        source: std::io::Error,
    },
    /// The server broke off, or what it said is no HTTP.
    #[error("{0} broke off: {1}")]
    Broken(Origin, hyper::Error),
    /// The answer's body broke off.
    #[error("the answer of {0} broke off")]
    Body(Origin),
    /// The answer is longer than it may be.
    #[error("the answer of {0} is longer than {1} bytes")]
    TooLong(Origin, usize),
    /// It took too long.
    #[error("{0} did not answer within {1:?}")]
    Slow(Origin, Duration),
}

/// How much of a file is read at once, in bytes.
const PART: usize = 64 << 10;

/// How much of an answer is read.
enum Extent<'e> {
    Whole,
    Head,
    /// All of it, each part as it comes.
    Each(&'e mut (dyn FnMut(&[u8]) + Send)),
}

/// What is sent.
type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// Calls servers.
#[derive(Clone)]
pub struct Client {
    /// What TLS believes and shows.
    pub tls: Arc<ClientConfig>,
    /// By which way.
    pub way: WayOut,
    /// How long a call may take, from the name's lookup to the last byte.
    pub limit: Duration,
    /// How long the answer's body may be, in bytes.
    pub longest: usize,
}

impl Client {
    /// One call.
    pub async fn send(&self, call: Call) -> Result<Answer, CallError> {
        self.within_limit(call, None, Extent::Whole).await
    }

    /// One call with a file for its body, read as it is sent.
    pub async fn send_file(&self, mut call: Call, file: tokio::fs::File) -> Result<Answer, CallError> {
        let address = || CallError::Address(without_query(&call.uri));
        let length = file.metadata().await.map_err(|_| address())?.len();
        call.headers.push((CONTENT_LENGTH, HeaderValue::from(length)));
        let body = StreamBody::new(ReaderStream::with_capacity(file, PART).map_ok(Frame::data));
        self.within_limit(call, Some(body.boxed_unsync()), Extent::Whole).await
    }

    /// One call whose answer goes to `each` as it comes, however long it is; of one that was not successful the body is in the
    /// answer.
    pub async fn receive(&self, call: Call, each: &mut (dyn FnMut(&[u8]) + Send)) -> Result<Answer, CallError> {
        self.within_limit(call, None, Extent::Each(each)).await
    }

    /// One call of which only the answer's head counts: its body is not read, and need not end.
    pub async fn tell(&self, call: Call) -> Result<Answer, CallError> {
        self.within_limit(call, None, Extent::Head).await
    }

    async fn within_limit(&self, call: Call, body: Option<Body>, wanted: Extent<'_>) -> Result<Answer, CallError> {
        let origin = Origin::of(&call.uri).ok_or_else(|| CallError::Address(without_query(&call.uri)))?;
        let slow = CallError::Slow(origin.clone(), self.limit);
        let body = body.unwrap_or_else(|| whole(call.body.clone()));
        timeout(self.limit, self.call(&origin, (call, body), wanted))
            .await
            .unwrap_or(Err(slow))
    }

    async fn call(&self, origin: &Origin, call: (Call, Body), wanted: Extent<'_>) -> Result<Answer, CallError> {
        let connected = self.way.connect(&origin.host, origin.port, self.limit).await;
        let stream = connected.map_err(|error| match error {
            WayError::Direct(source) => CallError::Connect {
                origin: origin.clone(),
                source,
            },
            WayError::Proxy { fault } => CallError::Proxy {
                origin: origin.clone(),
                fault,
            },
        })?;
        if !origin.tls {
            return self.ask(origin, stream, call, wanted).await;
        }
        let fault = |source| CallError::Tls {
            origin: origin.clone(),
            source,
        };
        let name = ServerName::try_from(origin.host.clone()).map_err(|error| fault(std::io::Error::other(error)))?;
        let shaken = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await;
        self.ask(origin, shaken.map_err(fault)?, call, wanted).await
    }

    async fn ask<S>(
        &self,
        origin: &Origin,
        stream: S,
        call: (Call, Body),
        wanted: Extent<'_>,
    ) -> Result<Answer, CallError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let broken = |error| CallError::Broken(origin.clone(), error);
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let request = request(call).ok_or_else(|| CallError::Address(origin.to_string()))?;
        let asking = async {
            let (head, body) = sender.send_request(request).await.map_err(broken)?.into_parts();
            let empty = |head: axum::http::response::Parts| Answer {
                status: head.status,
                headers: head.headers,
                body: Bytes::new(),
            };
            match wanted {
                Extent::Head => return Ok(empty(head)),
                Extent::Each(each) if head.status.is_success() => {
                    let mut body = body;
                    while let Some(frame) = body.frame().await {
                        let frame = frame.map_err(|_| CallError::Body(origin.clone()))?;
                        if let Some(data) = frame.data_ref() {
                            each(data);
                        }
                    }
                    return Ok(empty(head));
                }
                Extent::Whole | Extent::Each(_) => {}
            }
            let body = Limited::new(body, self.longest).collect().await;
            let body = body.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    CallError::TooLong(origin.clone(), self.longest)
                } else {
                    CallError::Body(origin.clone())
                }
            })?;
            Ok(Answer {
                status: head.status,
                headers: head.headers,
                body: body.to_bytes(),
            })
        };
        tokio::pin!(asking, connection);
        // The connection does the reading and writing; what it fails with, the one who asks learns as well.
        tokio::select! {
            answer = &mut asking => answer,
            _ = &mut connection => asking.await,
        }
    }
}

fn whole(body: Bytes) -> Body {
    Full::new(body).map_err(|never| match never {}).boxed_unsync()
}

fn request((call, body): (Call, Body)) -> Option<Request<Body>> {
    let authority = call.uri.authority()?.as_str().to_owned();
    let path = call.uri.path_and_query().map_or("/", PathAndQuery::as_str).to_owned();
    let mut request = Request::builder()
        .method(call.method)
        .uri(path)
        .header(HOST, authority)
        .header(USER_AGENT, concat!("gatelodge/", env!("CARGO_PKG_VERSION")));
    for (name, value) in call.headers {
        request = request.header(name, value);
    }
    request.body(body).ok()
}

/// An address as it may be shown: what follows the path can be a secret.
fn without_query(uri: &Uri) -> String {
    let text = uri.to_string();
    text.split(['?', '#']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_with_the_usual_port_in_them_and_a_login_is_none() {
        let of = |text: &str| Origin::of(&text.parse().unwrap());
        assert_eq!(of("https://Tenant.example/x?y"), of("https://tenant.example:443/"));
        assert_ne!(of("https://tenant.example"), of("http://tenant.example"));
        assert_ne!(of("https://tenant.example"), of("https://tenant.example:444"));
        assert_eq!(of("https://[::1]:9/").unwrap().to_string(), "https://[::1]:9");
        for wrong in ["file:///etc/passwd", "ftp://x/", "/x", "https://me:secret@x/"] {
            assert_eq!(wrong.parse().ok().and_then(|uri| Origin::of(&uri)), None, "{wrong}");
        }
    }
}
