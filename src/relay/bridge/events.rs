//! Events in and out (RELAY §4.4), on the local side: `GET /.relay/events` is a stream of the partner's events (server-sent
//! events), `POST /.relay/events/NAME` sends one, `GET /.relay/status` says whether the partner is there (RELAY Q25).

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::Event as Sent;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::link::Link;
use super::message;
use crate::http::{Problem, event_stream};

/// Events that wait for one listener; one that does not read them is cut off.
const WAITING: usize = 256;

/// An event's name and what it says.
type Happened = (String, Value);

/// The listeners; clones share them.
#[derive(Clone, Default)]
pub struct Events {
    listeners: Arc<Mutex<Vec<mpsc::Sender<Happened>>>>,
}

impl Events {
    /// Tells everybody who listens.
    pub fn tell(&self, name: &str, body: &Value) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.try_send((name.to_owned(), body.clone())).is_ok());
    }

    fn listen(&self) -> mpsc::Receiver<Happened> {
        let (listener, heard) = mpsc::channel(WAITING);
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.push(listener);
        heard
    }
}

/// The routes.
pub fn router(link: Link, events: Events) -> Router {
    Router::new()
        .route("/.relay/events", get(hear))
        .route("/.relay/events/{name}", post(send))
        .route("/.relay/status", get(status))
        .with_state((link, events))
}

type ApiState = State<(Link, Events)>;

async fn status(State((link, _)): ApiState) -> Response {
    Json(json!({ "partner": link.has_partner() })).into_response()
}

async fn hear(State((_, events)): ApiState) -> Response {
    let stream = stream::unfold(events.listen(), async |mut heard| {
        let (name, body) = heard.recv().await?;
        // An event's name must be one line; what is not is left out of it and stays in the data.
        let sent = Sent::default().data(json!({ "event": name, "body": body }).to_string());
        let is_line = !name.chars().any(char::is_control);
        Some((Ok(if is_line { sent.event(name) } else { sent }), heard))
    });
    event_stream(stream)
}

async fn send(State((link, _)): ApiState, Path(name): Path<String>, body: Option<Json<Value>>) -> Response {
    if name.is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
        let title = "An event's name has 1 to 200 characters on one line";
        return Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "event-name", title).into_response();
    }
    let body = body.map_or_else(|| json!({}), |Json(body)| body);
    match link.send(message::event(link.number(), &name, &body)).await {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(gone) => gone.into_response(),
    }
}
