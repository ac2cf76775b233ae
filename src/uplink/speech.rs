//! What is said to the other end, whichever kind it is.

use jiff::Timestamp;

use super::cumulocity::{self, Cumulocity};
use super::live::Thing;
use super::operations::Asked;
use super::plain::Plain;
use super::wire::{Delivered, Message};
use crate::domain::Lane;
use crate::store::{Delivery, ReadError};

/// The words for one kind of peer.
pub enum Speech {
    /// Topics and JSON for any broker.
    Plain(Plain),
    /// SmartREST for a tenant.
    Cumulocity(Cumulocity),
}

/// What a message from the other end means.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// Nothing to us.
    Nothing,
    /// Everything is to be told once more.
    TellAll,
    /// These are to be done.
    Operations(Vec<Asked>),
}

impl Speech {
    /// What is published when the box is gone without a word.
    #[must_use]
    pub fn will(&self) -> Message {
        match self {
            Speech::Plain(plain) => plain.will(),
            Speech::Cumulocity(tenant) => tenant.will(),
        }
    }

    /// What is said first in each session.
    pub fn hello(&self) -> Result<Vec<Message>, ReadError> {
        match self {
            Speech::Plain(plain) => plain.hello(),
            Speech::Cumulocity(tenant) => tenant.hello(),
        }
    }

    /// What is said once the subscriptions stand; `orphans` as [`Cumulocity::listening`] has it.
    #[must_use]
    pub fn listening(&self, orphans: bool) -> Vec<Message> {
        match self {
            Speech::Plain(_) => Vec::new(),
            Speech::Cumulocity(tenant) => tenant.listening(orphans),
        }
    }

    /// What is said last, when the box stops in order.
    #[must_use]
    pub fn goodbye(&self) -> Vec<Message> {
        match self {
            Speech::Plain(plain) => plain.goodbye(),
            Speech::Cumulocity(tenant) => tenant.goodbye(),
        }
    }

    /// What the box wants to hear.
    #[must_use]
    pub fn listens_to(&self) -> Vec<String> {
        match self {
            Speech::Plain(plain) => plain.listens_to(),
            Speech::Cumulocity(tenant) => tenant.listens_to(),
        }
    }

    /// Everything there is to tell of.
    pub fn things(&self) -> Result<Vec<Thing>, ReadError> {
        match self {
            Speech::Plain(plain) => plain.things(),
            Speech::Cumulocity(tenant) => tenant.things(),
        }
    }

    /// What a delivery of the journal becomes.
    #[must_use]
    pub fn journal(&self, lane: Lane, delivery: &Delivery) -> Vec<Message> {
        match self {
            Speech::Plain(plain) => plain.journal(lane, delivery),
            Speech::Cumulocity(tenant) => tenant.journal(lane, delivery),
        }
    }

    /// The newest state of something; `lags` when older values still wait.
    pub fn live(&self, thing: &Thing, lags: bool) -> Result<Vec<Message>, ReadError> {
        match self {
            Speech::Plain(plain) => plain.live(thing),
            Speech::Cumulocity(tenant) => tenant.live(thing, lags),
        }
    }

    /// What is held back though nothing waits any more.
    #[must_use]
    pub fn settle(&self, now: Timestamp) -> Vec<Message> {
        match self {
            Speech::Plain(_) => Vec::new(),
            Speech::Cumulocity(tenant) => tenant.settle(now),
        }
    }

    /// Whether something is held back.
    #[must_use]
    pub fn holds(&self) -> bool {
        match self {
            Speech::Plain(_) => false,
            Speech::Cumulocity(tenant) => tenant.holds(),
        }
    }

    /// How many lines of one topic may share a message; 0: none.
    #[must_use]
    pub fn shares(&self) -> usize {
        match self {
            Speech::Plain(_) => 0,
            Speech::Cumulocity(_) => cumulocity::smartrest::LINES,
        }
    }

    /// What a message from the other end means.
    #[must_use]
    pub fn heard(&self, delivered: &Delivered) -> Heard {
        match self {
            Speech::Plain(plain) if plain.asks_for_all(&delivered.topic, &delivered.payload) => Heard::TellAll,
            Speech::Plain(_) => Heard::Nothing,
            Speech::Cumulocity(tenant) => {
                let mut asked = cumulocity::asked(&delivered.topic, &delivered.payload);
                asked.retain(|asked| tenant.is_ours(&asked.operation.device));
                if asked.is_empty() {
                    Heard::Nothing
                } else {
                    Heard::Operations(asked)
                }
            }
        }
    }
}
