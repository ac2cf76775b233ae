//! `GET /v1/spaces/{id}/events` and `GET /v1/events`: what happens, as server-sent events or over a WebSocket
//! (`spec/occupancy.md` N6). Ids are `<epoch>.<seq>`; a client that comes back with its last one misses nothing.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event as SseEvent, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Interval, interval_at};

use super::caller::Caller;
use super::fault::Fault;
use super::shape::SpaceShown;
use crate::domain::{Epoch, Event, Seq, Space};
use crate::occupancy::Occupancy;
use crate::occupancy::feed::{Heard, Listener, News, Wanted};
use crate::occupancy::keys::KeyRole;

/// How often a silent stream says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A WebSocket holds no more than this for either direction; clients have nothing to say.
const SOCKET_BUFFER: usize = 4 << 10;
const LONGEST_MESSAGE: usize = 1 << 10;

type Upgrade = Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>;

/// What happens to one space.
#[utoipa::path(get, path = "/v1/spaces/{id}/events", tag = "spaces",
    params(("id" = String, Path, description = "Its id"), ("Last-Event-ID" = Option<String>, Header, description = "The last id that was seen")),
    responses((status = 200, description = "`text/event-stream`; with an upgrade, a WebSocket with the same messages"), (status = 404, description = "No such space"), (status = 503, description = "There are too many listeners")))]
pub(super) async fn one(
    State(room): State<Arc<Occupancy>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Fault> {
    let space = caller.space(&room, &id, KeyRole::Viewer)?;
    let wanted = Wanted::These([space.id].into());
    let mut listening = Listening::new(&room, caller, wanted, &headers)?;
    listening.first = Some(state(&space, &room, listening.start));
    Ok(answer(listening, upgrade))
}

/// What happens to several spaces, or, for the operator, to all.
#[utoipa::path(get, path = "/v1/events", tag = "spaces",
    params(("space" = Option<Vec<String>>, Query, description = "A space's id; may be given several times"), ("Last-Event-ID" = Option<String>, Header, description = "The last id that was seen")),
    responses((status = 200, description = "`text/event-stream`; with an upgrade, a WebSocket with the same messages"), (status = 403, description = "Only the operator hears of all"), (status = 503, description = "There are too many listeners")))]
pub(super) async fn several(
    State(room): State<Arc<Occupancy>>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Fault> {
    let mut spaces = BTreeSet::new();
    for (name, value) in query
        .iter()
        .flat_map(|query| query.split('&'))
        .filter_map(|pair| pair.split_once('='))
    {
        if name != "space" {
            return Err(Fault::Body(format!("unknown parameter {name:?}")));
        }
        spaces.insert(caller.space(&room, value, KeyRole::Viewer)?.id);
    }
    let wanted = if spaces.is_empty() {
        caller.is_operator(KeyRole::Viewer)?;
        Wanted::All
    } else {
        Wanted::These(spaces)
    };
    Ok(answer(Listening::new(&room, caller, wanted, &headers)?, upgrade))
}

fn answer(listening: Listening, upgrade: Upgrade) -> Response {
    match upgrade {
        Ok(upgrade) => upgrade
            .read_buffer_size(SOCKET_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(1 << 20)
            .max_message_size(LONGEST_MESSAGE)
            .max_frame_size(LONGEST_MESSAGE)
            .on_upgrade(|socket| converse(socket, listening)),
        Err(_) => Sse::new(events(listening)).into_response(),
    }
}

/// One thing to say.
enum Said {
    Message {
        kind: &'static str,
        id: Option<String>,
        body: Value,
    },
    Heartbeat,
}

/// A listener, with what ends it.
struct Listening {
    room: Arc<Occupancy>,
    caller: Caller,
    listener: Listener,
    start: Seq,
    first: Option<Said>,
    beat: Interval,
    _place: OwnedSemaphorePermit,
}

impl Listening {
    fn new(room: &Arc<Occupancy>, caller: Caller, wanted: Wanted, headers: &HeaderMap) -> Result<Listening, Fault> {
        let place = Arc::clone(&room.listeners)
            .try_acquire_owned()
            .map_err(|_| Fault::TooManyListeners)?;
        let newest = room.feed.newest();
        let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
        let resumed = last
            .and_then(|id| sequence_of(id, room.store.epoch()))
            .filter(|seq| *seq <= newest);
        let start = resumed.unwrap_or(newest);
        let listener = Listener::new(&room.feed, &room.store, wanted, start);
        let mut listening = Listening {
            room: Arc::clone(room),
            caller,
            listener,
            start,
            first: None,
            beat: interval_at(Instant::now() + HEARTBEAT, HEARTBEAT),
            _place: place,
        };
        // An id of another life of the book, or of none: where the client stood is not known.
        if last.is_some() && resumed.is_none() {
            listening.first = Some(gap(room.store.epoch(), Seq::ZERO, newest));
        }
        Ok(listening)
    }

    /// The next thing to say; `None` when the stream is over: the box stops, or the key was revoked.
    async fn next(&mut self) -> Option<Said> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let stop = self.room.streams.clone();
        tokio::select! {
            () = stop.cancelled() => None,
            _ = self.beat.tick() => self.caller.still_known(&self.room).then_some(Said::Heartbeat),
            heard = self.listener.next() => match heard {
                Ok(Heard::News(news)) => Some(told(&news, self.room.store.epoch())),
                Ok(Heard::Gap { from, to }) => Some(gap(self.room.store.epoch(), from, to)),
                Err(error) => {
                    tracing::warn!(%error, "a listener lost its place in the journal");
                    None
                }
            },
        }
    }
}

fn state(space: &Space, room: &Occupancy, at: Seq) -> Said {
    let body = serde_json::to_value(SpaceShown::of(space, room)).unwrap_or_default();
    Said::Message {
        kind: "state",
        id: Some(format!("{}.{at}", room.store.epoch())),
        body,
    }
}

fn told(news: &News, epoch: Epoch) -> Said {
    let sequence = format!("{epoch}.{}", news.seq);
    let (kind, mut body) = match &news.event {
        Event::SpaceCreated { occupancy, .. } => (
            "created",
            json!({ "current": occupancy.current, "maximum": occupancy.maximum }),
        ),
        Event::SpaceChanged { by, occupancy, .. } => (
            "changed",
            json!({ "by": by, "current": occupancy.current, "maximum": occupancy.maximum }),
        ),
        Event::SpaceRemoved { why, .. } => ("removed", json!({ "why": why })),
        // The feed hands on what is about spaces only.
        Event::ReadingsRecorded { .. } | Event::Meter { .. } | Event::PeerJoined { .. } | Event::PeerLeft { .. } => {
            return Said::Heartbeat;
        }
    };
    body["space"] = json!(news.space);
    body["at"] = json!(news.at);
    body["sequence"] = json!(sequence);
    Said::Message {
        kind,
        id: Some(sequence),
        body,
    }
}

fn gap(epoch: Epoch, from: Seq, to: Seq) -> Said {
    let body = json!({ "from": format!("{epoch}.{from}"), "to": format!("{epoch}.{to}") });
    Said::Message {
        kind: "gap",
        id: Some(format!("{epoch}.{to}")),
        body,
    }
}

/// The sequence of an id of this life of the book.
fn sequence_of(id: &str, epoch: Epoch) -> Option<Seq> {
    let (life, seq) = id.split_once('.')?;
    (life == epoch.to_string()).then(|| seq.parse().ok().map(Seq))?
}

fn events(listening: Listening) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    stream::unfold(listening, |mut listening| async {
        let event = match listening.next().await? {
            Said::Heartbeat => SseEvent::default().comment("alive"),
            Said::Message { kind, id, body } => {
                let event = SseEvent::default().event(kind).data(body.to_string());
                id.map_or(event.clone(), |id| event.id(id))
            }
        };
        Some((Ok(event), listening))
    })
}

/// The same over a WebSocket, each message an object with its `type`. What the client says is not read into.
async fn converse(mut socket: WebSocket, mut listening: Listening) {
    loop {
        let said = tokio::select! {
            said = listening.next() => said,
            heard = socket.recv() => match heard {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
        };
        let message = match said {
            None => break,
            Some(Said::Heartbeat) => Message::Ping(bytes::Bytes::new()),
            Some(Said::Message { kind, mut body, .. }) => {
                body["type"] = json!(kind);
                Message::Text(body.to_string().into())
            }
        };
        if socket.send(message).await.is_err() {
            return;
        }
    }
    let _ = socket.send(Message::Close(None)).await;
}
