//! The byte stream to a meter (EMOP §9): TCP to its modem, TCP through a SOCKS5 proxy, or
//! a serial line.
//!
//! Over TCP each exchange has a connection of its own. A serial line has no connections: the port stays
//! open between exchanges, and what came in between is thrown away.

mod proxy;
mod serial;
mod target;
mod tcp;

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_serial::SerialStream;

pub use proxy::{Proxy, ProxyError};
pub use target::{Parity, SerialTarget, Target, TargetError};

/// The way to one meter.
#[derive(Debug)]
pub struct Link {
    target: Target,
    proxy: Option<Proxy>,
    serial: Option<serial::Port>,
}

/// A line that is open for one exchange.
#[derive(Debug)]
pub enum Line<'l> {
    /// A connection that ends with the exchange.
    Tcp(TcpStream),
    /// A serial port, and the longest pause between two bytes of one reply.
    Serial(&'l mut SerialStream, Duration),
}

/// There is no line: nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The name has no address, or nothing can be reached from here.
    #[error("{target} cannot be reached")]
    Unreachable {
        /// Where to.
        target: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Meters do so when asked again too soon.
    #[error("{target} takes no connection now")]
    TurnedAway {
        /// Where to.
        target: String,
    },
    /// Radio links wake slowly.
    #[error("{target} did not accept within {seconds} s")]
    Slow {
        /// Where to.
        target: String,
        /// How long it was waited for.
        seconds: f64,
    },
    /// The proxy itself: it restarts several times a day.
    #[error("the SOCKS proxy {proxy} cannot be reached; {target} lies behind it")]
    ProxyUnreachable {
        /// The proxy, without its login.
        proxy: String,
        /// Where to.
        target: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The proxy said no, to us or for the meter.
    #[error("the SOCKS proxy {proxy} does not connect to {target}: {source}")]
    Proxy {
        /// The proxy, without its login.
        proxy: String,
        /// Where to.
        target: String,
        source: tokio_socks::Error,
    },
    /// There is no such port, or it is in use.
    #[error("serial line {path} cannot be opened: {source}; {next}")]
    Serial {
        /// The port.
        path: String,
        /// What is plugged in, or why nothing can be seen.
        next: String,
        /// What the system said.
        source: tokio_serial::Error,
    },
}

impl Link {
    /// The way to `target`; a proxy carries TCP only.
    #[must_use]
    pub fn new(target: Target, proxy: Option<Proxy>) -> Link {
        Link {
            target,
            proxy,
            serial: None,
        }
    }

    /// Where it leads.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Opens a line for one exchange, with nothing of earlier ones in it.
    pub async fn open(&mut self, within: Duration) -> Result<Line<'_>, LinkError> {
        match &self.target {
            Target::Tcp { host, port } => {
                let stream = match &self.proxy {
                    None => tcp::connect(host, *port, within).await?,
                    Some(proxy) => proxy.connect(host, *port).await?,
                };
                Ok(Line::Tcp(stream))
            }
            Target::Serial(target) => {
                let kept = self.serial.take().filter(|port| port.is_still(target));
                let port = match kept {
                    Some(port) => port,
                    None => serial::Port::open(target)?,
                };
                let port = self.serial.insert(port);
                let stream = port.quiet();
                Ok(Line::Serial(stream, target.byte_pause))
            }
        }
    }

    /// Forgets a serial port that failed; the next exchange opens the path anew, for the device may have
    /// been unplugged and plugged in again.
    pub fn forget(&mut self) {
        self.serial = None;
    }
}

impl Line<'_> {
    /// Sends all of `bytes`.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Line::Tcp(stream) => stream.write_all(bytes).await,
            Line::Serial(port, _) => port.write_all(bytes).await,
        }
    }

    /// Waits for the next bytes; 0: the line has ended.
    pub async fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Line::Tcp(stream) => stream.read(buffer).await,
            Line::Serial(port, _) => port.read(buffer).await,
        }
    }

    /// The longest pause between two bytes of one reply, where the line itself does not say when a
    /// reply is over.
    #[must_use]
    pub fn byte_pause(&self) -> Option<Duration> {
        match self {
            Line::Tcp(_) => None,
            Line::Serial(_, pause) => Some(*pause),
        }
    }
}
