//! What a listener hears, said over server-sent events or a WebSocket (OCC §5.3). Ids are
//! `<epoch>.<seq>`; a client that comes back with its last one misses nothing.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event as SseEvent;
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Interval, interval_at};

use super::{FeedItem, Filter, FullError, Hall, Leave, Listener, News, Subject};
use crate::domain::{ChangeId, Seq};
use crate::http::{HEARTBEAT, event_stream};

/// A WebSocket holds no more than this for either direction; clients have nothing to say.
const SOCKET_BUFFER: usize = 4 << 10;
const LONGEST_MESSAGE: usize = 1 << 10;

/// The WebSocket that a request asks for, if it asks for one.
pub type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// How a room puts news into words.
pub trait Speaker<S>: Send + 'static {
    /// The kind of message and its object, to which time and sequence are added; `None`: this listener is told nothing.
    fn told(&self, news: &News<S>) -> Option<(&'static str, Value)>;
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
pub struct Listening<S: Subject, P> {
    hall: Arc<Hall<S>>,
    leave: Leave,
    speaker: P,
    listener: Listener<S>,
    start: Seq,
    first: Option<Said>,
    beat: Interval,
    _place: OwnedSemaphorePermit,
}

impl<S: Subject, P: Speaker<S>> Listening<S, P> {
    /// Listens from the `Last-Event-ID` of the request on, or from now on.
    pub fn new(
        hall: &Arc<Hall<S>>,
        (leave, speaker): (Leave, P),
        wanted: Filter<S>,
        headers: &HeaderMap,
    ) -> Result<Listening<S, P>, FullError> {
        let place = hall.place()?;
        let newest = hall.feed().newest();
        let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
        let resumed = last.and_then(|id| hall.sequence_of(id)).filter(|seq| *seq <= newest);
        let start = resumed.unwrap_or(newest);
        let mut listening = Listening {
            listener: hall.listen(wanted, start),
            hall: Arc::clone(hall),
            leave,
            speaker,
            start,
            first: None,
            beat: interval_at(Instant::now() + HEARTBEAT, HEARTBEAT),
            _place: place,
        };
        // An id of another life of the book, or of none: where the client stood is not known.
        if last.is_some() && resumed.is_none() {
            listening.first = Some(gap(hall.id_of(Seq::ZERO), hall.id_of(newest)));
        }
        Ok(listening)
    }

    /// Begins with how things stand where it begins to listen.
    #[must_use]
    pub fn beginning_with(mut self, kind: &'static str, body: Value) -> Listening<S, P> {
        self.first = Some(Said::Message {
            kind,
            id: Some(self.hall.id_of(self.start).to_string()),
            body,
        });
        self
    }

    /// The answer to the request.
    pub fn answer(self, upgrade: Upgrade) -> Response {
        match upgrade {
            Ok(upgrade) => upgrade
                .read_buffer_size(SOCKET_BUFFER)
                .write_buffer_size(0)
                .max_write_buffer_size(1 << 20)
                .max_message_size(LONGEST_MESSAGE)
                .max_frame_size(LONGEST_MESSAGE)
                .on_upgrade(|socket| converse(socket, self)),
            Err(_) => event_stream(events(self)),
        }
    }

    /// The next thing to say; `None` when the stream is over: the box stops, or the caller is not known any more.
    async fn next(&mut self) -> Option<Said> {
        let hall = Arc::clone(&self.hall);
        loop {
            let heard = tokio::select! {
                // Whoever is known no more hears nothing more, whatever waits to be said.
                biased;
                () = self.leave.over() => return None,
                () = hall.ends().cancelled() => return None,
                first = std::future::ready(self.first.take()), if self.first.is_some() => return first,
                _ = self.beat.tick() => return Some(Said::Heartbeat),
                heard = self.listener.next() => heard,
            };
            match heard {
                Ok(FeedItem::News(news)) => {
                    if let Some((kind, body)) = self.speaker.told(&news) {
                        return Some(message(hall.id_of(news.seq), &news, kind, body));
                    }
                }
                Ok(FeedItem::Gap { from, to }) => return Some(gap(hall.id_of(from), hall.id_of(to))),
                Err(error) => {
                    tracing::warn!(%error, "a listener lost its place in the journal");
                    return None;
                }
            }
        }
    }
}

/// The stream of a live page, from its mark or from the last id that its browser saw; without a place to go on from,
/// and after a gap, the page is told to load again.
pub fn page<S: Subject>(
    hall: &Arc<Hall<S>>,
    wanted: Filter<S>,
    (headers, mark, mut leave): (&HeaderMap, Option<&str>, Leave),
    told: impl Fn(&News<S>) -> Option<SseEvent> + Send + 'static,
) -> Response {
    let resumed = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let newest = hall.feed().newest();
    let after = resumed
        .or(mark)
        .and_then(|id| hall.sequence_of(id))
        .filter(|seq| *seq <= newest);
    let again = || SseEvent::default().event("again").data("");
    let first = after.is_none().then(|| Ok::<_, Infallible>(again()));
    let listener = hall.listen(wanted, after.unwrap_or(newest));
    let (ids, ends) = (Arc::clone(hall), hall.ends().clone());
    let changes = stream::unfold((listener, told), move |(mut listener, told)| {
        let ids = Arc::clone(&ids);
        async move {
            let message = match listener.next().await {
                Ok(FeedItem::News(news)) => told(&news).map(|message| message.id(ids.id_of(news.seq).to_string())),
                Ok(FeedItem::Gap { .. }) => Some(again()),
                Err(error) => {
                    tracing::warn!(%error, "a live page lost its place in the journal");
                    return None;
                }
            };
            Some((stream::iter(message.map(Ok)), (listener, told)))
        }
    });
    let all = stream::iter(first).chain(changes.flatten());
    let over = async move {
        tokio::select! {
            () = ends.cancelled() => {}
            () = leave.over() => {}
        }
    };
    let all = all.take_until(over);
    event_stream(all)
}

fn message<S>(id: ChangeId, news: &News<S>, kind: &'static str, mut body: Value) -> Said {
    let sequence = id.to_string();
    body["at"] = json!(news.at);
    body["sequence"] = json!(sequence);
    Said::Message {
        kind,
        id: Some(sequence),
        body,
    }
}

fn gap(from: ChangeId, to: ChangeId) -> Said {
    let body = json!({ "from": from.to_string(), "to": to.to_string() });
    Said::Message {
        kind: "gap",
        id: Some(to.to_string()),
        body,
    }
}

fn events<S: Subject, P: Speaker<S>>(
    listening: Listening<S, P>,
) -> impl Stream<Item = Result<SseEvent, Infallible>> + Send {
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

/// The stream over a WebSocket, each message an object with its `type`. What the client says is not read into.
async fn converse<S: Subject, P: Speaker<S>>(mut socket: WebSocket, mut listening: Listening<S, P>) {
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
        // A client that does not read is not waited for when there is nothing more to say to it.
        let sent = tokio::select! {
            biased;
            () = listening.leave.over() => return,
            sent = socket.send(message) => sent,
        };
        if sent.is_err() {
            return;
        }
    }
    let _ = socket.send(Message::Close(None)).await;
}
