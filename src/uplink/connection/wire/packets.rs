//! What comes from a broker in the packets of either MQTT, as this room understands it.

use rumqttc::mqttbytes::v4;
use rumqttc::v5::mqttbytes::v5;

use super::{Delivered, Incoming, Opened, Refusal, WireError};

pub(super) fn packet_of_v4(packet: v4::Packet) -> Incoming {
    match packet {
        v4::Packet::ConnAck(ack) => Incoming::Opened(Opened {
            refused: match ack.code {
                v4::ConnectReturnCode::Success => None,
                v4::ConnectReturnCode::RefusedProtocolVersion => Some(Refusal::Protocol),
                v4::ConnectReturnCode::BadClientId => Some(Refusal::ClientId),
                v4::ConnectReturnCode::ServiceUnavailable => Some(Refusal::Unavailable),
                v4::ConnectReturnCode::BadUserNamePassword => Some(Refusal::Login),
                v4::ConnectReturnCode::NotAuthorized => Some(Refusal::NotAuthorised),
            },
            ..Opened::default()
        }),
        v4::Packet::PubAck(ack) => Incoming::Taken(ack.pkid, None),
        v4::Packet::SubAck(ack) => {
            let granted = |code: &v4::SubscribeReasonCode| matches!(code, v4::SubscribeReasonCode::Success(_));
            Incoming::Subscribed(ack.pkid, ack.return_codes.iter().map(granted).collect())
        }
        v4::Packet::Publish(publish) => Incoming::Message(Delivered {
            topic: publish.topic,
            payload: publish.payload,
            retained: publish.retain,
            id: publish.pkid,
        }),
        v4::Packet::PingResp => Incoming::Pong,
        _ => Incoming::Other,
    }
}

pub(super) fn packet_of_v5(packet: v5::Packet) -> Incoming {
    use v5::ConnectReturnCode as Code;
    match packet {
        v5::Packet::ConnAck(ack) => {
            let properties = ack.properties;
            let properties = properties.as_ref();
            Incoming::Opened(Opened {
                refused: match ack.code {
                    Code::Success => None,
                    Code::RefusedProtocolVersion | Code::UnsupportedProtocolVersion => Some(Refusal::Protocol),
                    Code::BadClientId | Code::ClientIdentifierNotValid => Some(Refusal::ClientId),
                    Code::ServiceUnavailable | Code::ServerUnavailable | Code::ServerBusy => Some(Refusal::Unavailable),
                    Code::BadUserNamePassword => Some(Refusal::Login),
                    Code::NotAuthorized => Some(Refusal::NotAuthorised),
                    other => Some(Refusal::Other(format!("{other:?}"))),
                },
                receive_max: properties.and_then(|said| said.receive_max),
                packet_max: properties.and_then(|said| said.max_packet_size),
                keep_alive_s: properties.and_then(|said| said.server_keep_alive),
                no_retain: properties.and_then(|said| said.retain_available) == Some(0),
            })
        }
        v5::Packet::PubAck(ack) => {
            use v5::PubAckReason as Reason;
            let refused = match ack.reason {
                Reason::Success | Reason::NoMatchingSubscribers => None,
                other => Some(format!("{other:?}")),
            };
            Incoming::Taken(ack.pkid, refused)
        }
        v5::Packet::SubAck(ack) => {
            let granted = |code: &v5::SubscribeReasonCode| matches!(code, v5::SubscribeReasonCode::Success(_));
            Incoming::Subscribed(ack.pkid, ack.return_codes.iter().map(granted).collect())
        }
        v5::Packet::Publish(publish) => Incoming::Message(Delivered {
            topic: String::from_utf8_lossy(&publish.topic).into_owned(),
            payload: publish.payload,
            retained: publish.retain,
            id: publish.pkid,
        }),
        v5::Packet::PingResp(_) => Incoming::Pong,
        v5::Packet::Disconnect(goodbye) => Incoming::HangsUp(format!("{:?}", goodbye.reason_code)),
        _ => Incoming::Other,
    }
}

pub(super) fn of_v4(error: rumqttc::mqttbytes::Error) -> WireError {
    match error {
        rumqttc::mqttbytes::Error::Io(error) => error.into(),
        rumqttc::mqttbytes::Error::OutgoingPacketTooLarge { pkt_size, .. } => WireError::TooLarge(pkt_size),
        other => WireError::Garbage(other.to_string()),
    }
}

pub(super) fn of_v5(error: rumqttc::v5::mqttbytes::Error) -> WireError {
    match error {
        rumqttc::v5::mqttbytes::Error::Io(error) => error.into(),
        rumqttc::v5::mqttbytes::Error::OutgoingPacketTooLarge { pkt_size, .. } => {
            WireError::TooLarge(pkt_size as usize)
        }
        other => WireError::Garbage(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn a_broker_that_goes_without_a_word_has_closed_the_connection() {
        let gone = |kind| of_v4(rumqttc::mqttbytes::Error::Io(Error::from(kind)));
        assert_eq!(
            gone(ErrorKind::UnexpectedEof).to_string(),
            "the broker closed the connection"
        );
        assert!(matches!(gone(ErrorKind::ConnectionReset), WireError::Io(_)));
    }
}
