//! Why a line to a broker does not open, or ends.

use std::io;

use super::reason::Reason;
use crate::uplink::connection::tls_error::TlsError;

/// Why a broker does not let us in (MQTT 3.1.1 §3.2.2.3, MQTT 5 §3.2.2.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnackError {
    /// It does not speak this MQTT.
    #[error("it does not speak this version of MQTT")]
    Protocol,
    /// It does not like what the box calls itself.
    #[error("it does not accept the client id")]
    ClientId,
    /// It cannot just now.
    #[error("it is not available just now")]
    Unavailable,
    /// User name or password are wrong.
    #[error("it does not accept the user name and password")]
    Login,
    /// It knows us, or not, and does not let us in.
    #[error("it says that the box is not authorised")]
    NotAuthorised,
    /// Anything else that MQTT 5 knows.
    #[error("{0}")]
    Other(Reason),
}

/// A line is broken, or what came over it is no MQTT.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error("the broker closed the connection")]
    Closed,
    /// It broke.
    #[error("the connection broke: {0}")]
    Io(io::Error),
    /// TLS ended it.
    #[error("the broker ended the encrypted connection: {0}")]
    Tls(TlsError),
    /// Bytes that are no packet, or none that may come.
    #[error("{0}")]
    Garbage(DecodeError),
    /// A message is larger than the broker takes.
    #[error("a message of {0} bytes is larger than the broker takes")]
    TooLarge(usize),
}

/// What is wrong with what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It begins as no packet does.
    #[error("what came from there is no MQTT: something else listens there")]
    NoMqtt,
    /// It begins as a packet does and does not go on as one.
    #[error("the broker sent a packet that breaks the rules of MQTT")]
    Malformed,
    /// The answer to the opening is none that this version of MQTT knows.
    #[error(
        "the broker answered the opening of the session with the code 0x{0:02X}, which this version of MQTT does not know"
    )]
    Answer(u8),
    /// It speaks another version.
    #[error("the broker answered in another version of MQTT")]
    Version,
    /// It is larger than the box takes, and no message.
    #[error("the broker sent a packet of {0} bytes, which is more than the box takes")]
    Larger(usize),
}

impl From<io::Error> for WireError {
    /// A broker that is killed goes without TLS's good-bye; what rustls says of that is for programmers.
    fn from(error: io::Error) -> WireError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => WireError::Closed,
            _ => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
                Some(cause) => WireError::Tls(TlsError::of_tls(cause)),
                None => WireError::Io(error),
            },
        }
    }
}
