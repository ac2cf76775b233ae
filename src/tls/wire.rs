//! A TCP stream that keeps its connection's watchdog told, and its place.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::admission::Admission;
use super::live::LiveGuard;
use super::socket::Socket;
use super::watchdog::{Stalled, Watchdog};
use crate::http::Lingering;

/// The stream under TLS and HTTP. It goes along when a request is upgraded, and its place with it.
pub(super) struct Wire {
    socket: Lingering<Socket>,
    watchdog: Arc<Watchdog>,
    stalled: bool,
    _admission: Admission,
    live: Option<LiveGuard>,
}

impl Wire {
    pub(super) fn new(tcp: TcpStream, watchdog: Arc<Watchdog>, admission: Admission) -> Wire {
        Wire {
            socket: Lingering::new(Socket::new(tcp)),
            watchdog,
            stalled: false,
            _admission: admission,
            live: None,
        }
    }

    /// The socket itself.
    pub(super) fn socket(&self) -> &Socket {
        self.socket.stream()
    }

    /// Keeps the connection's entry among the live ones as long as the stream.
    pub(super) fn enlist(&mut self, live: LiveGuard) {
        self.live = Some(live);
    }

    fn wrote(&mut self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = &result {
            self.watchdog.wrote(*count);
        }
        let stalled = result.is_pending();
        if stalled != self.stalled {
            self.stalled = stalled;
            self.watchdog.stalled(if stalled { Stalled::Yes } else { Stalled::No });
        }
        result
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.socket).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.watchdog.read();
        }
        result
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.wrote(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.wrote(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.watchdog.is_upgraded() {
            // Its handler may read on while its own side is closed: what would be thrown away here is for it.
            return Pin::new(self.socket.stream_mut()).poll_shutdown(cx);
        }
        self.watchdog.leaving();
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
