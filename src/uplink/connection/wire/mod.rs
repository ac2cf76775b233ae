//! MQTT packets on a stream, 3.1.1 and 5 behind one face. The only place that names rumqttc.
//!
//! Of rumqttc only the packets are used: its event loop gives packet ids away too late, forgets what was not
//! acknowledged, and wants its own TLS (UPLINK §6). Here ids, window and connection are ours, so
//! that a journal entry is acknowledged exactly when its own PUBACK came.

mod bounded;
mod error;
mod packets;
pub mod reason;
mod said;

use futures_util::{SinkExt, StreamExt};
use rumqttc::mqttbytes::{QoS as QoS4, v4};
use rumqttc::v5::mqttbytes::{QoS as QoS5, v5};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::Framed;

use crate::uplink::topic::Topic;
pub use bounded::Larger;
use bounded::{Bounded, Came};
pub use error::{ConnackError, DecodeError, WireError};
use packets::{answer_of_older, of_v4, of_v5, packet_of_v4, packet_of_v5};
pub use reason::Reason;
pub use said::{Delivered, Incoming, Message, Opened, Opening};

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
