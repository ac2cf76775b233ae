//! What a broker allows in a session: what is known to go with it, and what it said when it was opened.

use crate::uplink::connection::agreed::Agreed;
use crate::uplink::connection::wire::{Message, Opened};

/// What the broker allows.
#[derive(Debug)]
pub(super) struct Allowed {
    /// Retained messages.
    pub(super) retain: bool,
    /// Messages at least once.
    surely: bool,
    /// Subscriptions with wildcards.
    pub(super) wildcards: bool,
}

impl Allowed {
    /// What goes with this broker, as far as it does not say otherwise.
    pub(super) fn new(agreed: &Agreed, opened: &Opened) -> Allowed {
        Allowed {
            retain: agreed.retain && !opened.no_retain,
            surely: agreed.surely && !opened.only_perhaps,
            wildcards: !opened.no_wildcards,
        }
    }

    /// A message as the broker takes it.
    pub(super) fn fitting(&self, mut message: Message) -> Message {
        message.retain &= self.retain;
        message.unacknowledged |= !self.surely;
        message
    }
}
