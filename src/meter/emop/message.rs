//! The data field of a frame: what is asked and what is answered (EMOP §2).

use super::inferred::Inferred;
use super::object::ObjectId;
use super::time::MeterTime;

/// Format byte of reads and writes of one object.
pub(super) const DEFAULT_FORMAT: u8 = 1;
/// Format bytes of the two profile logs.
const PROFILE_FORMATS: [(u8, ProfileLog); 2] = [(3, ProfileLog::One), (4, ProfileLog::Two)];

/// The two logs of half hours in single phase meters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProfileLog {
    /// Imports.
    One,
    /// Exports, reactive energy and voltage.
    Two,
}

/// Read or write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// 0.
    Read,
    /// 1.
    Write,
    /// Any other number: in no document, so it may be a write.
    Other(u8),
}

impl Way {
    fn of(byte: u8) -> Way {
        match byte {
            0 => Way::Read,
            1 => Way::Write,
            other => Way::Other(other),
        }
    }

    /// The way's byte on the wire.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Way::Read => 0,
            Way::Write => 1,
            Way::Other(byte) => byte,
        }
    }
}

/// A data field taken apart. Requests and replies have one shape; what `rest` holds differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// One object: a request to read has no payload, nor has the reply to a write.
    Object {
        object: ObjectId,
        /// Read or write.
        way: Way,
        /// Its bytes.
        payload: &'a [u8],
    },
    /// Half hours from a moment on.
    Profile {
        log: ProfileLog,
        /// The moment asked for; a reply repeats it.
        start: MeterTime,
        /// A reply's block.
        rest: &'a [u8],
    },
    /// Ten events.
    Events {
        /// The event log's number.
        object: ObjectId,
        /// 0: the newest ten.
        index: u8,
        /// A reply's events.
        rest: &'a [u8],
    },
    /// Three phase intervals; request and reply share the format byte only.
    Intervals(&'a [u8]),
    /// A format in no document, or a data field too short for its own.
    Other(&'a [u8]),
}

impl<'a> Message<'a> {
    /// Takes a data field apart. Every data field is one of the five.
    #[must_use]
    pub fn of(data: &'a [u8], inferred: &Inferred) -> Message<'a> {
        let Some((&format, message)) = data.split_first() else {
            return Message::Other(data);
        };
        let profile = PROFILE_FORMATS.iter().find(|(byte, _)| *byte == format);
        match (message, profile) {
            (&[a, b, c, way, ref payload @ ..], _) if format == DEFAULT_FORMAT => Message::Object {
                object: ObjectId::from_bytes([a, b, c]),
                way: Way::of(way),
                payload,
            },
            (&[a, b, c, d, ref rest @ ..], Some((_, log))) => Message::Profile {
                log: *log,
                start: MeterTime(u32::from_le_bytes([a, b, c, d])),
                rest,
            },
            (&[a, b, c, index, ref rest @ ..], None) if format == inferred.event_log_format => Message::Events {
                object: ObjectId::from_bytes([a, b, c]),
                index,
                rest,
            },
            (_, None) if format == inferred.intervals_format => Message::Intervals(message),
            _ => Message::Other(data),
        }
    }

    /// The data field that asks to read `object`.
    #[must_use]
    pub fn read(object: ObjectId) -> Vec<u8> {
        object_field(object, Way::Read, &[])
    }

    /// The data field that writes `payload` into `object`.
    #[must_use]
    pub fn write(object: ObjectId, payload: &[u8]) -> Vec<u8> {
        object_field(object, Way::Write, payload)
    }

    /// The data field that asks for half hours from `start` on.
    #[must_use]
    pub fn profile(log: ProfileLog, start: MeterTime) -> Vec<u8> {
        let format = PROFILE_FORMATS.iter().find(|(_, known)| *known == log);
        let (format, _) = format.expect("both logs are in the table");
        let mut data = vec![*format];
        data.extend(start.to_bytes());
        data
    }

    /// The data field that asks for ten events; `index` 0 is the newest ten, 9 the oldest.
    #[must_use]
    pub fn events(index: u8, inferred: &Inferred) -> Vec<u8> {
        let mut data = vec![inferred.event_log_format];
        data.extend(inferred.objects.event_log.to_bytes());
        data.push(index);
        data
    }

    /// The data field that asks for three phase intervals between two moments.
    #[must_use]
    pub fn intervals(profile: u8, (start, end): (MeterTime, MeterTime), inferred: &Inferred) -> Vec<u8> {
        let mut data = vec![inferred.intervals_format, profile];
        data.extend(start.to_bytes());
        data.extend(end.to_bytes());
        data.extend([0xFF; 4]);
        data
    }

    /// Whether `reply` can be a reply to `request`: the same kind, about the same thing. A reply
    /// that came late is about something else, mostly; the sequence number tells the others.
    #[must_use]
    pub fn answers(reply: &[u8], request: &[u8], inferred: &Inferred) -> bool {
        match (Message::of(request, inferred), Message::of(reply, inferred)) {
            (Message::Intervals(_), Message::Intervals(_)) => true,
            (Message::Object { .. } | Message::Profile { .. } | Message::Events { .. }, _) => {
                // The header is the format and four bytes, and comes back as it was sent.
                reply.get(..5) == request.get(..5)
            }
            _ => reply.first() == request.first(),
        }
    }
}

fn object_field(object: ObjectId, way: Way, payload: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(5 + payload.len());
    data.push(DEFAULT_FORMAT);
    data.extend(object.to_bytes());
    data.push(way.byte());
    data.extend(payload);
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_reply_about_something_else_is_no_reply() {
        let inferred = Inferred::default();
        let serial = Message::read(ObjectId::new(0x60_0100));
        let answer = [serial.as_slice(), b"EML"].concat();
        assert!(Message::answers(&answer, &serial, &inferred));
        assert!(!Message::answers(
            &answer,
            &Message::read(ObjectId::new(0x60_8000)),
            &inferred
        ));
        assert!(!Message::answers(
            &answer,
            &Message::write(ObjectId::new(0x60_0100), b"x"),
            &inferred
        ));
        let (log, start) = (ProfileLog::One, MeterTime(766_562_400));
        assert!(!Message::answers(
            &Message::profile(log, MeterTime(1)),
            &Message::profile(log, start),
            &inferred
        ));
        assert!(!Message::answers(&[1], &serial, &inferred));
    }

    proptest! {
        #[test]
        fn any_data_field_is_taken_apart_and_answers_itself(data in proptest::collection::vec(any::<u8>(), 1..40), other in proptest::collection::vec(any::<u8>(), 0..40)) {
            let inferred = Inferred::default();
            let _ = Message::of(&data, &inferred);
            prop_assert!(Message::answers(&data, &data, &inferred));
            if data.first() != other.first() {
                prop_assert!(!Message::answers(&other, &data, &inferred));
            }
        }

        #[test]
        fn what_is_asked_is_understood(object: [u8; 3], payload in proptest::collection::vec(any::<u8>(), 0..80), at: u32, index: u8) {
            let inferred = Inferred::default();
            let object = ObjectId::from_bytes(object);
            let data = Message::write(object, &payload);
            prop_assert_eq!(Message::of(&data, &inferred), Message::Object { object, way: Way::Write, payload: &payload });
            for log in [ProfileLog::One, ProfileLog::Two] {
                let data = Message::profile(log, MeterTime(at));
                prop_assert_eq!(Message::of(&data, &inferred), Message::Profile { log, start: MeterTime(at), rest: &[] });
            }
            let data = Message::events(index, &inferred);
            prop_assert_eq!(Message::of(&data, &inferred), Message::Events { object: inferred.objects.event_log, index, rest: &[] });
        }
    }
}
