//! Packets that are larger than the box takes are passed over, and the line goes on behind them: a message that a broker
//! keeps for the box would otherwise end every session anew (OASIS MQTT 3.1.1 §3.3, 5.0 §3.3). Pure.

use bytes::{Buf, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

/// A packet, or what was passed over.
#[derive(Debug)]
pub(super) enum Came<P> {
    Packet(P),
    /// A message that was larger than the box takes.
    Larger(Larger),
    /// The answer of a broker of MQTT 3.1.1 to an opening in MQTT 5: its CONNACK has two bytes and no properties
    /// (OASIS MQTT 3.1.1 §3.2).
    Older(u8),
}

/// A message that was larger than the box takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Larger {
    pub topic: String,
    /// Its bytes, the header among them.
    pub bytes: usize,
    /// Whether it was kept and not just published.
    pub retained: bool,
    /// What to acknowledge; 0: nothing.
    pub id: u16,
}

/// A codec behind a limit.
#[derive(Debug)]
pub(super) struct Bounded<C> {
    pub(super) codec: C,
    limit: usize,
    /// Bytes of a packet that are still to be passed over.
    left: usize,
    /// Whether the codec reads MQTT 5.
    newer: bool,
}

const PUBLISH: u8 = 3;
/// How the CONNACK of MQTT 3.1.1 begins; that of MQTT 5 has at least three bytes.
const OLDER: [u8; 2] = [0x20, 2];

impl<C> Bounded<C> {
    /// At most `limit` bytes a packet.
    pub(super) fn new(codec: C, limit: usize) -> Bounded<C> {
        Bounded {
            codec,
            limit,
            left: 0,
            newer: false,
        }
    }

    /// The bounds of MQTT 5.
    pub(super) fn newer(codec: C, limit: usize) -> Bounded<C> {
        Bounded {
            newer: true,
            ..Bounded::new(codec, limit)
        }
    }

    /// What begins here and is a message that is too large, with all the bytes before what it says; `None`: nothing, or
    /// not enough of it came yet to tell.
    fn larger(&self, begin: &[u8]) -> Option<(Larger, usize)> {
        let first = *begin.first()?;
        let (mut length, mut at) = (0usize, 1);
        loop {
            let byte = *begin.get(at)?;
            length |= usize::from(byte & 127) << (7 * (at - 1));
            at += 1;
            if byte & 128 == 0 {
                break;
            }
            if at > 4 {
                return None;
            }
        }
        let bytes = at + length;
        if first >> 4 != PUBLISH || bytes <= self.limit {
            return None;
        }
        let number = |at: usize| Some(u16::from_be_bytes([*begin.get(at)?, *begin.get(at + 1)?]));
        let end = at + 2 + usize::from(number(at)?);
        let topic = String::from_utf8_lossy(begin.get(at + 2..end)?).into_owned();
        let surely = first & 0b110 != 0;
        let larger = Larger {
            topic,
            bytes,
            retained: first & 1 == 1,
            id: if surely { number(end)? } else { 0 },
        };
        Some((larger, bytes))
    }
}

impl<C: Decoder> Decoder for Bounded<C> {
    type Item = Came<C::Item>;
    type Error = C::Error;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Self::Error> {
        let passed = self.left.min(src.len());
        src.advance(passed);
        self.left -= passed;
        if self.left > 0 {
            return Ok(None);
        }
        if self.newer && src.len() >= 4 && src[..2] == OLDER {
            let code = src[3];
            src.advance(4);
            return Ok(Some(Came::Older(code)));
        }
        if let Some((larger, bytes)) = self.larger(src) {
            let now = bytes.min(src.len());
            src.advance(now);
            self.left = bytes - now;
            return Ok(Some(Came::Larger(larger)));
        }
        // Until the topic of one is there, nobody else may judge its length.
        if self.may_be_larger(src) {
            return Ok(None);
        }
        Ok(self.codec.decode(src)?.map(Came::Packet))
    }
}

impl<C> Bounded<C> {
    /// Whether what begins here is a message over the limit whose topic has not come yet.
    fn may_be_larger(&self, begin: &[u8]) -> bool {
        let Some(first) = begin.first() else { return false };
        if first >> 4 != PUBLISH {
            return false;
        }
        let mut length = 0usize;
        for (place, byte) in begin.iter().skip(1).take(4).enumerate() {
            length |= usize::from(byte & 127) << (7 * place);
            if byte & 128 == 0 {
                return place + 2 + length > self.limit;
            }
        }
        // Its length itself has not come yet: four bytes that all go on are no length, and that is for the codec to say.
        begin.len() < 5
    }
}

impl<C: Encoder<P>, P> Encoder<P> for Bounded<C> {
    type Error = C::Error;

    fn encode(&mut self, packet: P, into: &mut BytesMut) -> Result<(), Self::Error> {
        self.codec.encode(packet, into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rumqttc::mqttbytes::{QoS, v4};

    fn codec() -> Bounded<v4::Codec> {
        let codec = v4::Codec {
            max_incoming_size: 1_000,
            max_outgoing_size: 1 << 20,
        };
        Bounded::new(codec, 1_000)
    }

    fn publish(topic: &str, bytes: usize, id: u16) -> Vec<u8> {
        let qos = if id == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
        let mut publish = v4::Publish::new(topic, qos, vec![b'x'; bytes]);
        (publish.pkid, publish.retain) = (id, true);
        let mut into = BytesMut::new();
        publish.write(&mut into).unwrap();
        into.to_vec()
    }

    proptest! {
        #[test]
        fn the_line_goes_on_behind_a_message_that_is_too_large(
            sizes in proptest::collection::vec((0usize..3_000, 0u16..3), 1..8), cut in 1usize..700,
        ) {
            let mut bytes = Vec::new();
            for (size, id) in &sizes {
                bytes.extend(publish("emop/l/cmd/help", *size, *id));
            }
            bytes.extend([0xd0, 0]);
            let (mut codec, mut buffer, mut came) = (codec(), BytesMut::new(), Vec::new());
            // However it is cut into pieces.
            for piece in bytes.chunks(cut) {
                buffer.extend_from_slice(piece);
                while let Some(one) = codec.decode(&mut buffer).unwrap() {
                    came.push(one);
                }
            }
            prop_assert_eq!(came.len(), sizes.len() + 1);
            prop_assert!(matches!(came.pop(), Some(Came::Packet(v4::Packet::PingResp))));
            for ((size, id), one) in sizes.iter().zip(came) {
                match one {
                    Came::Larger(larger) => {
                        prop_assert!(larger.bytes > 1_000 && larger.bytes > *size && larger.retained);
                        prop_assert_eq!((larger.topic.as_str(), larger.id), ("emop/l/cmd/help", *id));
                    }
                    Came::Packet(v4::Packet::Publish(publish)) => prop_assert_eq!(publish.payload.len(), *size),
                    other => prop_assert!(false, "{:?}", other),
                }
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut buffer = BytesMut::from(&bytes[..]);
            let mut codec = codec();
            while let Ok(Some(_)) = codec.decode(&mut buffer) {}
        }
    }
}
