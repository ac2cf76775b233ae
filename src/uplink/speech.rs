//! What is said to the other end, whichever kind it is.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::announced::Parts;
use super::board::{Ignored, LinkHealth};
use super::connection::wire::{Delivered, Message};
use super::cumulocity::{self, Cumulocity};
use super::live::Thing;
use super::operations::Asked;
use super::plain::Plain;
use crate::domain::Lane;
use crate::store::{Delivery, ReadError};

/// The words for one kind of peer.
pub enum Speech {
    /// Topics and JSON for any broker.
    Plain(Box<Plain>),
    /// SmartREST for a tenant.
    Cumulocity(Box<Cumulocity>),
}

/// What a message from the other end means.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// Everything is to be told once more.
    TellAll,
    /// These are to be done.
    Operations(Vec<Asked>),
    /// A token, or what stands in its place.
    Token(Vec<String>),
    /// The number under which the platform knows the box.
    Number(String),
    /// The platform does not like something that was said.
    Complaint(String),
}

/// A topic that is listened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name, or a pattern of names.
    pub name: String,
    /// Whether its messages come at least once.
    pub surely: bool,
}

impl Topic {
    /// One whose messages come at least once.
    #[must_use]
    pub fn surely(name: impl Into<String>) -> Topic {
        Topic {
            name: name.into(),
            surely: true,
        }
    }

    /// One whose messages come at most once.
    #[must_use]
    pub fn perhaps(name: impl Into<String>) -> Topic {
        Topic {
            name: name.into(),
            surely: false,
        }
    }
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

    /// What the box wants to hear; `wildcards`: the broker takes subscriptions with them.
    #[must_use]
    pub fn listens_to(&self, wildcards: bool) -> Vec<Topic> {
        match self {
            Speech::Plain(plain) => plain.listens_to(wildcards),
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

    /// What asks for a token; `None`: this kind of peer has none.
    #[must_use]
    pub fn token_wanted(&self) -> Option<Message> {
        match self {
            Speech::Plain(_) => None,
            Speech::Cumulocity(_) => Some(Message {
                unacknowledged: true,
                ..Message::new("s/uat", "")
            }),
        }
    }

    /// The whole greeting is acknowledged.
    pub fn greeted(&self, now: Timestamp) {
        match self {
            Speech::Plain(_) => {}
            Speech::Cumulocity(tenant) => tenant.greeted(now),
        }
    }

    /// How the box itself is.
    #[must_use]
    pub fn health(&self, health: &LinkHealth, now: Timestamp) -> Vec<Message> {
        match self {
            Speech::Plain(plain) => plain.health(health),
            Speech::Cumulocity(tenant) => tenant.health(health, now),
        }
    }

    /// Topics on which something of the box is kept just now; `None`: this kind of peer keeps nothing by topic.
    pub fn keeps(&self) -> Result<Option<BTreeSet<String>>, ReadError> {
        match self {
            Speech::Plain(plain) => plain.keeps().map(Some),
            Speech::Cumulocity(_) => Ok(None),
        }
    }

    /// The components of a device that a message names, if it is one that does.
    #[must_use]
    pub fn components(&self, message: &Message) -> Parts {
        match self {
            Speech::Plain(plain) => plain.parts(message),
            Speech::Cumulocity(_) => Parts::new(),
        }
    }

    /// Parts of the box whose state changed.
    #[must_use]
    pub fn parts(&self) -> Vec<Message> {
        match self {
            Speech::Plain(_) => Vec::new(),
            Speech::Cumulocity(tenant) => tenant.parts(),
        }
    }

    /// How many people are where, though nothing changed.
    pub fn counts(&self, now: Timestamp) -> Result<Vec<Message>, ReadError> {
        match self {
            Speech::Plain(_) => Ok(Vec::new()),
            Speech::Cumulocity(tenant) => tenant.counts(now),
        }
    }

    /// How many values were no numbers and were left out.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        match self {
            Speech::Plain(_) => 0,
            Speech::Cumulocity(tenant) => tenant.skipped(),
        }
    }

    /// What came and has no answer.
    #[must_use]
    pub fn ignored(&self) -> Ignored {
        match self {
            Speech::Plain(_) => Ignored::default(),
            Speech::Cumulocity(tenant) => tenant.ignored(),
        }
    }

    /// A topic is not granted, or is now.
    #[must_use]
    pub fn granted(&self, granted: bool) -> Vec<Message> {
        match self {
            Speech::Plain(_) => Vec::new(),
            Speech::Cumulocity(tenant) => vec![tenant.granted(granted)],
        }
    }

    /// A message cost the session again and again and was set aside.
    #[must_use]
    pub fn aside(&self, topic: &str) -> Message {
        match self {
            Speech::Plain(plain) => plain.aside(topic),
            Speech::Cumulocity(tenant) => tenant.aside(topic),
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

    /// What a message from the other end means; nothing, when it is nothing to us.
    #[must_use]
    pub fn heard(&self, delivered: &Delivered) -> Vec<Heard> {
        match self {
            Speech::Plain(plain) => plain.heard(delivered),
            Speech::Cumulocity(tenant) => tenant.heard(delivered),
        }
    }
}
