//! What is said to the other end and how what it says is read: one implementation for each kind of broker. The session
//! knows nothing of topics and payloads.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::announced::Parts;
use super::connection::wire::{Delivered, Message};
use super::live::Thing;
use super::operations::OperationRequest;
use super::tallies::{Ignored, LinkHealth};
use super::topic::Topic;
use crate::domain::Lane;
use crate::store::{Delivery, ReadError};

/// What a message from the other end means.
#[derive(Debug, PartialEq)]
pub enum Meaning {
    /// Everything is to be told once more.
    TellAll,
    /// These are to be done.
    Operations(Vec<OperationRequest>),
    /// A token, or what stands in its place.
    Token(Vec<String>),
    /// The number under which the platform knows the box.
    Number(String),
    /// The platform does not like something that was said.
    Complaint(String),
}

/// The words for one kind of broker. What a kind has no words for is left as it is here.
pub trait Dialect: Send + Sync {
    /// The will (MQTT 5 §3.1.2.5): what is published when the box is gone without a word.
    fn will(&self) -> Message;

    /// The birth: what is published first in each session.
    fn birth(&self) -> Result<Vec<Message>, ReadError>;

    /// The whole birth is acknowledged.
    fn born(&self, _now: Timestamp) {}

    /// The death: what is published last, when the box stops in order.
    fn death(&self) -> Vec<Message>;

    /// What the box subscribes to; `wildcards`: the broker takes subscriptions with them.
    fn subscriptions(&self, wildcards: bool) -> Vec<Topic>;

    /// What is published once the subscriptions stand. `orphans`: operations of an earlier process are to be ended.
    fn subscribed(&self, _orphans: bool) -> Vec<Message> {
        Vec::new()
    }

    /// A subscription is not granted, or is now.
    fn granted(&self, _granted: bool) -> Vec<Message> {
        Vec::new()
    }

    /// What a message from the broker means; nothing, when it is nothing to us.
    fn heard(&self, delivered: &Delivered) -> Vec<Meaning>;

    /// Everything that has a newest state.
    fn things(&self) -> Result<Vec<Thing>, ReadError>;

    /// The newest state of something; `lags` when older values still wait.
    fn newest(&self, thing: &Thing, lags: bool) -> Result<Vec<Message>, ReadError>;

    /// What a delivery of the journal becomes.
    fn journal(&self, lane: Lane, delivery: &Delivery) -> Vec<Message>;

    /// What was held back though nothing waits any more.
    fn release(&self, _now: Timestamp) -> Vec<Message> {
        Vec::new()
    }

    /// Whether something is held back.
    fn holds_back(&self) -> bool {
        false
    }

    /// What asks for a token; `None`: this kind has none.
    fn token_request(&self) -> Option<Message> {
        None
    }

    /// How the box itself is.
    fn health(&self, health: &LinkHealth, now: Timestamp) -> Vec<Message>;

    /// Parts of the box whose state changed.
    fn parts(&self) -> Vec<Message> {
        Vec::new()
    }

    /// How many people are where, though nothing changed.
    fn counts(&self, _now: Timestamp) -> Result<Vec<Message>, ReadError> {
        Ok(Vec::new())
    }

    /// Topics on which something of the box is retained just now; `None`: this kind retains nothing.
    fn retained(&self) -> Result<Option<BTreeSet<String>>, ReadError> {
        Ok(None)
    }

    /// The components of a device that a message names, if it is one that does.
    fn components(&self, _message: &Message) -> Parts {
        Parts::new()
    }

    /// A message cost the session again and again and was set aside.
    fn set_aside(&self, topic: &str) -> Message;

    /// How many lines of one topic may share a message; 0: none.
    fn shares(&self) -> usize {
        0
    }

    /// How many values were no numbers and were left out.
    fn skipped(&self) -> u64 {
        0
    }

    /// What came and has no answer.
    fn ignored(&self) -> Ignored {
        Ignored::default()
    }
}
