//! What a simulated meter answers. Pure: it is told the time.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::faults::Faults;
use super::logs::Slot;
use super::shape::Shape;
use super::{logs, objects, three_phase};
use crate::meter::emop::catalogue::{Access, Kind, Object};
use crate::meter::emop::event_log::MeterEvent;
use crate::meter::emop::identity::MeterType;
use crate::meter::emop::message::{Message, Way};
use crate::meter::emop::time::ClockReading;
use crate::meter::emop::{Ack, Dialect, MeterTime, Money, ObjectId};

/// What a simulated meter is like at first.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Its serial, at most 16 characters.
    pub serial: String,
    /// Whether it has an element B.
    pub twin: bool,
    /// A three phase meter instead.
    pub three_phase: Option<MeterType>,
    /// How its registers rise.
    pub shape: Shape,
    /// What is paid in.
    pub balance: Money,
    /// Whether energy is paid for beforehand.
    pub prepay: bool,
    /// Its first half hour on record.
    pub log_start: MeterTime,
}

impl Setup {
    /// A single element meter with ten pounds, and records from slot 420000 on (December 2023).
    #[must_use]
    pub fn new(serial: &str) -> Setup {
        Setup {
            serial: serial.to_owned(),
            twin: false,
            three_phase: None,
            shape: Shape::Steady,
            balance: Money(1_000_000),
            prepay: false,
            log_start: logs::FIRST,
        }
    }
}

/// A simulated meter.
#[derive(Clone, Debug)]
pub struct SimulatedMeter {
    pub(super) setup: Setup,
    pub(super) dialect: Dialect,
    pub(super) balance: Money,
    pub(super) prepay: bool,
    /// Event 48 for each token, the newest last.
    pub(super) top_ups: Vec<MeterEvent>,
    written: BTreeMap<ObjectId, Vec<u8>>,
    tokens: HashSet<Vec<u8>>,
    /// What its clock shows ahead of the true time.
    ahead: SignedDuration,
    /// Whether it was put in the place of another.
    exchanged: bool,
    pub(super) faults: Faults,
}

impl SimulatedMeter {
    /// A meter as it was made. `dialect` says by which constants it speaks.
    #[must_use]
    pub fn new(setup: Setup, dialect: Dialect, faults: &Faults) -> SimulatedMeter {
        SimulatedMeter {
            balance: setup.balance,
            prepay: setup.prepay,
            setup,
            dialect,
            top_ups: Vec::new(),
            written: BTreeMap::new(),
            tokens: HashSet::new(),
            ahead: SignedDuration::ZERO,
            exchanged: false,
            faults: *faults,
        }
    }

    /// What is paid in at present.
    #[must_use]
    pub fn balance(&self) -> Money {
        self.balance
    }

    /// Answers a data field: the verdict, and the data field that goes back. A refusal repeats the
    /// request's header and nothing else.
    pub fn answer(&mut self, data: &[u8], now: Timestamp) -> (Ack, Vec<u8>) {
        let header = &data[..data.len().min(5)];
        let inferred = self.dialect.inferred().clone();
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

    /// What its clock shows, at most what seven bytes can.
    pub(super) fn clock(&self, now: Timestamp) -> MeterTime {
        let shown = now.checked_add(self.ahead).unwrap_or(now);
        MeterTime::of(shown).unwrap_or(MeterTime(0))
    }

    /// What a record of this moment is dated.
    pub(super) fn dated(&self, at: MeterTime) -> MeterTime {
        if self.faults.misdated_at.is_some_and(|slot| slot.holds(at)) {
            MeterTime(at.0.saturating_add(366 * 86_400))
        } else {
            at
        }
    }

    /// Another meter of the same kind is put in its place: the next serial, and registers from a few hours of its own.
    pub(super) fn exchange(&mut self) {
        let digits = self.setup.serial.bytes().rev().take_while(u8::is_ascii_digit).count();
        let (head, number) = self.setup.serial.split_at(self.setup.serial.len() - digits.min(9));
        let width = number.len();
        let next = number.parse::<u64>().unwrap_or(0) + 1;
        self.setup.serial = format!("{head}{next:0width$}");
        self.exchanged = true;
    }

    /// Its registers at a moment.
    pub(super) fn slot(&self, at: MeterTime) -> Slot {
        let slot = Slot::at(at, &self.setup);
        if self.exchanged { slot.of_another() } else { slot }
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
        if object.access == Access::Read || self.faults.nak_writes {
            return Err(Ack::Security);
        }
        if objects::size(kind).is_some_and(|size| size != payload.len()) {
            return Err(Ack::LengthError);
        }
        match kind {
            Kind::Clock => self.set_clock(payload, now)?,
            Kind::Token => self.take_token(payload, now)?,
            _ => {
                self.written.insert(id, payload.to_vec());
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
        Ok(())
    }

    /// A simulator's rule: a token is worth its last four digits in pence.
    fn take_token(&mut self, digits: &[u8], now: Timestamp) -> Result<(), Ack> {
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(Ack::Security);
        }
        if !self.tokens.insert(digits.to_vec()) {
            return if self.faults.token_silent {
                Ok(())
            } else {
                Err(Ack::Security)
            };
        }
        let last = &digits[digits.len() - 4..];
        let pence = last.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        self.balance = Money(self.balance.0 + pence * 1_000);
        let at = self.clock(now);
        let set = self.top_ups.len() as u8;
        self.top_ups.push(MeterEvent { at, id: 48, set });
        Ok(())
    }
}
