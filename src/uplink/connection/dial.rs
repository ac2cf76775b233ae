//! The way to the broker: addresses or a proxy, TCP, TLS, and the opening of the session, each step under its own limit.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rustls::pki_types::ServerName;
use socket2::SockRef;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

use super::address::BrokerUrl;
use super::error::ConnectionError;
use super::tls_error::TlsError;
use super::wire::{Incoming, Line, Opened, Opening, Protocol, Wire};
use crate::http::way_out::{ProxyAddress, WayOut};
use crate::tls::OutboundTls;

/// For an address to be found and to take the connection, and for the handshake, each.
const CONNECTING: Duration = Duration::from_secs(10);
/// The next address is tried beside one that has not answered for so long (RFC 8305).
const STAGGER: Duration = Duration::from_millis(250);
/// A line on which nothing sent arrives for so long is dead.
const UNHEARD: Duration = Duration::from_secs(30);

/// Finds the host's addresses, anew each time.
pub async fn resolve(url: &BrokerUrl) -> Result<Vec<SocketAddr>, ConnectionError> {
    let found = timeout(CONNECTING, lookup_host((url.host.as_str(), url.port))).await;
    let fault = |source| ConnectionError::Resolve {
        host: url.host.clone(),
        source,
    };
    let found = found.map_err(|_| ConnectionError::Slow {
        step: "looking the broker's name up",
        limit: CONNECTING,
    })?;
    let addresses: Vec<SocketAddr> = found.map_err(fault)?.collect();
    if addresses.is_empty() {
        return Err(fault(std::io::Error::other("the name has no address")));
    }
    Ok(addresses)
}

/// A connection to the first address that takes one.
pub async fn connect(url: &BrokerUrl, addresses: &[SocketAddr]) -> Result<TcpStream, ConnectionError> {
    let tries = addresses.iter().zip(0..).map(|(address, place)| async move {
        sleep(STAGGER * place).await;
        TcpStream::connect(address).await
    });
    let mut tries: FuturesUnordered<_> = tries.collect();
    let first = async {
        let mut last = std::io::Error::other("the name has no address");
        while let Some(tried) = tries.next().await {
            match tried {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    };
    let connected = timeout(CONNECTING, first).await.map_err(|_| ConnectionError::Slow {
        step: "connecting to the broker",
        limit: CONNECTING,
    })?;
    let stream = connected.map_err(|source| ConnectionError::Connect {
        host: url.host.clone(),
        port: url.port,
        source,
    })?;
    hasten(&stream);
    Ok(stream)
}

/// A connection that a proxy of `way` opens; it looks the name up itself.
pub async fn through(url: &BrokerUrl, way: &WayOut, proxy: &ProxyAddress) -> Result<TcpStream, ConnectionError> {
    let stream = way.through(proxy, (&url.host, url.port), 2 * CONNECTING).await?;
    hasten(&stream);
    Ok(stream)
}

/// Both only hasten things; a line without them works.
fn hasten(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(stream).set_tcp_user_timeout(Some(UNHEARD));
}

/// Encrypts a connection.
pub async fn encrypt(url: &BrokerUrl, tls: &OutboundTls, stream: TcpStream) -> Result<Box<dyn Line>, ConnectionError> {
    let fault = |cause| ConnectionError::Tls {
        host: url.host.clone(),
        cause,
    };
    let name = ServerName::try_from(url.host.clone()).map_err(|error| fault(TlsError::Other(error.to_string())))?;
    let shaking = TlsConnector::from(Arc::clone(&tls.config)).connect(name, stream);
    let shaken = timeout(CONNECTING, shaking).await.map_err(|_| ConnectionError::Slow {
        step: "the TLS handshake",
        limit: CONNECTING,
    })?;
    Ok(Box::new(shaken.map_err(|error| fault(TlsError::of(&error)))?))
}

/// A line to the broker by `way`, encrypted with `tls`.
pub async fn line(url: &BrokerUrl, way: &WayOut, tls: Option<&OutboundTls>) -> Result<Box<dyn Line>, ConnectionError> {
    let stream = match way.proxy_to(&url.host, url.port) {
        Some(proxy) => through(url, way, proxy).await?,
        None => connect(url, &resolve(url).await?).await?,
    };
    match tls {
        Some(tls) => encrypt(url, tls, stream).await,
        None => Ok(Box::new(stream)),
    }
}

/// Opens a session on a line.
pub async fn open(
    line: Box<dyn Line>,
    protocol: Protocol,
    opening: &Opening,
) -> Result<(Wire, Opened), ConnectionError> {
    let mut wire = Wire::new(line, protocol);
    let opened = async {
        wire.open(opening).await?;
        match wire.next().await? {
            Incoming::Opened(opened) => match opened.refused {
                None => Ok(opened),
                Some(refusal) => Err(ConnectionError::Refused(refusal)),
            },
            Incoming::HangsUp(why) => Err(ConnectionError::HungUp(why)),
            _ => Err(ConnectionError::NoAnswer),
        }
    };
    let opened = timeout(opening.patience, pin!(opened))
        .await
        .map_err(|_| ConnectionError::Slow {
            step: "opening the session",
            limit: opening.patience,
        })??;
    if let Some(bytes) = opened.packet_max {
        wire.limit(bytes);
    }
    Ok((wire, opened))
}
