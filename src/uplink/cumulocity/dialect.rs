//! SmartREST as one of the box's dialects: which file says what.

use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::{Cumulocity, smartrest};
use crate::domain::Lane;
use crate::store::{Delivery, ReadError};
use crate::uplink::connection::wire::{Delivered, Message};
use crate::uplink::dialect::{Dialect, Meaning};
use crate::uplink::live::Thing;
use crate::uplink::tallies::{Ignored, LinkHealth};
use crate::uplink::topic::Topic;

impl Dialect for Cumulocity {
    fn will(&self) -> Message {
        self.last_will()
    }

    fn birth(&self) -> Result<Vec<Message>, ReadError> {
        self.hello()
    }

    fn born(&self, now: Timestamp) {
        self.greeted(now);
    }

    fn death(&self) -> Vec<Message> {
        self.goodbye()
    }

    fn subscriptions(&self, _wildcards: bool) -> Vec<Topic> {
        super::listens_to(self.reports)
    }

    fn subscribed(&self, orphans: bool) -> Vec<Message> {
        self.listening(orphans)
    }

    fn granted(&self, granted: bool) -> Vec<Message> {
        vec![self.subscription(granted)]
    }

    fn heard(&self, delivered: &Delivered) -> Vec<Meaning> {
        self.hears(delivered)
    }

    fn things(&self) -> Result<Vec<Thing>, ReadError> {
        self.meters_and_spaces()
    }

    fn newest(&self, thing: &Thing, lags: bool) -> Result<Vec<Message>, ReadError> {
        self.live(thing, lags)
    }

    fn journal(&self, lane: Lane, delivery: &Delivery) -> Vec<Message> {
        self.delivery(lane, delivery)
    }

    fn release(&self, now: Timestamp) -> Vec<Message> {
        self.settle(now)
    }

    fn holds_back(&self) -> bool {
        !self.said().held.is_empty()
    }

    fn token_request(&self) -> Option<Message> {
        Some(Message {
            unacknowledged: true,
            ..Message::new("s/uat", "")
        })
    }

    fn health(&self, health: &LinkHealth, now: Timestamp) -> Vec<Message> {
        self.how_it_is(health, now)
    }

    fn parts(&self) -> Vec<Message> {
        self.services()
    }

    fn counts(&self, now: Timestamp) -> Result<Vec<Message>, ReadError> {
        self.who_is_where(now)
    }

    fn set_aside(&self, topic: &str) -> Message {
        self.dead_letter(topic)
    }

    fn shares(&self) -> usize {
        smartrest::LINES
    }

    fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    fn ignored(&self) -> Ignored {
        self.passed_over().counted()
    }
}
