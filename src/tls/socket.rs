//! A TCP stream that somebody else may end: the stream and whoever watches over it share one socket, and so one file
//! descriptor a connection.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::net::Shutdown;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

/// One end of it reads and writes.
pub(super) struct Socket(Arc<TcpStream>);

/// The other ends it.
pub(super) struct Ender(Arc<TcpStream>);

impl Socket {
    pub(super) fn new(tcp: TcpStream) -> Socket {
        Socket(Arc::new(tcp))
    }

    /// The stream itself.
    pub(super) fn tcp(&self) -> &TcpStream {
        &self.0
    }

    /// What can end the connection while the stream is in use.
    pub(super) fn ender(&self) -> Ender {
        Ender(Arc::clone(&self.0))
    }
}

impl Ender {
    /// Ends the connection at once, whatever runs on it now (HTTP/1.1, HTTP/2, a WebSocket); it needs nobody's
    /// cooperation.
    pub(super) fn end(&self) {
        // The only failure is a peer that has gone already (ENOTCONN).
        let _ = rustix::net::shutdown(&*self.0, Shutdown::Both);
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            let room = buf.initialize_unfilled();
            let mut read = 0;
            let result = self.0.try_io(Interest::READABLE, || {
                read = rustix::io::read(&*self.0, &mut *room)?;
                // Less than there was room for: nothing is left, which spares the next read that would say so.
                match read > 0 && read < room.len() {
                    true => Err(ErrorKind::WouldBlock.into()),
                    false => Ok(()),
                }
            });
            buf.advance(read);
            match result {
                Err(error) if error.kind() == ErrorKind::WouldBlock && read == 0 => {}
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Poll::Ready(Err(error)),
                _ => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl Socket {
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        send: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match send(&self.0) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_send(cx, |tcp| tcp.try_write(buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, |tcp| tcp.try_write_vectored(bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(rustix::net::shutdown(&*self.0, Shutdown::Write).map_err(io::Error::from))
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (near, far) = tokio::join!(listener.accept(), TcpStream::connect(address));
        (Socket::new(near.unwrap().0), far.unwrap())
    }

    #[tokio::test]
    async fn everything_passes_both_ways_however_it_is_cut() {
        const LONG: usize = 3 << 20;
        let (near, mut far) = pair().await;
        let (mut read, mut write) = tokio::io::split(near);
        let sent: Vec<u8> = (0..LONG).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let echo = async {
            // Longer and shorter than what arrives at once.
            for size in [1, 7, 4096, 1 << 16, 1 << 22].into_iter().cycle() {
                let mut buffer = vec![0; size];
                match read.read(&mut buffer).await.unwrap() {
                    0 => break,
                    count => write.write_all(&buffer[..count]).await.unwrap(),
                }
            }
            write.shutdown().await.unwrap();
        };
        let (mut far_read, mut far_write) = far.split();
        let mut heard = Vec::new();
        let (_, said, all) = tokio::join!(
            echo,
            async {
                far_write.write_all(&sent).await?;
                far_write.shutdown().await
            },
            far_read.read_to_end(&mut heard)
        );
        said.unwrap();
        all.unwrap();
        assert!(heard == sent, "{} of {} bytes", heard.len(), sent.len());
    }

    #[tokio::test]
    async fn it_ends_under_a_reader_and_a_writer_that_wait() {
        let (near, mut far) = pair().await;
        let ender = near.ender();
        let (mut read, mut write) = tokio::io::split(near);
        let mut reader = pin!(async { read.read(&mut [0; 16]).await });
        let mut writer = pin!(async { while write.write_all(&[0; 1 << 16]).await.is_ok() {} });
        assert!(poll!(&mut reader).is_pending(), "nothing was sent to it");
        assert!(
            poll!(&mut writer).is_pending(),
            "what it writes is more than sockets hold"
        );
        ender.end();
        let (read, ()) = tokio::join!(reader, writer);
        assert_eq!(read.unwrap(), 0);
        let mut rest = Vec::new();
        // The other side hears the end as well, in order or by a reset.
        let _ = far.read_to_end(&mut rest).await;
    }
}
