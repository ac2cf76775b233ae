//! The mediator's messages, proto3 package `simt_emlite.mediator.grpc` (EMOP §10).
//!
//! Written by hand: ten messages of at most three fields need no compiler of their own in the build. `mediator.proto`
//! is what others are given, and tests hold these against it.

use prost::Message;

/// A data field for a meter, as the client composed it.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SendRawMessageRequest {
    /// The meter.
    #[prost(string, tag = "1")]
    pub serial: String,
    /// Format byte and message.
    #[prost(bytes = "vec", tag = "2")]
    pub data_field: Vec<u8>,
}

/// The reply's message: its data field without the format byte.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SendRawMessageReply {
    /// Object id or moment, and what follows.
    #[prost(bytes = "vec", tag = "1")]
    pub response: Vec<u8>,
}

/// Asks for an object.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ReadElementRequest {
    /// The meter.
    #[prost(string, tag = "1")]
    pub serial: String,
    /// The object's number; outside 0 to 16777215 it is refused.
    #[prost(int32, tag = "2")]
    pub object_id: i32,
}

/// An object's payload.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ReadElementReply {
    /// What follows the r/w byte.
    #[prost(bytes = "vec", tag = "1")]
    pub response: Vec<u8>,
}

/// Writes an object.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct WriteElementRequest {
    /// The meter.
    #[prost(string, tag = "1")]
    pub serial: String,
    /// The object's number.
    #[prost(int32, tag = "2")]
    pub object_id: i32,
    /// What goes in.
    #[prost(bytes = "vec", tag = "3")]
    pub payload: Vec<u8>,
}

/// The answer to a write.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct WriteElementReply {}

/// Asks what is known of a meter.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetInfoRequest {
    /// The meter.
    #[prost(string, tag = "1")]
    pub serial: String,
}

/// What is known of a meter.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetInfoReply {
    /// `{"registry": …, "shadow": …}`.
    #[prost(string, tag = "1")]
    pub json_data: String,
}

/// Asks for the active meters.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetMetersRequest {
    /// Of which supplier; empty: of all.
    #[prost(string, tag = "1")]
    pub esco: String,
}

/// The active meters.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetMetersReply {
    /// A JSON array.
    #[prost(string, tag = "1")]
    pub json_meters: String,
}

/// Asks whether a service answers (grpc.health.v1).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct HealthCheckRequest {
    /// Which; empty: the server.
    #[prost(string, tag = "1")]
    pub service: String,
}

/// Whether it does.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct HealthCheckResponse {
    /// 1: it serves; 2: it does not.
    #[prost(int32, tag = "1")]
    pub status: i32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_message_is_read_back(serial in "\\PC{0,20}", object_id: i32, payload in proptest::collection::vec(any::<u8>(), 0..300)) {
            let message = WriteElementRequest { serial, object_id, payload };
            prop_assert_eq!(WriteElementRequest::decode(message.encode_to_vec().as_slice()), Ok(message));
        }

        #[test]
        fn any_bytes_are_a_message_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(message) = WriteElementRequest::decode(bytes.as_slice()) {
                prop_assert_eq!(WriteElementRequest::decode(message.encode_to_vec().as_slice()), Ok(message));
            }
            let _ = GetInfoReply::decode(bytes.as_slice());
        }
    }
}
