//! What is said over a line to a broker, in words that both versions of MQTT have.

use std::time::Duration;

use bytes::Bytes;

use super::bounded::Larger;
use super::error::ConnackError;
use super::reason::Reason;

/// A message as it is published: at least once, unless said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    pub topic: String,
    pub payload: Bytes,
    /// Whether the broker keeps it for those who come later.
    pub retain: bool,
    /// At most once: nobody acknowledges it.
    pub unacknowledged: bool,
    /// What stands beside it in MQTT 5, name and value.
    pub properties: Vec<(&'static str, String)>,
    /// After so many seconds nobody wants it any more; MQTT 5 only.
    pub expires_s: Option<u32>,
}

impl Message {
    /// A message at least once.
    #[must_use]
    pub fn new(topic: impl Into<String>, payload: impl Into<Bytes>) -> Message {
        Message {
            topic: topic.into(),
            payload: payload.into(),
            ..Message::default()
        }
    }

    /// The message, kept by the broker for those who come later.
    #[must_use]
    pub fn retained(self) -> Message {
        Message { retain: true, ..self }
    }
}

/// How a session begins.
#[derive(Clone, Debug)]
pub struct Opening {
    /// What the box calls itself.
    pub client_id: String,
    /// User name and password.
    pub login: Option<(String, zeroize::Zeroizing<String>)>,
    /// Seconds after which a silent box counts as gone.
    pub keep_alive_s: u16,
    /// What the broker publishes when the box is gone without a word.
    pub will: Option<Message>,
    /// How many messages the box has on their way at once, and takes.
    pub window: u16,
    /// How long the answer may take.
    pub patience: Duration,
}

/// What comes from the broker.
#[derive(Debug, PartialEq)]
pub enum Incoming {
    /// The answer to the opening.
    Opened(Opened),
    /// The message with this id is taken, or refused for a reason.
    Taken(u16, Option<Reason>),
    /// The subscriptions asked for under this id, each granted or not.
    Subscribed(u16, Vec<bool>),
    Message(Delivered),
    /// The answer to a ping.
    Pong,
    /// It hangs up, and says why.
    HangsUp(Reason),
    /// A message that was larger than the box takes; it was passed over.
    Larger(Larger),
    /// Something that needs no answer.
    Other,
}

/// A message from the broker; it is acknowledged once it is dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    pub topic: String,
    pub payload: Bytes,
    /// Whether it was kept and not just published.
    pub retained: bool,
    /// What to acknowledge; 0: nothing.
    pub id: u16,
}

/// What the broker says to the opening.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Why not, when it refuses.
    pub refused: Option<ConnackError>,
    /// How many messages it takes at once.
    pub receive_max: Option<u16>,
    /// The largest packet it takes, in bytes.
    pub packet_max: Option<u32>,
    /// The keep-alive that it wants instead, in seconds.
    pub keep_alive_s: Option<u16>,
    /// Whether it does not keep messages for those who come later.
    pub no_retain: bool,
    /// Whether it takes messages at most once only (Maximum QoS 0).
    pub only_perhaps: bool,
    /// Whether it takes no subscriptions with wildcards.
    pub no_wildcards: bool,
    /// What it calls the box, when it gives names itself.
    pub named: Option<String>,
}
