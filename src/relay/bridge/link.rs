//! A peer's connection to a relay, kept up: dial, HELLO, wait for the partner, carry, and again (RELAY Q16).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, Stream, StreamExt};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message as Frame};

use super::message::{self, Message};
use crate::accounts::random;
use crate::http::Problem;
use crate::http::way_out::{WayError, WayOut};

/// From a dial to the WebSocket.
const DIAL: Duration = Duration::from_secs(15);
/// Relays ping every ten seconds; one that is silent for so long is gone.
const SILENCE: Duration = Duration::from_secs(35);
/// The longest message, as relays take it.
const LONGEST: usize = 16 << 20;
/// Messages on their way out.
const QUEUE: usize = 64;

/// What dials.
pub struct Dialing {
    /// Relays, each a `wss://host:port/…/id`; the next is tried when one fails.
    pub urls: Vec<Uri>,
    /// Certificates.
    pub tls: Arc<ClientConfig>,
    /// By which way relays are reached.
    pub way: WayOut,
    /// What the HELLO says of us.
    pub class: &'static str,
}

/// A connection that is kept up; clones share it.
#[derive(Clone)]
pub struct Link {
    partner: Arc<watch::Sender<Option<mpsc::Sender<String>>>>,
    numbers: Arc<AtomicI64>,
}

/// There is no partner now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the partner is not connected")]
pub struct LinkGoneError;

impl IntoResponse for LinkGoneError {
    fn into_response(self) -> Response {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "partner-absent",
            "The partner is not there",
        )
        .detail(format!("{self}; it is waited for"))
        .retry_after(5)
        .into_response()
    }
}

/// A connection did not come about, or ended.
#[derive(Debug, thiserror::Error)]
enum LinkError {
    #[error("the address has no host")]
    Host,
    #[error("connecting: {0}")]
    Connect(#[from] WayError),
    #[error("shaking hands, with the certificates of both sides: {0}")]
    Handshake(std::io::Error),
    #[error("the relay did not agree to a WebSocket: {0}")]
    Upgrade(Box<WsError>),
    #[error("it took longer than {} s", DIAL.as_secs())]
    Slow,
    #[error("the connection broke: {0}")]
    Broken(Box<WsError>),
    #[error("the relay was silent")]
    Silent,
    #[error("the relay said good-bye: {0}")]
    Goodbye(String),
}

impl Default for Link {
    fn default() -> Link {
        Link {
            partner: Arc::new(watch::channel(None).0),
            numbers: Arc::new(AtomicI64::new(1)),
        }
    }
}

impl Link {
    /// The number of our next message: odd, never 0 (RELAY §4).
    #[must_use]
    pub fn number(&self) -> i64 {
        self.numbers.fetch_add(2, Relaxed)
    }

    /// Whether the partner is there, and every change of it.
    #[must_use]
    pub fn has_partner(&self) -> bool {
        self.partner.borrow().is_some()
    }

    /// Waits until the partner that is there now is gone.
    pub async fn parted(&self) {
        let mut partner = self.partner.subscribe();
        // The sender lives as long as we do.
        let _ = partner.wait_for(Option::is_none).await;
    }

    /// Sends a message to the partner; waits while others are on their way.
    pub async fn send(&self, text: String) -> Result<(), LinkGoneError> {
        let partner = self.partner.borrow().clone().ok_or(LinkGoneError)?;
        partner.send(text).await.map_err(|_| LinkGoneError)
    }

    /// Keeps the connection up for ever. `heard` gets every message but HELLOs, and must not wait.
    pub async fn keep(&self, dialing: Dialing, mut heard: impl FnMut(Message)) {
        let mut pause = Pause::default();
        for attempt in 0_usize.. {
            let url = &dialing.urls[attempt % dialing.urls.len()];
            let mut met = false;
            let end = match dial(url, &dialing).await {
                Ok(socket) => self.meet(socket, dialing.class, &mut heard, &mut met).await,
                Err(error) => error,
            };
            self.partner.send_replace(None);
            if met {
                pause = Pause::default();
            }
            let wait = pause.next(random_part());
            tracing::info!(relay = url.authority().map(ToString::to_string), why = %end, wait_ms = wait.as_millis(),
                "not connected to the relay; it is tried again");
            sleep(wait).await;
        }
    }

    /// Says HELLO, waits for the partner, and carries until one of them is gone.
    async fn meet(
        &self,
        mut socket: Socket,
        class: &'static str,
        heard: &mut impl FnMut(Message),
        met: &mut bool,
    ) -> LinkError {
        let hello = message::hello(class, env!("CARGO_PKG_VERSION"));
        if let Err(error) = socket.send(Frame::text(hello)).await {
            return LinkError::Broken(Box::new(error));
        }
        tracing::info!("connected to the relay; waiting for the partner");
        let (mut sink, mut stream) = socket.split();
        let (queue, mut queued) = mpsc::channel::<String>(QUEUE);
        let writing = async {
            while let Some(text) = queued.recv().await {
                if let Err(error) = sink.send(Frame::text(text)).await {
                    return LinkError::Broken(Box::new(error));
                }
            }
            LinkError::Silent
        };
        let reading = async {
            loop {
                let message = match next(&mut stream).await {
                    Ok(message) => message,
                    Err(error) => return error,
                };
                match message {
                    Some(Message::Hello) => {
                        *met = true;
                        tracing::info!("the partner is there");
                        self.partner.send_replace(Some(queue.clone()));
                    }
                    Some(message) => heard(message),
                    None => {}
                }
            }
        };
        tokio::select! {
            end = writing => end,
            end = reading => end,
        }
    }
}

type Socket = WebSocketStream<TlsStream<TcpStream>>;

async fn dial(url: &Uri, dialing: &Dialing) -> Result<Socket, LinkError> {
    let dialled = async {
        let host = url.host().ok_or(LinkError::Host)?.trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_owned()).map_err(|_| LinkError::Host)?;
        let port = url.port_u16().unwrap_or(443);
        let tcp = dialing.way.connect(host, port, DIAL).await?;
        let _ = tcp.set_nodelay(true); // it works without
        let stream = TlsConnector::from(Arc::clone(&dialing.tls)).connect(name, tcp).await;
        let stream = stream.map_err(LinkError::Handshake)?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(LONGEST))
            .max_frame_size(Some(LONGEST));
        let agreed = tokio_tungstenite::client_async_with_config(url.clone(), stream, Some(config)).await;
        let (socket, _) = agreed.map_err(|error| LinkError::Upgrade(Box::new(error)))?;
        Ok(socket)
    };
    timeout(DIAL, dialled).await.unwrap_or(Err(LinkError::Slow))
}

/// The next message; `None`: something that is none.
async fn next(stream: &mut (impl Stream<Item = Result<Frame, WsError>> + Unpin)) -> Result<Option<Message>, LinkError> {
    match timeout(SILENCE, stream.next()).await {
        Err(_) | Ok(None) => Err(LinkError::Silent),
        Ok(Some(Err(error))) => Err(LinkError::Broken(Box::new(error))),
        Ok(Some(Ok(Frame::Close(frame)))) => Err(LinkError::Goodbye(frame.map_or_else(String::new, |frame| {
            format!("{} {}", u16::from(frame.code), frame.reason)
        }))),
        Ok(Some(Ok(Frame::Text(text)))) => Ok(message::read(text.as_bytes())),
        Ok(Some(Ok(Frame::Binary(bytes)))) => Ok(message::read(&bytes)),
        Ok(Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_)))) => Ok(None),
    }
}

/// How long to wait before the next try: not at all, then one second, twice as long each time up to a minute, less a
/// random part, so that many do not come at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pause {
    tries: u32,
}

impl Pause {
    /// The next wait; `part` is random, from 0 to 1.
    pub fn next(&mut self, part: f64) -> Duration {
        let full = match self.tries {
            0 => 0,
            tries => 1_u64 << (tries - 1).min(6),
        };
        self.tries = self.tries.saturating_add(1);
        Duration::from_secs(full.min(60)).mul_f64(0.5 + part.clamp(0.0, 1.0) / 2.0)
    }
}

fn random_part() -> f64 {
    f64::from(u32::from_ne_bytes(random())) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_try_is_at_once_and_later_ones_rarer_up_to_a_minute() {
        let mut pause = Pause::default();
        let waits: Vec<u64> = (0..9).map(|_| pause.next(1.0).as_secs()).collect();
        assert_eq!(waits, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pause.next(0.0), Duration::from_secs(30));
    }

    #[test]
    fn numbers_are_odd_and_rise() {
        let link = Link::default();
        assert_eq!([link.number(), link.number(), link.number()], [1, 3, 5]);
    }
}
