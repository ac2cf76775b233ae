//! Server-sent events that pass proxies as they are installed, one by one and at once.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};

/// How often a silent stream says that it lives: below the minute after which proxies end it.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// What nginx, and those that follow it, are told to keep nothing back.
static X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The answer that says `events`. It begins with a comment, so that a proxy has something to pass on from the first
/// moment, and says every [`HEARTBEAT`] that it lives.
pub fn event_stream<S>(events: S) -> Response
where
    S: Stream<Item = Result<Event, Infallible>> + Send + 'static,
{
    let begin = stream::once(async { Ok(Event::default().comment("begins")) });
    let alive = KeepAlive::new().interval(HEARTBEAT).text("alive");
    let mut response = Sse::new(begin.chain(events)).keep_alive(alive).into_response();
    let headers = response.headers_mut();
    headers.insert(X_ACCEL_BUFFERING.clone(), HeaderValue::from_static("no"));
    response
}
