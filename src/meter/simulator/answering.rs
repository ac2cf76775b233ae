//! What a simulated meter answers. Pure: it is told the time.

use jiff::Timestamp;

use super::meter::SimulatedMeter;
use super::{logs, objects, three_phase};
use crate::meter::emop::catalogue::{Access, Kind, Object};
use crate::meter::emop::message::{Message, Way};
use crate::meter::emop::time::ClockReading;
use crate::meter::emop::{Ack, ObjectId};

impl SimulatedMeter {
    /// Answers a data field: the verdict, and the data field that goes back. A refusal repeats the
    /// request's header and nothing else.
    pub fn answer(&mut self, data: &[u8], now: Timestamp) -> (Ack, Vec<u8>) {
        let header = &data[..data.len().min(5)];
        let inferred = self.dialect.inferred().clone();
        self.settle(now);
        if let (Some(kind), Message::Intervals(message)) = (self.setup.three_phase, Message::of(data, &inferred)) {
            let format = &data[..1];
            return match three_phase::intervals(self, kind, message, self.clock(now)) {
                Ok(message) => (Ack::Accepted, [format, &message].concat()),
                Err(ack) => (ack, format.to_vec()),
            };
        }
        let answered = match Message::of(data, &inferred) {
            Message::Object {
                object,
                way: Way::Read,
                payload: [],
            } => self.read(object, now),
            Message::Object { way: Way::Read, .. } => Err(Ack::LengthError),
            Message::Object {
                object,
                way: Way::Write,
                payload,
            } => self.write(object, payload, now),
            Message::Profile { .. } | Message::Events { .. } if self.setup.three_phase.is_some() => {
                Err(Ack::UnknownObject)
            }
            Message::Profile { log, start, rest: [] } => Ok(logs::profile(self, log, start, self.clock(now))),
            Message::Events {
                object,
                index,
                rest: [],
            } if object == inferred.objects.event_log => logs::events(self, index, self.clock(now)),
            Message::Events { rest: [], .. } => Err(Ack::UnknownObject),
            Message::Profile { .. } | Message::Events { .. } => Err(Ack::LengthError),
            Message::Object { .. } | Message::Intervals(_) | Message::Other(_) => Err(Ack::FormatError),
        };
        match answered {
            Ok(rest) => (Ack::Accepted, [header, &rest].concat()),
            Err(ack) => (ack, header.to_vec()),
        }
    }

    fn read(&self, id: ObjectId, now: Timestamp) -> Result<Vec<u8>, Ack> {
        let object = self.object(id)?;
        if object.access == Access::Write {
            return Err(Ack::Security);
        }
        if let Some(written) = self.written.get(&id) {
            return Ok(written.clone());
        }
        let clock = self.clock(now);
        let special = self
            .setup
            .three_phase
            .and_then(|kind| three_phase::payload(self, kind, object, clock));
        special
            .or_else(|| objects::payload(self, object, clock))
            .ok_or(Ack::UnknownObject)
    }

    fn write(&mut self, id: ObjectId, payload: &[u8], now: Timestamp) -> Result<Vec<u8>, Ack> {
        let object = self.object(id)?;
        let kind = object.kind;
        if object.access == Access::Read || self.faults.nak_writes || self.faults.nak_object == Some(id) {
            return Err(Ack::Security);
        }
        if objects::size(kind).is_some_and(|size| size != payload.len()) {
            return Err(Ack::LengthError);
        }
        if self.faults.deaf_to == Some(id) {
            return Ok(Vec::new());
        }
        match kind {
            Kind::Clock => self.set_clock(payload, now)?,
            Kind::Token => self.take_token(payload, now)?,
            _ => {
                self.written.insert(id, payload.to_vec());
                self.weigh(self.clock(now));
            }
        }
        Ok(Vec::new())
    }

    fn object(&self, id: ObjectId) -> Result<&Object, Ack> {
        let known = self.dialect.catalogue().of(id);
        let three = self.setup.three_phase.is_some();
        let here = known.filter(|object| {
            if three {
                three_phase::has(object)
            } else {
                !objects::is_three_phase(object)
            }
        });
        here.ok_or(Ack::UnknownObject)
    }

    fn set_clock(&mut self, payload: &[u8], now: Timestamp) -> Result<(), Ack> {
        let bytes = payload.try_into().map_err(|_| Ack::LengthError)?;
        let shown = ClockReading::decode(bytes).map_err(|_| Ack::Security)?;
        self.ahead = shown.moment.duration_since(now);
        self.supply.clock_set(self.clock(now));
        Ok(())
    }
}
