//! What one connection asks of the room, and no more: the room knows its connections, and they only this of it.

use std::sync::Arc;
use std::time::Duration;

use super::config::CloseCodes;
use super::counts::Counts;
use super::goodbye::Goodbye;
use super::peer::{Greeting, Peer};

/// Times that the room sets for a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) ping_interval: Duration,
    pub(super) ping_timeout: Duration,
    pub(super) hello_timeout: Duration,
    pub(super) send_timeout: Duration,
}

/// The table of who is there, as one connection sees it.
pub(super) trait Table: Send + Sync {
    /// A peer said HELLO: it waits, is paired, or has to go.
    fn arrive(&self, peer: &Arc<Peer>, greeting: Greeting) -> Result<(), Goodbye>;

    /// A peer goes, or is gone; its partner is told, or kept where the rule says so.
    fn depart(&self, peer: &Arc<Peer>, why: Goodbye);

    /// Ends the partner of a peer that is about to go, for the same reason: it is not told that it was left.
    fn end_partner(&self, peer: &Peer, why: Goodbye);

    /// Times that a connection keeps to.
    fn times(&self) -> Times;

    /// By which codes good-byes are told.
    fn close_codes(&self) -> CloseCodes;

    /// What is counted of connections.
    fn counts(&self) -> &Counts;
}
