//! What we ask of meters, and what we never ask (EMOP §2.1, §8.3, §19).
//!
//! Every request of the box goes through [`Dialect::data_field`], those that callers compose
//! themselves too, so that no way leads round the prohibitions.

use std::ops::Range;

use super::catalogue::{Catalogue, Kind, Trust};
use super::frame::DATA_LIMIT;
use super::inferred::{Inferred, InferredError};
use super::message::{Message, ProfileLog, Way};
use super::object::ObjectId;
use super::time::MeterTime;
use super::value::{PayloadError, Value};

/// Whether objects whose numbers are proposals may be written to (`meters.allow_inferred_writes`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InferredWrites {
    /// No: a wrong number may change something else.
    Refused,
    /// Yes: somebody has made sure, or the meter is simulated.
    Allowed,
}

/// The protocol as we speak it: the inferred constants, and the objects by name and number.
#[derive(Clone, Debug)]
pub struct Dialect {
    inferred: Inferred,
    catalogue: Catalogue,
    writes: InferredWrites,
}

/// Something to ask a meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Read an object.
    Read(ObjectId),
    /// Write an object.
    Write(ObjectId, Vec<u8>),
    /// Half hours from a moment on.
    Profile(ProfileLog, MeterTime),
    /// Ten events, 0 the newest.
    Events(u8),
    /// Three phase intervals, at most four hours of them.
    Intervals(Range<MeterTime>),
    /// A data field as a caller composed it.
    Raw(Vec<u8>),
}

/// A request that no meter is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProhibitedError {
    /// The object's number is a proposal.
    #[error(
        "the number of object {0} is not confirmed, and writing to it may change something else; set \
         meters.allow_inferred_writes to write all the same"
    )]
    InferredWrite(ObjectId),
    /// It crashed meters, which then needed hands.
    #[error("intervals of profile {0}, the reset profile, are never asked for: it crashes three phase meters")]
    ResetProfile(u8),
    /// It fits into no frame.
    #[error("a data field has 1 to 243 bytes, not {0}")]
    Length(usize),
    /// Pages are 0 to 9.
    #[error("the event log has pages 0 to 9, not {0}")]
    EventPage(u8),
}

impl Dialect {
    /// The protocol with these constants.
    pub fn new(inferred: Inferred, writes: InferredWrites) -> Result<Dialect, InferredError> {
        inferred.check()?;
        let catalogue = Catalogue::new(&inferred)?;
        Ok(Dialect {
            inferred,
            catalogue,
            writes,
        })
    }

    /// The constants that are not confirmed.
    #[must_use]
    pub fn inferred(&self) -> &Inferred {
        &self.inferred
    }

    /// The objects.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Reads an object's payload. An object without a name holds bytes.
    pub fn value(&self, object: ObjectId, payload: &[u8]) -> Result<Value, PayloadError> {
        let kind = self.catalogue.of(object).map_or(Kind::Opaque(0), |object| object.kind);
        Value::decode(kind, payload, &self.inferred)
    }

    /// The data field that asks for it, unless it must not be asked.
    pub fn data_field(&self, request: &Request) -> Result<Vec<u8>, ProhibitedError> {
        let data = match request {
            Request::Read(object) => Message::read(*object),
            Request::Write(object, payload) => Message::write(*object, payload),
            Request::Profile(log, start) => Message::profile(*log, *start),
            Request::Events(page) if *page >= super::event_log::PAGES => return Err(ProhibitedError::EventPage(*page)),
            Request::Events(page) => Message::events(*page, &self.inferred),
            Request::Intervals(span) => {
                Message::intervals(super::intervals::PROFILE, (span.start, span.end), &self.inferred)
            }
            Request::Raw(data) => data.clone(),
        };
        if data.is_empty() || data.len() > DATA_LIMIT {
            return Err(ProhibitedError::Length(data.len()));
        }
        match Message::of(&data, &self.inferred) {
            Message::Object { object, way, .. } if way != Way::Read => self.may_write(object)?,
            Message::Intervals([profile, ..]) if self.resets(*profile) => {
                return Err(ProhibitedError::ResetProfile(*profile));
            }
            _ => {}
        }
        Ok(data)
    }

    /// Whether a data field hands over a token, which is good once: it must not be sent a second time.
    #[must_use]
    pub fn spends_token(&self, data: &[u8]) -> bool {
        let token = self.catalogue.named("prepay_token_send");
        matches!(
            Message::of(data, &self.inferred),
            Message::Object { object, way, .. } if way != Way::Read && token.is_some_and(|token| token.id == object)
        )
    }

    fn may_write(&self, object: ObjectId) -> Result<(), ProhibitedError> {
        let known = self.catalogue.of(object);
        let proposed = known.is_some_and(|object| object.trust == Trust::Inferred);
        if proposed && self.writes == InferredWrites::Refused {
            return Err(ProhibitedError::InferredWrite(object));
        }
        Ok(())
    }

    /// The proposed number of the reset profile stays closed whatever the table says.
    fn resets(&self, profile: u8) -> bool {
        profile == self.inferred.interval_reset_profile || profile == Inferred::default().interval_reset_profile
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(writes: InferredWrites) -> Dialect {
        Dialect::new(Inferred::default(), writes).unwrap()
    }

    #[test]
    fn writes_to_unconfirmed_objects_wait_for_the_switch() {
        let backlight = Inferred::default().objects.backlight;
        let typed = Request::Write(backlight, vec![1]);
        let raw = Request::Raw(Message::write(backlight, &[1]));
        let odd = Request::Raw([&[1][..], &backlight.to_bytes(), &[7, 1]].concat());
        for request in [&typed, &raw, &odd] {
            assert_eq!(
                dialect(InferredWrites::Refused).data_field(request),
                Err(ProhibitedError::InferredWrite(backlight))
            );
            assert!(dialect(InferredWrites::Allowed).data_field(request).is_ok());
        }
        assert!(
            dialect(InferredWrites::Refused)
                .data_field(&Request::Read(backlight))
                .is_ok()
        );
        let unnamed = Request::Write(ObjectId::new(0xFF_FF0B), vec![1]);
        assert!(
            dialect(InferredWrites::Refused).data_field(&unnamed).is_ok(),
            "known by nobody, asked for by number"
        );
    }

    #[test]
    fn the_reset_profile_is_never_asked_for() {
        let mut inferred = Inferred {
            interval_reset_profile: 9,
            ..Inferred::default()
        };
        inferred.intervals_format = 11;
        let dialect = Dialect::new(inferred, InferredWrites::Allowed).unwrap();
        for profile in [9, 255] {
            let asked = Request::Raw(Message::intervals(
                profile,
                (MeterTime(0), MeterTime(1)),
                dialect.inferred(),
            ));
            assert_eq!(dialect.data_field(&asked), Err(ProhibitedError::ResetProfile(profile)));
            assert_eq!(
                dialect.data_field(&Request::Raw(vec![11, profile])),
                Err(ProhibitedError::ResetProfile(profile))
            );
        }
        assert!(
            dialect
                .data_field(&Request::Intervals(MeterTime(0)..MeterTime(1)))
                .is_ok()
        );
    }

    #[test]
    fn a_token_is_known_however_it_is_sent() {
        let dialect = dialect(InferredWrites::Refused);
        let object = dialect.catalogue().named("prepay_token_send").unwrap().id;
        assert!(dialect.spends_token(&Message::write(object, b"71466394621589161020")));
        assert!(dialect.spends_token(&[1, 0xFF, 0xC8, 0x03, 2]));
        assert!(!dialect.spends_token(&Message::read(object)));
    }

    #[test]
    fn requests_that_fit_no_frame_are_refused() {
        let dialect = dialect(InferredWrites::Refused);
        assert_eq!(
            dialect.data_field(&Request::Raw(Vec::new())),
            Err(ProhibitedError::Length(0))
        );
        assert_eq!(
            dialect.data_field(&Request::Raw(vec![1; 244])),
            Err(ProhibitedError::Length(244))
        );
        assert_eq!(
            dialect.data_field(&Request::Write(ObjectId::new(1), vec![0; 239])),
            Err(ProhibitedError::Length(244))
        );
        assert_eq!(
            dialect.data_field(&Request::Events(10)),
            Err(ProhibitedError::EventPage(10))
        );
    }
}
