//! The partner's requests to HTTP servers of this machine (RELAY Q26).
//!
//! Every request gets an answer, also one that makes no sense (400), is not allowed (403), leads nowhere (404), comes
//! while too many are under way (503), or whose server is silent (504) or broken (502).

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body as HttpBody;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, Request as HttpRequest, Response as HttpResponse};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::body::Body;
use super::events::Events;
use super::link::Link;
use super::message::{Message, Request, Response};
use super::{arriving, travelling};

/// The longest body of an answer: base64 of it fits into the longest message.
const LONGEST_BODY: usize = 11 << 20;
/// Requests under way.
const AT_ONCE: usize = 64;

/// A server, and which targets lead to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What a request's path begins with.
    pub prefix: String,
    /// Where the server is.
    pub authority: Authority,
    /// What stands before the path there.
    pub base: String,
}

/// A kind of request that may be carried out: a method (`*`: any), and what the path begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// `GET`, or `*`.
    pub method: String,
    /// The beginning of the path.
    pub prefix: String,
}

/// Answers the partner; clones share it.
#[derive(Clone)]
pub struct Responder {
    shared: Arc<ResponderState>,
}

struct ResponderState {
    link: Link,
    events: Events,
    targets: Vec<Target>,
    allowed: Vec<Allowed>,
    patience: Duration,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
}

/// A server's answer did not come.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("the server behind this peer cannot be reached")]
    Unreachable(#[source] std::io::Error),
    #[error("the server behind this peer broke off")]
    Broken(#[source] hyper::Error),
    #[error("the answer of the server behind this peer broke off or is longer than a message may be")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Responder {
    /// Answers over `link` what `targets` say, if it is among `allowed` (without any: everything).
    #[must_use]
    pub fn new(link: Link, targets: Vec<Target>, allowed: Vec<Allowed>, patience: Duration) -> Responder {
        Responder {
            shared: Arc::new(ResponderState {
                link,
                events: Events::default(),
                targets,
                allowed,
                patience,
                places: Arc::new(Semaphore::new(AT_ONCE)),
                tasks: TaskTracker::new(),
            }),
        }
    }

    /// Who is told of the partner's events.
    #[must_use]
    pub fn events(&self) -> Events {
        self.shared.events.clone()
    }

    /// What the partner said.
    pub fn heard(&self, message: Message) {
        match message {
            Message::Request(request) => {
                self.answer(request.id, move |shared| async move { shared.serve(request).await })
            }
            Message::BadRequest { id: Some(id), fault } => {
                self.answer(id, move |_| async move { Response::words(400, &fault.to_string()) });
            }
            Message::BadRequest { id: None, fault } => {
                tracing::info!(%fault, "a request without a number cannot be answered");
            }
            Message::Event { name, body } => self.shared.events.tell(&name, &body),
            Message::Response { .. } | Message::Hello | Message::Other => {}
        }
    }

    fn answer<F>(&self, to: i64, response: impl FnOnce(Arc<ResponderState>) -> F)
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let place = Arc::clone(&shared.places).try_acquire_owned().ok();
        let response = response(Arc::clone(&shared));
        self.shared.tasks.spawn(async move {
            let response = match place {
                Some(_) => response.await,
                None => Response::words(503, "too many requests are under way"),
            };
            let text = response.write(shared.link.number(), to);
            if shared.link.send(text).await.is_err() {
                tracing::debug!(to, "the partner went before its answer came");
            }
        });
    }
}

impl ResponderState {
    async fn serve(&self, request: Request) -> Response {
        let path = request.target.split('?').next().unwrap_or_default();
        let allowed = |allowed: &&Allowed| {
            (allowed.method == "*" || allowed.method == request.method) && path.starts_with(&allowed.prefix)
        };
        // What a server would take for another path must not pass for this one.
        let is_plain = !path.split('/').any(is_dots);
        if !is_plain {
            return Response::words(400, "`path` has segments that lead upwards");
        }
        if !self.allowed.is_empty() && !self.allowed.iter().any(|known| allowed(&known)) {
            return Response::words(403, "this peer does not carry that out");
        }
        let fits = self.targets.iter().filter(|target| path.starts_with(&target.prefix));
        let Some(target) = fits.max_by_key(|target| target.prefix.len()) else {
            return Response::words(404, "no server of this peer has that path");
        };
        let Ok(method) = Method::from_bytes(request.method.as_bytes()) else {
            return Response::words(400, "`method` is none");
        };
        if method == Method::CONNECT {
            return Response::words(400, "`method` asks for a tunnel, and this is none");
        }
        match timeout(self.patience, call(target, method, request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                tracing::info!(server = %target.authority, error = causes(&error), "a request of the partner failed");
                Response::words(502, &error.to_string())
            }
            Err(_) => Response::words(504, "the server behind this peer did not answer in time"),
        }
    }
}

fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

async fn call(target: &Target, method: Method, request: Request) -> Result<Response, CallError> {
    let (kind, bytes) = request.body.into_http();
    let mut headers = arriving(request.headers);
    if let Some(kind) = kind.and_then(|kind| HeaderValue::try_from(kind).ok())
        && !headers.contains_key(CONTENT_TYPE)
    {
        headers.insert(CONTENT_TYPE, kind);
    }
    if let Ok(host) = HeaderValue::try_from(target.authority.as_str()) {
        headers.insert(HOST, host);
    }
    let mut asked = HttpRequest::new(HttpBody::from(bytes));
    *asked.method_mut() = method;
    match format!("{}{}", target.base, request.target).parse() {
        Ok(uri) => *asked.uri_mut() = uri,
        Err(_) => return Ok(Response::words(400, "`path` is no path")),
    }
    *asked.headers_mut() = headers;
    let host = target.authority.host().trim_matches(['[', ']']);
    let port = target.authority.port_u16().unwrap_or(80);
    let tcp = TcpStream::connect((host, port)).await.map_err(CallError::Unreachable)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tcp))
        .await
        .map_err(CallError::Broken)?;
    let answered = async move {
        let answer = sender.send_request(asked).await.map_err(CallError::Broken)?;
        message(answer).await
    };
    // The connection moves bytes for its one request and ends with it.
    tokio::pin!(answered);
    tokio::select! {
        answer = &mut answered => answer,
        ended = connection => {
            ended.map_err(CallError::Broken)?;
            answered.await
        }
    }
}

async fn message(answer: HttpResponse<Incoming>) -> Result<Response, CallError> {
    let (head, body) = answer.into_parts();
    let bytes: Bytes = Limited::new(body, LONGEST_BODY)
        .collect()
        .await
        .map_err(CallError::Body)?
        .to_bytes();
    let text = |name| {
        head.headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let (kind, encoding) = (text(CONTENT_TYPE), text(CONTENT_ENCODING));
    // A server that says JSON and means something else is handed on as it is.
    let (body, beside) = Body::of_http(&bytes, kind.or(Some(super::body::OCTETS)), encoding).unwrap_or_else(|_| {
        let format = kind.unwrap_or_default().to_owned();
        match String::from_utf8(bytes.to_vec()) {
            Ok(text) => (
                Body::Text {
                    format: "text/plain; charset=utf-8".into(),
                    text,
                },
                Vec::new(),
            ),
            Err(error) => (
                Body::Bytes(error.into_bytes()),
                vec![super::header::Header {
                    name: "Content-Type".into(),
                    value: format,
                }],
            ),
        }
    });
    let mut headers = travelling(&head.headers);
    headers.extend(beside);
    Ok(Response {
        status: head.status.as_u16(),
        headers,
        body,
    })
}
