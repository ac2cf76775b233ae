//! What comes from a broker in the packets of either MQTT, as this room understands it.

use rumqttc::mqttbytes::v4;
use rumqttc::v5::mqttbytes::v5;

use super::reason::{Reason, code};
use super::{ConnackError, DecodeError, Delivered, Incoming, Opened, WireError};

pub(super) fn packet_of_v4(packet: v4::Packet) -> Incoming {
    match packet {
        v4::Packet::ConnAck(ack) => Incoming::Opened(Opened {
            refused: match ack.code {
                v4::ConnectReturnCode::Success => None,
                v4::ConnectReturnCode::RefusedProtocolVersion => Some(ConnackError::Protocol),
                v4::ConnectReturnCode::BadClientId => Some(ConnackError::ClientId),
                v4::ConnectReturnCode::ServiceUnavailable => Some(ConnackError::Unavailable),
                v4::ConnectReturnCode::BadUserNamePassword => Some(ConnackError::Login),
                v4::ConnectReturnCode::NotAuthorized => Some(ConnackError::NotAuthorised),
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
            let reason = |code| {
                Reason::of(code)
                    .saying(properties.and_then(|said| said.reason_string.as_deref()))
                    .naming(properties.and_then(|said| said.server_reference.as_deref()))
            };
            let has_not = |said: Option<u8>| said == Some(0);
            Incoming::Opened(Opened {
                refused: match ack.code {
                    Code::Success => None,
                    Code::RefusedProtocolVersion | Code::UnsupportedProtocolVersion => Some(ConnackError::Protocol),
                    Code::BadClientId | Code::ClientIdentifierNotValid => Some(ConnackError::ClientId),
                    Code::ServiceUnavailable | Code::ServerUnavailable | Code::ServerBusy => {
                        Some(ConnackError::Unavailable)
                    }
                    Code::BadUserNamePassword => Some(ConnackError::Login),
                    Code::NotAuthorized => Some(ConnackError::NotAuthorised),
                    other => Some(ConnackError::Other(reason(code_of(other)))),
                },
                receive_max: properties.and_then(|said| said.receive_max),
                packet_max: properties.and_then(|said| said.max_packet_size),
                keep_alive_s: properties.and_then(|said| said.server_keep_alive),
                no_retain: has_not(properties.and_then(|said| said.retain_available)),
                only_perhaps: has_not(properties.and_then(|said| said.max_qos)),
                no_wildcards: has_not(properties.and_then(|said| said.wildcard_subscription_available)),
                named: properties.and_then(|said| said.assigned_client_identifier.clone()),
            })
        }
        v5::Packet::PubAck(ack) => {
            use v5::PubAckReason as Why;
            let code = match ack.reason {
                Why::Success | Why::NoMatchingSubscribers => None,
                Why::UnspecifiedError => Some(0x80),
                Why::ImplementationSpecificError => Some(0x83),
                Why::NotAuthorized => Some(code::NOT_AUTHORIZED),
                Why::TopicNameInvalid => Some(0x90),
                Why::PacketIdentifierInUse => Some(0x91),
                Why::QuotaExceeded => Some(0x97),
                Why::PayloadFormatInvalid => Some(0x99),
            };
            let said = ack.properties.as_ref().and_then(|said| said.reason_string.as_deref());
            Incoming::Taken(ack.pkid, code.map(|code| Reason::of(code).saying(said)))
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
        v5::Packet::Disconnect(goodbye) => {
            let properties = goodbye.properties.as_ref();
            let reason = Reason::of(goodbye.reason_code as u8)
                .saying(properties.and_then(|said| said.reason_string.as_deref()))
                .naming(properties.and_then(|said| said.server_reference.as_deref()));
            Incoming::HangsUp(reason)
        }
        _ => Incoming::Other,
    }
}

/// A broker of MQTT 3.1.1 answered an opening in MQTT 5.
pub(super) fn answer_of_older(code: u8) -> Incoming {
    let refusal = match code {
        2 => ConnackError::ClientId,
        3 => ConnackError::Unavailable,
        4 => ConnackError::Login,
        5 => ConnackError::NotAuthorised,
        // It does not know this version; one that says yes did not understand the question.
        _ => ConnackError::Protocol,
    };
    Incoming::Opened(Opened {
        refused: Some(refusal),
        ..Opened::default()
    })
}

/// The number of a reason that CONNACK gives (§3.2.2.2).
fn code_of(code: v5::ConnectReturnCode) -> u8 {
    use v5::ConnectReturnCode as Code;
    match code {
        Code::Success => 0x00,
        Code::UnspecifiedError => 0x80,
        Code::MalformedPacket => 0x81,
        Code::ProtocolError => 0x82,
        Code::ImplementationSpecificError => 0x83,
        Code::RefusedProtocolVersion | Code::UnsupportedProtocolVersion => 0x84,
        Code::BadClientId | Code::ClientIdentifierNotValid => 0x85,
        Code::BadUserNamePassword => 0x86,
        Code::NotAuthorized => code::NOT_AUTHORIZED,
        Code::ServiceUnavailable | Code::ServerUnavailable => 0x88,
        Code::ServerBusy => 0x89,
        Code::Banned => 0x8a,
        Code::BadAuthenticationMethod => 0x8c,
        Code::TopicNameInvalid => 0x90,
        Code::PacketTooLarge => code::PACKET_TOO_LARGE,
        Code::QuotaExceeded => 0x97,
        Code::PayloadFormatInvalid => 0x99,
        Code::RetainNotSupported => code::RETAIN_NOT_SUPPORTED,
        Code::QoSNotSupported => code::QOS_NOT_SUPPORTED,
        Code::UseAnotherServer => code::USE_ANOTHER_SERVER,
        Code::ServerMoved => code::SERVER_MOVED,
        Code::ConnectionRateExceeded => 0x9f,
    }
}

pub(super) fn of_v4(error: rumqttc::mqttbytes::Error) -> WireError {
    use rumqttc::mqttbytes::Error as Wrong;
    match error {
        Wrong::Io(error) => error.into(),
        Wrong::OutgoingPacketTooLarge { pkt_size, .. } => WireError::TooLarge(pkt_size),
        Wrong::PayloadSizeLimitExceeded(bytes) => WireError::Garbage(DecodeError::Larger(bytes)),
        // The answer to an opening, and none that 3.1.1 knows: brokers of MQTT 5 alone answer with codes of their own.
        Wrong::InvalidConnectReturnCode(code) => WireError::Garbage(DecodeError::Answer(code)),
        Wrong::InvalidProtocol | Wrong::InvalidProtocolLevel(_) => WireError::Garbage(DecodeError::Version),
        Wrong::InvalidPacketType(_)
        | Wrong::MalformedRemainingLength
        | Wrong::InvalidQoS(_)
        | Wrong::PayloadRequired => WireError::Garbage(DecodeError::NoMqtt),
        Wrong::NotConnect(_)
        | Wrong::UnexpectedConnect
        | Wrong::IncorrectPacketFormat
        | Wrong::InvalidPropertyType(_)
        | Wrong::InvalidSubscribeReasonCode(_)
        | Wrong::PacketIdZero
        | Wrong::PayloadSizeIncorrect
        | Wrong::PayloadTooLong
        | Wrong::TopicNotUtf8
        | Wrong::BoundaryCrossed(_)
        | Wrong::MalformedPacket
        | Wrong::EmptySubscription
        | Wrong::InsufficientBytes(_) => WireError::Garbage(DecodeError::Malformed),
    }
}

pub(super) fn of_v5(error: rumqttc::v5::mqttbytes::Error) -> WireError {
    use rumqttc::v5::mqttbytes::Error as Wrong;
    match error {
        Wrong::Io(error) => error.into(),
        Wrong::OutgoingPacketTooLarge { pkt_size, .. } => WireError::TooLarge(pkt_size as usize),
        Wrong::PayloadSizeLimitExceeded { pkt_size, .. } => WireError::Garbage(DecodeError::Larger(pkt_size)),
        Wrong::InvalidConnectReturnCode(code) => WireError::Garbage(DecodeError::Answer(code)),
        Wrong::InvalidProtocol | Wrong::InvalidProtocolLevel(_) => WireError::Garbage(DecodeError::Version),
        Wrong::InvalidPacketType(_)
        | Wrong::MalformedRemainingLength
        | Wrong::InvalidQoS(_)
        | Wrong::PayloadRequired => WireError::Garbage(DecodeError::NoMqtt),
        Wrong::InvalidReason(_)
        | Wrong::InvalidRemainingLength(_)
        | Wrong::IncorrectPacketFormat
        | Wrong::InvalidRetainForwardRule(_)
        | Wrong::InvalidSubscribeReasonCode(_)
        | Wrong::PacketIdZero
        | Wrong::EmptySubscription
        | Wrong::SubscriptionIdZero
        | Wrong::PayloadSizeIncorrect
        | Wrong::PayloadTooLong
        | Wrong::PayloadNotUtf8(_)
        | Wrong::TopicNotUtf8
        | Wrong::BoundaryCrossed(_)
        | Wrong::MalformedPacket
        | Wrong::InvalidPropertyType(_)
        | Wrong::InsufficientBytes(_) => WireError::Garbage(DecodeError::Malformed),
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
