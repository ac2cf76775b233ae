//! What becomes of tokens that reach a simulated meter (EMOP §17.2).

use jiff::Timestamp;

use super::meter::SimulatedMeter;
use crate::meter::emop::catalogue::Kind;
use crate::meter::emop::message::{Message, Way};
use crate::meter::emop::{Ack, MeterTime, Money};

/// `CREDIT_TOKEN_APPLIED`.
const PAID: u8 = 48;
/// How tokens of other meters begin.
const OTHERS: &[u8] = b"404";
/// What a code that is keyed in at the meter is worth.
const KEYED_IN: Money = Money(500_000);
/// A penny in the meter's unit.
const PENNY: i64 = 1_000;

impl SimulatedMeter {
    /// Whether a request sends a token.
    pub(super) fn is_token(&self, data: &[u8]) -> bool {
        let Message::Object {
            object,
            way: Way::Write,
            ..
        } = Message::of(data, self.dialect.inferred())
        else {
            return false;
        };
        let known = self.dialect.catalogue().of(object);
        known.is_some_and(|object| object.kind == Kind::Token)
    }

    /// A token is worth its last four digits in pence, once, and unless it is another meter's.
    pub(super) fn take_token(&mut self, digits: &[u8], now: Timestamp) -> Result<(), Ack> {
        if !digits.iter().all(u8::is_ascii_digit) || digits.starts_with(OTHERS) {
            return Err(Ack::Security);
        }
        if self.tokens.contains(digits) {
            return if self.faults.token_silent {
                Ok(())
            } else {
                Err(Ack::Security)
            };
        }
        let last = &digits[digits.len() - 4..];
        let pence = last.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        let amount = Money(pence * PENNY);
        if !self.account.has_room_for(amount) {
            return Err(Ack::Security);
        }
        self.tokens.insert(digits.to_vec());
        self.pay(amount, self.clock(now));
        Ok(())
    }

    /// Somebody keys in a code at the meter.
    pub(super) fn key_in(&mut self, now: Timestamp) {
        self.settle(now);
        if self.account.has_room_for(KEYED_IN) {
            self.pay(KEYED_IN, self.clock(now));
        }
    }

    /// Count, detail and event move together.
    fn pay(&mut self, amount: Money, at: MeterTime) {
        self.account.pay(amount, at);
        self.note(PAID, at);
        self.weigh(at);
    }
}
