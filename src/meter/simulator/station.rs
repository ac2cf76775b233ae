//! A simulated meter on a line: what it sends for what it hears, faults and all. No I/O.

use std::time::Duration;

use jiff::Timestamp;

use super::chance::Chance;
use super::faults::{Faults, Rate};
use super::meter::SimulatedMeter;
use crate::meter::emop::{Ack, Address, Control, Frame};

/// The meter's own time source: frozen, or the machine's clock.
#[derive(Clone, Copy, Debug)]
pub enum Now {
    /// Always this moment.
    Frozen(Timestamp),
    /// As time goes by.
    Running,
}

impl Now {
    fn moment(self) -> Timestamp {
        match self {
            Now::Frozen(at) => at,
            Now::Running => Timestamp::now(),
        }
    }
}

/// A meter, its faults, and what it has held back.
#[derive(Clone, Debug)]
pub struct Station {
    /// The meter itself.
    pub meter: SimulatedMeter,
    /// What goes wrong.
    pub faults: Faults,
    now: Now,
    chance: Chance,
    /// What becomes of tokens: the same, whatever else is asked.
    token_chance: Chance,
    address: Address,
    held_back: Vec<u8>,
    answered: u32,
}

/// What goes wrong with a token (EMOP §17.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenFault {
    LostBefore,
    LostAfter,
    Duplicate,
    Silent,
}

/// Where a reply comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// The meter answers as it stands.
    ByTheMeter,
    /// It refuses, whatever was asked.
    Refused,
}

/// What happens on the line after a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// These bytes go out after a while.
    Say(Duration, Vec<u8>),
    /// Nothing, and the line is closed.
    Close,
    /// Nothing, and the line stays open.
    Hang,
    /// These bytes go out, then the meter is away.
    Reboot(Vec<u8>),
}

impl Station {
    /// A meter on a line.
    #[must_use]
    pub fn new(mut meter: SimulatedMeter, faults: Faults, now: Now) -> Station {
        let [_, a, b, c] = crc32fast::hash(meter.setup.serial.as_bytes()).to_be_bytes();
        meter.settle(now.moment());
        Station {
            meter,
            faults,
            now,
            chance: Chance(faults.seed),
            token_chance: Chance(!faults.seed),
            address: Address([0, a, b, c]),
            held_back: Vec::new(),
            answered: 0,
        }
    }

    /// Gives it another time source.
    pub fn set_now(&mut self, now: Now) {
        self.now = now;
    }

    /// What is sent for a request; `None` when it is for somebody else.
    pub(super) fn hear(&mut self, request: &Frame<'_>) -> Option<Turn> {
        let broadcast = Address([0x01, 0xFF, 0xFF, 0xFF]);
        if ![Address::ANY_METER, broadcast, self.address].contains(&request.destination) {
            return None;
        }
        if self.chance.at(self.faults.drop_rate) {
            return Some(Turn::Close);
        }
        if self.chance.at(self.faults.hang_rate) {
            return Some(Turn::Hang);
        }
        if self.faults.exchange_after == Some(self.answered) {
            self.meter.exchange();
            self.faults.exchange_after = None;
        }
        let mut reply = match self.token_fault(request) {
            None => self.reply(request, Said::ByTheMeter),
            Some(TokenFault::LostBefore) => return Some(Turn::Close),
            Some(TokenFault::Silent) => return Some(Turn::Hang),
            Some(TokenFault::Duplicate) => self.reply(request, Said::Refused),
            Some(TokenFault::LostAfter) => {
                self.reply(request, Said::ByTheMeter);
                return Some(Turn::Close);
            }
        };
        if self.chance.at(self.faults.bad_crc_rate) {
            let last = reply.len() - 1;
            reply[last] ^= 0xFF;
        }
        if self.chance.at(self.faults.late_rate) {
            self.held_back = reply;
            return Some(Turn::Hang);
        }
        let mut said = std::mem::take(&mut self.held_back);
        if self.faults.garbage {
            said.extend(self.chance.bytes(40));
        }
        said.extend(reply);
        self.answered += 1;
        if self
            .faults
            .reboot_every
            .is_some_and(|every| self.answered.is_multiple_of(every))
        {
            said.truncate(said.len() / 2);
            return Some(Turn::Reboot(said));
        }
        Some(Turn::Say(self.faults.slow, said))
    }

    /// What goes wrong with a token. All is drawn for each token, so that one rate does not move the others.
    fn token_fault(&mut self, request: &Frame<'_>) -> Option<TokenFault> {
        if !self.meter.is_token(request.data) {
            return None;
        }
        if self.token_chance.at(self.faults.foreign_rate) {
            self.meter.key_in(self.now.moment());
        }
        let faults = [
            (TokenFault::LostBefore, self.faults.reply_lost_before_rate),
            (TokenFault::Silent, self.faults.silent_refusal_rate),
            (TokenFault::Duplicate, self.faults.duplicate_rate),
            (TokenFault::LostAfter, self.faults.reply_lost_after_rate),
        ];
        let drawn = faults.map(|(fault, rate)| self.token_chance.at(rate).then_some(fault));
        drawn.into_iter().flatten().next()
    }

    fn reply(&mut self, request: &Frame<'_>, said: Said) -> Vec<u8> {
        let (ack, mut data) = match said {
            Said::ByTheMeter => self.meter.answer(request.data, self.now.moment()),
            Said::Refused => (Ack::Security, request.data[..request.data.len().min(5)].to_vec()),
        };
        let is_read = ack == Ack::Accepted && request.data.first() == Some(&1) && request.data.get(4) == Some(&0);
        if is_read && self.faults.no_value_rate > Rate::default() && self.chance.at(self.faults.no_value_rate) {
            blank(&mut data[5..]);
        }
        let reply = Frame {
            destination: request.source,
            source: self.address,
            control: Control::new(ack, request.control.sequence()),
            data: &data,
        };
        reply
            .encode()
            .expect("the longest reply is a profile block of 85 bytes")
    }
}

/// Makes the pattern of no value out of numbers; texts and settings, which are longer or shorter, stay.
fn blank(payload: &mut [u8]) {
    match payload.len() {
        // But for the digits of a kind or a firmware.
        2 | 4 if !payload.iter().all(u8::is_ascii_graphic) => payload.fill(0xFF),
        // The first of an element's registers.
        16 if !payload.is_ascii() || payload.contains(&0) => payload[..4].fill(0xFF),
        _ => {}
    }
}
