//! Simulated meters on sockets and pseudo-terminals.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::sleep;
use tokio_serial::{SerialPort, SerialStream};

use super::station::{Station, Turn};
use crate::meter::emop::StreamDecoder;

/// A simulated meter cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The address is taken, or not ours.
    #[error("a simulated meter cannot listen on {address}: {source}")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    /// There is no pseudo-terminal to be had.
    #[error("no pseudo-terminal for a simulated meter")]
    Pty(#[source] tokio_serial::Error),
    /// It has no name, so that nobody could open it.
    #[error("the pseudo-terminal of a simulated meter has no name")]
    Nameless,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// A reply was sent, and more may be asked.
    Answered,
    /// No reply comes; the other end may ask again or give up.
    Silent,
    /// It is closed.
    Ends,
    /// It is closed, and the meter is away for a while.
    Reboots,
}

/// Whether a meter closes the line after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// As modems do.
    OneReply,
    /// As serial lines do.
    Stays,
}

/// A meter on a TCP port. Like the modems of real ones it closes after each reply.
#[derive(Debug)]
pub struct TcpMeter {
    listener: TcpListener,
    address: SocketAddr,
    station: Station,
    silence: Arc<AtomicBool>,
}

impl TcpMeter {
    /// Listens; port 0 takes any.
    pub async fn listen(address: SocketAddr, station: Station) -> Result<TcpMeter, SimulatorError> {
        let failed = |source| SimulatorError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(TcpMeter {
            listener,
            address,
            station,
            silence: Arc::default(),
        })
    }

    /// Lets somebody else say when it is silent: what calls it then is hung up on.
    #[must_use]
    pub fn silenced_by(self, silence: Arc<AtomicBool>) -> TcpMeter {
        TcpMeter { silence, ..self }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers one connection after the other, for ever.
    pub async fn run(mut self) -> Result<(), SimulatorError> {
        loop {
            let Ok((mut stream, _)) = self.listener.accept().await else {
                // The process is out of descriptors; there will be some again.
                sleep(Duration::from_millis(50)).await;
                continue;
            };
            if self.silence.load(Ordering::Relaxed) {
                continue;
            }
            let faults = self.station.faults;
            let away = match converse(&mut self.station, &mut stream, Manner::OneReply).await {
                After::Reboots => faults.reboot_for,
                _ => faults.refuse_for,
            };
            if !away.is_zero() {
                self = self.away(stream, away).await?;
            }
        }
    }

    /// Refuses connections for a while, which only a closed port does.
    async fn away(self, stream: tokio::net::TcpStream, length: Duration) -> Result<TcpMeter, SimulatorError> {
        let TcpMeter {
            listener,
            address,
            station,
            silence,
        } = self;
        drop(listener);
        drop(stream);
        sleep(length).await;
        Ok(TcpMeter::listen(address, station).await?.silenced_by(silence))
    }
}

/// A meter on the other side of a pseudo-terminal, which stands for a serial line.
#[derive(Debug)]
pub struct PtyMeter {
    line: SerialStream,
    /// Kept open, so that a line that nobody reads is not a line that is cut.
    _other_end: SerialStream,
    path: String,
    station: Station,
}

impl PtyMeter {
    /// Opens a pseudo-terminal. Must be called within a runtime.
    pub fn open(station: Station) -> Result<PtyMeter, SimulatorError> {
        let (line, other_end) = SerialStream::pair().map_err(SimulatorError::Pty)?;
        let path = other_end.name().ok_or(SimulatorError::Nameless)?;
        Ok(PtyMeter {
            line,
            _other_end: other_end,
            path,
            station,
        })
    }

    /// What a program opens to reach it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Answers for as long as there is a line.
    pub async fn run(mut self) -> Result<(), SimulatorError> {
        while converse(&mut self.station, &mut self.line, Manner::Stays).await == After::Reboots {
            sleep(self.station.faults.reboot_for).await;
        }
        Ok(())
    }
}

/// Answers requests until the line ends.
async fn converse(station: &mut Station, line: &mut (impl AsyncRead + AsyncWrite + Unpin), manner: Manner) -> After {
    let (mut decoder, mut piece) = (StreamDecoder::new(), [0; 512]);
    loop {
        let Ok(read @ 1..) = line.read(&mut piece).await else {
            return After::Ends;
        };
        if station.faults.echo && line.write_all(&piece[..read]).await.is_err() {
            return After::Ends;
        }
        let mut turns = Vec::new();
        decoder.push(&piece[..read], |frame| turns.extend(station.hear(&frame)));
        for turn in turns {
            match take(turn, station.faults.split_bytes, line).await {
                Ok(After::Silent) => {}
                Ok(After::Answered) if manner == Manner::Stays => {}
                // A serial line cannot be closed; nothing is said, which is all the other end sees.
                Ok(After::Ends) if manner == Manner::Stays => {}
                Ok(After::Answered) => return After::Ends,
                Ok(other) => return other,
                Err(_) => return After::Ends,
            }
        }
    }
}

async fn take(turn: Turn, split: bool, line: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> std::io::Result<After> {
    match turn {
        Turn::Say(wait, bytes) => {
            sleep(wait).await;
            say(&bytes, split, line).await?;
            Ok(After::Answered)
        }
        Turn::Close => Ok(After::Ends),
        Turn::Hang => Ok(After::Silent),
        Turn::Reboot(bytes) => {
            say(&bytes, split, line).await?;
            Ok(After::Reboots)
        }
    }
}

/// Sends without flushing: on a serial line that waits, blocking, until the other end has read all of it.
async fn say(bytes: &[u8], split: bool, line: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
    for piece in bytes.chunks(if split { 1 } else { bytes.len().max(1) }) {
        line.write_all(piece).await?;
        if split {
            // The next byte is to travel alone.
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}
