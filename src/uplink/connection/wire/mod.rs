//! MQTT packets on a stream, 3.1.1 and 5 behind one face. The only place that names rumqttc.
//!
//! Of rumqttc only the packets are used: its event loop gives packet ids away too late, forgets what was not
//! acknowledged, and wants its own TLS (`spec/uplink.md` section 6). Here ids, window and connection are ours, so
//! that a journal entry is acknowledged exactly when its own PUBACK came.

mod bounded;
mod packets;
pub mod reason;

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use rumqttc::mqttbytes::{QoS as QoS4, v4};
use rumqttc::v5::mqttbytes::{QoS as QoS5, v5};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::Framed;

use crate::uplink::connection::tls_cause::TlsCause;
use crate::uplink::speech::Topic;
pub use bounded::Larger;
use bounded::{Bounded, Came};
use packets::{answer_of_older, of_v4, of_v5, packet_of_v4, packet_of_v5};
pub use reason::Reason;

/// The largest packet that is taken from a broker, in bytes.
const LARGEST_IN: u32 = 64 << 10;
/// The largest packet that is sent to a broker that does not say what it takes, in bytes.
pub const LARGEST_OUT: u32 = 256 << 10;

/// A line to a broker, encrypted or not.
pub trait Line: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}

/// Which MQTT a line speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Level 4.
    V311,
    /// Level 5.
    V5,
}

/// A message as it is published: at least once, unless said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// What it says.
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

    /// The same, kept by the broker for those who come later.
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
    /// A message.
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
    /// Its topic.
    pub topic: String,
    /// What it says.
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
    pub refused: Option<Refusal>,
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

/// Why a broker does not let us in (`spec/uplink.md` section 1.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
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
    /// It closed.
    #[error("the broker closed the connection")]
    Closed,
    /// It broke.
    #[error("the connection broke: {0}")]
    Io(io::Error),
    /// TLS ended it.
    #[error("the broker ended the encrypted connection: {0}")]
    Tls(TlsCause),
    /// Bytes that are no packet, or none that may come.
    #[error("{0}")]
    Garbage(Garbage),
    /// A message is larger than the broker takes.
    #[error("a message of {0} bytes is larger than the broker takes")]
    TooLarge(usize),
}

/// What is wrong with what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Garbage {
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
                Some(cause) => WireError::Tls(TlsCause::of_tls(cause)),
                None => WireError::Io(error),
            },
        }
    }
}

/// A line that speaks MQTT.
pub struct Wire {
    framed: Either,
}

enum Either {
    V4(Framed<Box<dyn Line>, Bounded<v4::Codec>>),
    V5(Framed<Box<dyn Line>, Bounded<v5::Codec>>),
}

impl Wire {
    /// A line that speaks `protocol`; nothing is sent yet.
    #[must_use]
    pub fn new(line: Box<dyn Line>, protocol: Protocol) -> Wire {
        let framed = match protocol {
            Protocol::V311 => Either::V4(Framed::new(
                line,
                Bounded::new(
                    v4::Codec {
                        max_incoming_size: LARGEST_IN as usize,
                        max_outgoing_size: LARGEST_OUT as usize,
                    },
                    LARGEST_IN as usize,
                ),
            )),
            Protocol::V5 => Either::V5(Framed::new(
                line,
                Bounded::newer(
                    v5::Codec {
                        max_incoming_size: Some(LARGEST_IN),
                        max_outgoing_size: Some(LARGEST_OUT),
                    },
                    LARGEST_IN as usize,
                ),
            )),
        };
        Wire { framed }
    }

    /// The broker takes no larger packet than this, in bytes (Maximum Packet Size).
    pub fn limit(&mut self, bytes: u32) {
        let bytes = bytes.min(LARGEST_OUT);
        match &mut self.framed {
            Either::V4(framed) => framed.codec_mut().codec.max_outgoing_size = bytes as usize,
            Either::V5(framed) => framed.codec_mut().codec.max_outgoing_size = Some(bytes),
        }
    }

    /// Asks to be let in.
    pub async fn open(&mut self, opening: &Opening) -> Result<(), WireError> {
        match &mut self.framed {
            Either::V4(framed) => {
                let mut connect = v4::Connect::new(&opening.client_id);
                connect.keep_alive = opening.keep_alive_s;
                // The platform promises nothing for the other kind, and our journal needs no session of a broker.
                connect.clean_session = true;
                connect.last_will = opening.will.as_ref().map(|will| {
                    let qos = if will.unacknowledged {
                        QoS4::AtMostOnce
                    } else {
                        QoS4::AtLeastOnce
                    };
                    v4::LastWill::new(&will.topic, will.payload.to_vec(), qos, will.retain)
                });
                if let Some((name, password)) = &opening.login {
                    connect.set_login(name.as_str(), password.as_str());
                }
                framed.send(v4::Packet::Connect(connect)).await.map_err(of_v4)
            }
            Either::V5(framed) => {
                let mut properties = v5::ConnectProperties::new();
                properties.receive_maximum = Some(opening.window.max(1));
                // Told a limit, some brokers end the session over a kept message that is larger, again and again; what is
                // larger is passed over here.
                let connect = v5::Connect {
                    keep_alive: opening.keep_alive_s,
                    client_id: opening.client_id.clone(),
                    clean_start: true,
                    properties: Some(properties),
                };
                let last = opening.will.as_ref().map(|will| v5::LastWill {
                    topic: will.topic.clone().into(),
                    message: will.payload.clone(),
                    qos: if will.unacknowledged {
                        QoS5::AtMostOnce
                    } else {
                        QoS5::AtLeastOnce
                    },
                    retain: will.retain,
                    properties: None,
                });
                let login = opening.login.as_ref();
                let login = login.map(|(name, password)| v5::Login::new(name.as_str(), password.as_str()));
                let packet = v5::Packet::Connect(connect, last, login);
                framed.send(packet).await.map_err(of_v5)
            }
        }
    }

    /// Publishes a message under an id; it leaves with the next [`Wire::flush`] at the latest.
    pub async fn publish(&mut self, message: &Message, id: u16) -> Result<(), WireError> {
        match &mut self.framed {
            Either::V4(framed) => {
                let qos = if message.unacknowledged {
                    QoS4::AtMostOnce
                } else {
                    QoS4::AtLeastOnce
                };
                let mut publish = v4::Publish::from_bytes(message.topic.as_str(), qos, message.payload.clone());
                (publish.pkid, publish.retain) = (id, message.retain);
                framed.feed(v4::Packet::Publish(publish)).await.map_err(of_v4)
            }
            Either::V5(framed) => {
                let qos = if message.unacknowledged {
                    QoS5::AtMostOnce
                } else {
                    QoS5::AtLeastOnce
                };
                let properties = v5::PublishProperties {
                    message_expiry_interval: message.expires_s,
                    user_properties: message
                        .properties
                        .iter()
                        .map(|(name, value)| ((*name).to_owned(), value.clone()))
                        .collect(),
                    ..v5::PublishProperties::default()
                };
                let mut publish =
                    v5::Publish::new(message.topic.as_str(), qos, message.payload.clone(), Some(properties));
                (publish.pkid, publish.retain) = (id, message.retain);
                framed.feed(v5::Packet::Publish(publish)).await.map_err(of_v5)
            }
        }
    }

    /// Asks for messages on topics.
    pub async fn subscribe(&mut self, topics: &[Topic], id: u16) -> Result<(), WireError> {
        match &mut self.framed {
            Either::V4(framed) => {
                let filters = topics.iter().map(|topic| v4::SubscribeFilter {
                    path: topic.name.clone(),
                    qos: if topic.surely {
                        QoS4::AtLeastOnce
                    } else {
                        QoS4::AtMostOnce
                    },
                });
                let mut subscribe = v4::Subscribe::new_many(filters);
                subscribe.pkid = id;
                framed.send(v4::Packet::Subscribe(subscribe)).await.map_err(of_v4)
            }
            Either::V5(framed) => {
                let filters = topics.iter().map(|topic| {
                    let qos = if topic.surely {
                        QoS5::AtLeastOnce
                    } else {
                        QoS5::AtMostOnce
                    };
                    v5::Filter::new(topic.name.as_str(), qos)
                });
                let mut subscribe = v5::Subscribe::new_many(filters, None);
                subscribe.pkid = id;
                framed.send(v5::Packet::Subscribe(subscribe)).await.map_err(of_v5)
            }
        }
    }

    /// A message from the broker is dealt with.
    pub async fn acknowledge(&mut self, id: u16) -> Result<(), WireError> {
        match &mut self.framed {
            Either::V4(framed) => framed
                .send(v4::Packet::PubAck(v4::PubAck::new(id)))
                .await
                .map_err(of_v4),
            Either::V5(framed) => framed
                .send(v5::Packet::PubAck(v5::PubAck::new(id, None)))
                .await
                .map_err(of_v5),
        }
    }

    /// Asks whether anybody is there.
    pub async fn ping(&mut self) -> Result<(), WireError> {
        match &mut self.framed {
            Either::V4(framed) => framed.send(v4::Packet::PingReq).await.map_err(of_v4),
            Either::V5(framed) => framed.send(v5::Packet::PingReq(v5::PingReq)).await.map_err(of_v5),
        }
    }

    /// Says goodbye, so that the broker does not publish the will.
    pub async fn close(&mut self) -> Result<(), WireError> {
        match &mut self.framed {
            Either::V4(framed) => framed.send(v4::Packet::Disconnect).await.map_err(of_v4),
            Either::V5(framed) => {
                let packet = v5::Disconnect::new(v5::DisconnectReasonCode::NormalDisconnection);
                framed.send(v5::Packet::Disconnect(packet)).await.map_err(of_v5)
            }
        }
    }

    /// Sends what waits to be sent.
    pub async fn flush(&mut self) -> Result<(), WireError> {
        match &mut self.framed {
            Either::V4(framed) => framed.flush().await.map_err(of_v4),
            Either::V5(framed) => framed.flush().await.map_err(of_v5),
        }
    }

    /// What comes next. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Incoming, WireError> {
        match &mut self.framed {
            Either::V4(framed) => match framed.next().await {
                Some(Ok(Came::Packet(packet))) => Ok(packet_of_v4(packet)),
                Some(Ok(Came::Larger(larger))) => Ok(Incoming::Larger(larger)),
                Some(Ok(Came::Older(code))) => Ok(answer_of_older(code)),
                Some(Err(error)) => Err(of_v4(error)),
                None => Err(WireError::Closed),
            },
            Either::V5(framed) => match framed.next().await {
                Some(Ok(Came::Packet(packet))) => Ok(packet_of_v5(packet)),
                Some(Ok(Came::Larger(larger))) => Ok(Incoming::Larger(larger)),
                Some(Ok(Came::Older(code))) => Ok(answer_of_older(code)),
                Some(Err(error)) => Err(of_v5(error)),
                None => Err(WireError::Closed),
            },
        }
    }
}
