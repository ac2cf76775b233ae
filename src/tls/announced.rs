//! Connections that a proxy hands on, and announces by a header: whose they are.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::Instant;

use super::proxy_header::{Ends, PREFIX, Prefix, ProxyHeaderError};
use crate::http::metrics::ConnectionEnd;

/// A proxy that does not do as it should is complained of so often at most.
const COMPLAINTS: Duration = Duration::from_secs(60);

/// Reads the header of each, and no byte more.
pub(super) struct Announced {
    door: &'static str,
    complained: Mutex<Option<Instant>>,
}

#[derive(Debug, thiserror::Error)]
enum HeaderFault {
    /// It came and went, as one does who only looks whether the door is open.
    #[error("it went away")]
    Gone,
    #[error(transparent)]
    Bad(#[from] ProxyHeaderError),
}

impl Announced {
    pub(super) fn new(door: &'static str) -> Announced {
        Announced {
            door,
            complained: Mutex::default(),
        }
    }

    /// Between whom a connection of `proxy` is; `None`: it is its own. The caller limits the time.
    pub(super) async fn ends(
        &self,
        stream: &mut (impl AsyncRead + Unpin),
        proxy: SocketAddr,
    ) -> Result<Option<Ends>, ConnectionEnd> {
        match read(stream).await {
            Ok(ends) => Ok(ends),
            Err(HeaderFault::Gone) => Err(ConnectionEnd::ClientGone),
            Err(HeaderFault::Bad(error)) => {
                self.complain(proxy, &error);
                Err(ConnectionEnd::ProxyHeader)
            }
        }
    }

    /// Its connections are refused until somebody does something.
    fn complain(&self, proxy: SocketAddr, error: &ProxyHeaderError) {
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        if complained.is_none_or(|at| at.elapsed() >= COMPLAINTS) {
            *complained = Some(Instant::now());
            tracing::warn!(
                door = self.door, proxy = %proxy.ip(), %error,
                "a trusted proxy must announce its connections (send-proxy-v2), for limits.{}.proxy_protocol is set",
                self.door
            );
        }
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<Ends>, HeaderFault> {
    let mut prefix = [0; PREFIX];
    stream.read_exact(&mut prefix).await.map_err(|_| HeaderFault::Gone)?;
    let prefix = Prefix::read(&prefix)?;
    let mut rest = vec![0; prefix.rest()];
    stream.read_exact(&mut rest).await.map_err(|_| HeaderFault::Gone)?;
    Ok(prefix.ends(&rest)?)
}

#[cfg(test)]
mod tests {
    use super::super::proxy_header::LOCAL;
    use super::*;

    #[tokio::test]
    async fn a_header_is_read_in_pieces_and_what_follows_is_left() {
        let proxy = "192.0.2.9:7".parse().unwrap();
        let announced = Announced::new("https");
        let header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0d\xc0\0\x02\x07\xc6\x33\x64\x01\0\x07\0\x08x";
        let mut pieces = in_pieces(header, b"\x16\x03\x01");
        let ends = announced.ends(&mut pieces, proxy).await.unwrap().unwrap();
        assert_eq!(ends.client, "192.0.2.7:7".parse().unwrap());
        let mut left = Vec::new();
        pieces.read_to_end(&mut left).await.unwrap();
        assert_eq!(left, b"\x16\x03\x01");
        assert_eq!(announced.ends(&mut &LOCAL[..], proxy).await.unwrap(), None);
        let nothing = announced.ends(&mut &b""[..], proxy).await;
        assert!(matches!(nothing, Err(ConnectionEnd::ClientGone)));
        let bad = announced.ends(&mut &b"GET / HTTP/1.1\r\n"[..], proxy).await;
        assert!(matches!(bad, Err(ConnectionEnd::ProxyHeader)));
    }

    /// A stream that gives one byte at a time.
    fn in_pieces(first: &[u8], then: &[u8]) -> impl AsyncRead + Unpin {
        let bytes: Vec<std::io::Result<bytes::Bytes>> = [first, then]
            .concat()
            .into_iter()
            .map(|byte| Ok(bytes::Bytes::copy_from_slice(&[byte])))
            .collect();
        tokio_util::io::StreamReader::new(futures_util::stream::iter(bytes))
    }
}
