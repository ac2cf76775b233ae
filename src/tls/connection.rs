//! HTTP on one stream, from its first request to its end.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use hyper::Request;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::aside::{Aside, Left, discard, lent};
use super::client_cert::PeerCertificate;
use super::limits::Limits;
use super::unsent::{Owed, Part, Unsent};
use super::watchdog::{Heads, Verdict, Watchdog};
use crate::http::metrics::ConnectionEnd;
use crate::http::swap::Swap;
use crate::http::{Crowded, Peer, Reached, SharedBody};

/// Largest head of an HTTP/1.1 request, and with it the largest buffer a connection can make us keep, in bytes.
/// Above [`crate::http::serve::URI_LIMIT`], so that a long address earns its own answer.
const HEAD_LIMIT: usize = 96 << 10;
/// Largest head of an HTTP/2 request, in bytes as RFC 9113 §6.5.2 counts them.
const HEADER_LIST_LIMIT: u32 = 48 << 10;
/// Requests one HTTP/2 connection may have under way: the least that RFC 9113 §6.5.2 recommends, since each costs memory
/// until its answer is taken.
const STREAMS: u32 = 100;
/// Bytes of one HTTP/2 answer that wait, apart from its body, for the peer to take them.
const SEND_BUFFER: usize = 64 << 10;
/// HTTP/2 connections whose peer does not answer a ping for this long, sent at this interval, are ended.
const PING: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));
/// After a polite end was asked for: how long an idle peer has to close.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);

/// Which HTTP a stream carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// Tells what a client without TLS speaks: only HTTP/2 begins with `PRI` (RFC 9113 §3.4).
pub(super) async fn protocol_of(tcp: &TcpStream) -> Protocol {
    let mut first = [0; 3];
    loop {
        match tcp.peek(&mut first).await {
            Ok(3) if &first == b"PRI" => return Protocol::Http2,
            // A beginning of PRI: the rest is on its way, and a peek cannot wait for it.
            Ok(length @ 1..3) if first[..length] == b"PRI"[..length] => sleep(Duration::from_millis(20)).await,
            _ => return Protocol::Http1,
        }
    }
}

/// One connection and what its requests are given.
pub(super) struct Connection<'a> {
    pub(super) router: &'a Swap,
    pub(super) limits: &'a Limits,
    pub(super) peer: Peer,
    pub(super) reached: Option<Reached>,
    pub(super) certificate: Option<PeerCertificate>,
    pub(super) watchdog: Arc<Watchdog>,
    pub(super) unsent: Arc<Unsent>,
    pub(super) stop: &'a CancellationToken,
}

impl Connection<'_> {
    /// Serves requests until the peer, a limit or `stop` ends it.
    pub(super) async fn serve<S>(self, stream: S, protocol: Protocol) -> Result<(), ConnectionEnd>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (watchdog, limits, stop) = (self.watchdog.clone(), self.limits, self.stop);
        watchdog.greeted();
        let io = TokioIo::new(stream);
        let Connection {
            router,
            peer,
            reached,
            certificate,
            unsent,
            ..
        } = self;
        let (router, patience) = (router.clone(), limits.body);
        let (aside, unread) = match protocol {
            Protocol::Http1 => (Aside::Nowhere, None),
            Protocol::Http2 => Aside::new(),
        };
        let service = {
            let watchdog = watchdog.clone();
            service_fn(move |request: Request<Incoming>| {
                let turn = watchdog.turn();
                let (mut request, leftover) = lent(request, patience);
                request.extensions_mut().insert(peer);
                if let Some(reached) = reached {
                    request.extensions_mut().insert(reached);
                }
                if let Some(certificate) = &certificate {
                    request.extensions_mut().insert(certificate.clone());
                }
                let (router, unsent, aside) = (router.clone(), Arc::clone(&unsent), aside.clone());
                let watchdog = watchdog.clone();
                // In a box, which goes when the answer is there: what waits for a slow peer is then only the answer.
                Box::pin(async move {
                    if !unsent.has_room() {
                        turn.part();
                        unsent.room().await;
                        turn.room();
                    }
                    if unsent.is_full() {
                        request.extensions_mut().insert(Crowded);
                    }
                    let answer = router.current().call(request);
                    let mut answer: Response = answer.await?;
                    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
                        watchdog.upgraded();
                    }
                    if let Some(leftover) = leftover
                        && let Some(unread) = leftover.read_off().await
                    {
                        aside.leave(unread, &mut answer);
                    }
                    turn.part();
                    let is_shared = answer.extensions().get::<SharedBody>().is_some();
                    let owed = Owed::new(turn, &unsent, answer.body().size_hint().lower(), is_shared);
                    Ok::<_, Infallible>(answer.map(|body| Answer { body, owed }))
                })
            })
        };
        match protocol {
            Protocol::Http1 => {
                let mut http = http1::Builder::new();
                // Time is kept by the watchdog, which knows idle from slow.
                http.header_read_timeout(None).max_buf_size(HEAD_LIMIT);
                let connection = http.serve_connection(io, service).with_upgrades();
                drive(connection, unread, &watchdog, limits, Heads::Seen, stop).await
            }
            Protocol::Http2 => {
                let mut http = http2::Builder::new(TokioExecutor::new());
                http.timer(TokioTimer::new())
                    .keep_alive_interval(PING.0)
                    .keep_alive_timeout(PING.1)
                    .max_concurrent_streams(STREAMS)
                    .max_send_buf_size(SEND_BUFFER)
                    .max_header_list_size(HEADER_LIST_LIMIT);
                // No extended CONNECT (RFC 8441): a WebSocket then comes by HTTP/1.1, on a connection of its own
                // whose end it owns, rather than on one that looks idle to the watchdog.
                let connection = http.serve_connection(io, service);
                drive(connection, unread, &watchdog, limits, Heads::Hidden, stop).await
            }
        }
    }
}

/// What hyper's connections of both versions can do.
trait Retire: Future<Output = hyper::Result<()>> {
    fn retire(self: Pin<&mut Self>);
}

impl<I, S, B> Retire for http1::UpgradeableConnection<I, S>
where
    S: hyper::service::HttpService<Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    B: hyper::body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn retire(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, S, B, E> Retire for http2::Connection<I, S, E>
where
    S: hyper::service::HttpService<Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: hyper::body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    E: hyper::rt::bounds::Http2ServerConnExec<S::Future, B>,
{
    fn retire(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

async fn drive<C: Retire>(
    connection: C,
    unread: Option<Left>,
    watchdog: &Watchdog,
    limits: &Limits,
    heads: Heads,
    stop: &CancellationToken,
) -> Result<(), ConnectionEnd> {
    let mut connection = pin!(connection);
    let mut look = pin!(sleep(first_look(watchdog, limits, heads)));
    let mut retired = None;
    let mut discarding = pin!(discard(unread));
    loop {
        tokio::select! {
            biased;
            // How a peer leaves is its own affair; what matters was answered and logged.
            _ = &mut connection => return Ok(()),
            never = &mut discarding => match never {},
            () = &mut look => {}
            () = stop.cancelled(), if retired.is_none() => {
                connection.as_mut().retire();
                retired = Some(Retired { at: Instant::now(), idle: false });
            }
        }
        let next = match (watchdog.verdict(limits, heads), &retired) {
            (Verdict::Cut(refusal), _) => return Err(refusal),
            (verdict, Some(retired)) => match retired.over(watchdog) {
                true if retired.idle => return Err(ConnectionEnd::IdleTimeout),
                true => return Ok(()),
                false => match verdict {
                    Verdict::Wait(wait) => wait.min(FAREWELL),
                    Verdict::Retire | Verdict::Cut(_) => FAREWELL,
                },
            },
            (Verdict::Retire, None) => {
                connection.as_mut().retire();
                retired = Some(Retired {
                    at: Instant::now(),
                    idle: true,
                });
                FAREWELL
            }
            (Verdict::Wait(wait), None) => wait,
        };
        look.as_mut().reset(Instant::now() + next);
    }
}

fn first_look(watchdog: &Watchdog, limits: &Limits, heads: Heads) -> Duration {
    match watchdog.verdict(limits, heads) {
        Verdict::Wait(wait) => wait,
        Verdict::Retire | Verdict::Cut(_) => Duration::ZERO,
    }
}

/// A connection that was asked to end.
struct Retired {
    at: Instant,
    /// It was idle too long, rather than the door being closed.
    idle: bool,
}

impl Retired {
    /// Whether an idle peer had its time to close.
    fn over(&self, watchdog: &Watchdog) -> bool {
        !watchdog.is_busy() && self.at.elapsed() >= FAREWELL
    }
}

pin_project! {
    /// An answer's body; its request is under way until it is sent or dropped.
    struct Answer {
        #[pin]
        body: Body,
        owed: Owed,
    }
}

impl hyper::body::Body for Answer {
    type Data = Part;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let polled = this.body.poll_frame(cx);
        match polled {
            Poll::Pending => this.owed.turn().room(),
            Poll::Ready(_) => this.owed.turn().part(),
        }
        polled.map_ok(|frame| frame.map_data(|bytes| this.owed.part(bytes)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
