//! The end of a connection in stages, so that its last answer arrives (RFC 9112 §9.6).
//!
//! An answer may come before its request has ended: a body too long, no credentials, no such path. If the socket is
//! closed while the peer still sends, the system answers with a reset, and over it the peer loses what it did not read
//! yet. So our side is closed first, and what still comes is thrown away, within limits, until the peer closes too.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep_until};

use super::body::LEAST_PACE;

/// How long a peer may be silent that does not close, and the grace before it must keep to [`LEAST_PACE`].
const SILENCE: Duration = Duration::from_secs(2);

/// How long it may take in all.
const LONGEST: Duration = Duration::from_secs(30);

/// How many bytes are thrown away at most.
const MOST: u64 = 128 << 20;

/// How many of them are read at once.
const AT_ONCE: usize = 16 << 10;

/// What is left of our patience with a peer that goes on after it was answered.
pub(super) struct Parting {
    began: Instant,
    heard: Instant,
    bytes: u64,
}

impl Parting {
    pub(super) fn new() -> Parting {
        let now = Instant::now();
        Parting {
            began: now,
            heard: now,
            bytes: 0,
        }
    }

    /// So many bytes came.
    pub(super) fn heard(&mut self, bytes: u64) {
        self.heard = Instant::now();
        self.bytes += bytes;
    }

    /// Until when the next bytes, or the end, must come.
    pub(super) fn deadline(&self) -> Instant {
        let earned = Duration::from_millis(self.bytes.min(MOST) * 1000 / LEAST_PACE);
        (self.began + LONGEST)
            .min(self.heard + SILENCE)
            .min(self.began + SILENCE + earned)
    }

    /// Whether it was enough.
    pub(super) fn is_over(&self) -> bool {
        self.bytes >= MOST || Instant::now() >= self.deadline()
    }
}

/// A stream whose shutdown waits for the peer's.
pub(crate) struct Lingering<S> {
    stream: S,
    stage: Stage,
}

enum Stage {
    Open,
    /// Our side is closed.
    Parting(Parting, Pin<Box<Sleep>>),
    Over,
}

impl<S> Lingering<S> {
    pub(crate) fn new(stream: S) -> Lingering<S> {
        Lingering {
            stream,
            stage: Stage::Open,
        }
    }

    /// The stream itself.
    pub(crate) fn stream(&self) -> &S {
        &self.stream
    }

    /// The stream itself, for whoever closes it without lingering.
    pub(crate) fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Lingering { stream, stage } = self.get_mut();
        loop {
            match stage {
                Stage::Open => {
                    ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
                    let parting = Parting::new();
                    let timer = Box::pin(sleep_until(parting.deadline()));
                    *stage = Stage::Parting(parting, timer);
                }
                Stage::Parting(parting, timer) => {
                    ready!(part(stream, parting, timer.as_mut(), cx));
                    *stage = Stage::Over;
                }
                Stage::Over => return Poll::Ready(Ok(())),
            }
        }
    }
}

/// A listener whose streams linger at their end.
pub(crate) struct LingeringListener(pub(crate) TcpListener);

impl Listener for LingeringListener {
    type Io = Lingering<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Lingering<TcpStream>, SocketAddr) {
        let (tcp, from) = Listener::accept(&mut self.0).await;
        (Lingering::new(tcp), from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Throws away what comes, until the peer closes or it was enough.
fn part<S: AsyncRead + Unpin>(
    stream: &mut S,
    parting: &mut Parting,
    mut timer: Pin<&mut Sleep>,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let mut scrap = [0; AT_ONCE];
    while !parting.is_over() {
        let mut scrap = ReadBuf::new(&mut scrap);
        match Pin::new(&mut *stream).poll_read(cx, &mut scrap) {
            Poll::Ready(Ok(())) if !scrap.filled().is_empty() => parting.heard(scrap.filled().len() as u64),
            // How a peer leaves is its own affair.
            Poll::Ready(_) => return Poll::Ready(()),
            Poll::Pending => {
                if timer.deadline() != parting.deadline() {
                    timer.as_mut().reset(parting.deadline());
                }
                ready!(timer.as_mut().poll(cx));
            }
        }
    }
    Poll::Ready(())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    /// The seconds that a shutdown takes while `peer` does what it does.
    async fn seconds<F: Future>(peer: impl FnOnce(DuplexStream) -> F) -> f64 {
        let (near, far) = duplex(1 << 20);
        let began = Instant::now();
        let mut near = Lingering::new(near);
        tokio::select! {
            ended = near.shutdown() => ended.unwrap(),
            _ = async { (peer(far).await, std::future::pending::<()>().await) } => {}
        }
        near.shutdown().await.unwrap();
        began.elapsed().as_secs_f64()
    }

    /// Sends `bytes` every so often, for ever.
    async fn send(mut far: DuplexStream, bytes: usize, every: Duration) {
        let part = vec![0; bytes];
        while far.write_all(&part).await.is_ok() {
            tokio::time::sleep(every).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_peer_and_not_before() {
        let took = seconds(async |mut far: DuplexStream| {
            assert_eq!(far.read(&mut [0; 8]).await.unwrap(), 0, "our side is closed at once");
            for _ in 0..5 {
                far.write_all(&[0; 8 << 10]).await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            drop(far);
        });
        assert_eq!(took.await.round(), 5.0);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_a_trickle_and_an_endless_stream_are_cut() {
        let second = Duration::from_secs(1);
        // Bytes that come at once, and how often; the seconds until it was enough.
        for (what, bytes, every, expected) in [
            ("nothing", 0, second, 2.0),
            ("a first burst only", 1 << 19, Duration::from_secs(3600), 2.0),
            ("a byte ten times a second", 1, second / 10, 2.0),
            ("just under the pace", 900, second, 16.0),
            ("just over the pace", 1100, second, 30.0),
            ("far over it", 1 << 20, second, 30.0),
            ("all that fits", 1 << 20, second / 1000, 0.1),
        ] {
            let took = seconds(async |far| send(far, bytes, every).await).await;
            assert!((took - expected).abs() < expected * 0.3, "{what}: {took} s");
        }
    }
}
