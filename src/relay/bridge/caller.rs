//! HTTP requests from this machine to the partner (RELAY §5.1, §5.2, Q24).
//!
//! Requests go side by side and are matched to their answers by number; one that nobody answers does not hold up the
//! others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::{Request as HttpRequest, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response as HttpResponse};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::body::Body;
use super::error::MessageError;
use super::events::{self, Events};
use super::link::{Link, LinkGoneError};
use super::message::{Message, Request, Response};
use super::{arriving, travelling};
use crate::http::Problem;

/// The longest body: base64 of it fits into the longest message.
const LONGEST_BODY: usize = 11 << 20;

/// Who waits for the answer to which message.
type Askers = HashMap<i64, oneshot::Sender<Result<Response, MessageError>>>;

/// Asks the partner; clones share it.
#[derive(Clone)]
pub struct Caller {
    link: Link,
    events: Events,
    waiting: Arc<Mutex<Askers>>,
    patience: Duration,
}

/// Strikes a request out when nobody waits for its answer any more.
struct Waiting<'a> {
    caller: &'a Caller,
    number: i64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.caller.waiting().remove(&self.number);
    }
}

impl Caller {
    /// Asks over `link`, and waits for each answer as long as `patience` says.
    #[must_use]
    pub fn new(link: Link, patience: Duration) -> Caller {
        Caller {
            link,
            events: Events::default(),
            waiting: Arc::default(),
            patience,
        }
    }

    /// What is served on this machine.
    pub fn router(&self) -> Router {
        let known = events::router(self.link.clone(), self.events.clone());
        Router::new().fallback(relay).with_state(self.clone()).merge(known)
    }

    /// What the partner said.
    pub fn heard(&self, message: Message) {
        match message {
            Message::Response { to, response } => match self.waiting().remove(&to) {
                // Whoever asked may have gone meanwhile.
                Some(asker) => drop(asker.send(response)),
                None => tracing::debug!(to, "an answer that nobody waits for"),
            },
            Message::Event { name, body } => self.events.tell(&name, &body),
            Message::Request(Request { id, .. }) | Message::BadRequest { id: Some(id), .. } => self.decline(id),
            Message::BadRequest { id: None, .. } | Message::Hello | Message::Other => {}
        }
    }

    /// Tells the partner that this side asks and does not answer, so that it need not wait.
    fn decline(&self, to: i64) {
        let answer = Response::words(501, "this peer answers no requests").write(self.link.number(), to);
        let sent = futures_util::FutureExt::now_or_never(self.link.send(answer));
        if !matches!(sent, Some(Ok(()))) {
            tracing::debug!(to, "a request of the partner was not declined: too much is on its way");
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Askers> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, request: Request) -> Result<Result<Response, MessageError>, HttpResponse> {
        let (asker, answer) = oneshot::channel();
        let number = request.id;
        self.waiting().insert(number, asker);
        let _waiting = Waiting { caller: self, number };
        let asked = async {
            self.link.send(request.write()).await?;
            tokio::select! {
                answer = answer => answer.map_err(|_| LinkGoneError),
                () = self.link.parted() => Err(LinkGoneError),
            }
        };
        match timeout(self.patience, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(gone)) => Err(gone.into_response()),
            Err(_) => {
                let title = "The partner did not answer in time";
                let problem = Problem::new(StatusCode::GATEWAY_TIMEOUT, "partner-silent", title);
                Err(problem
                    .detail(format!("it had {} s", self.patience.as_secs_f64()))
                    .into_response())
            }
        }
    }
}

async fn relay(State(caller): State<Caller>, request: HttpRequest) -> HttpResponse {
    if !caller.link.has_partner() {
        return LinkGoneError.into_response();
    }
    match written(&caller, request).await {
        Ok(request) => match caller.ask(request).await {
            Ok(Ok(response)) => answered(response),
            Ok(Err(fault)) => Problem::new(
                StatusCode::BAD_GATEWAY,
                "bad-answer",
                "The partner's answer makes no sense",
            )
            .detail(fault.to_string())
            .into_response(),
            Err(refusal) => refusal,
        },
        Err(problem) => problem.into_response(),
    }
}

/// The request as a message (RELAY §5.1). Its body is read whole, chunked or not: a message has it in one piece.
async fn written(caller: &Caller, request: HttpRequest) -> Result<Request, Problem> {
    let (head, body) = request.into_parts();
    let bytes = match Limited::new(body, LONGEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let title = "The body is too long for a message";
            let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-long", title);
            return Err(problem.member("limit_bytes", LONGEST_BODY));
        }
        Err(_) => {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "body-broken",
                "The body ended too early",
            ));
        }
    };
    let text = |name| {
        head.headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let (body, beside) = Body::of_http(&bytes, text(CONTENT_TYPE), text(CONTENT_ENCODING)).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "not-json", "The body is not JSON").detail(error.to_string())
    })?;
    let mut headers = travelling(&head.headers);
    headers.extend(beside);
    Ok(Request {
        id: caller.link.number(),
        method: head.method.to_string(),
        target: head
            .uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), ToString::to_string),
        headers,
        body,
    })
}

/// The answer as HTTP (RELAY §5.2).
fn answered(response: Response) -> HttpResponse {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let (kind, bytes) = response.body.into_http();
    let mut headers = arriving(response.headers);
    if let Some(kind) = kind.and_then(|kind| HeaderValue::try_from(kind).ok())
        && !headers.contains_key(CONTENT_TYPE)
    {
        headers.insert(CONTENT_TYPE, kind);
    }
    (status, headers, HttpBody::from(bytes)).into_response()
}
