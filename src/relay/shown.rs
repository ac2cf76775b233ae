//! The table of peers as people and programs see it.

use std::sync::atomic::Ordering::Relaxed;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::meetup::shown_id;
use super::peer::Peer;
use super::room::Relay;
use super::ticket::TicketError;
use crate::domain::units::Span;

/// One connected peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PeerShown {
    /// Its number, which is never given twice while the box runs.
    pub peer: u64,
    /// The id it came to, without a query.
    pub meetup: String,
    /// `greeting` (no HELLO yet), `waiting` or `paired`.
    pub state: String,
    /// The partner's number.
    pub partner: Option<u64>,
    /// The name in its certificate.
    pub identity: String,
    /// What it says it is; nobody checks that.
    pub class: Option<String>,
    /// Who it says it is; nobody checks that.
    pub name: Option<String>,
    /// Where it calls from.
    pub address: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Whether messages on its connection may be compressed.
    #[serde(default)]
    pub compression: bool,
    /// Messages that it sent.
    pub messages: u64,
    /// Bytes of them, before anything is compressed.
    pub bytes: u64,
    /// Bytes that wait for it, as they are sent.
    pub waiting_bytes: usize,
    /// When it last answered a ping.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_pong: Option<Timestamp>,
    /// How long that took, in milliseconds.
    pub round_trip_ms: Option<f64>,
}

/// A ticket that is asked for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketRequest {
    /// The meetup's id, without a query.
    pub meetup: String,
    /// What tables call whoever shows it.
    pub name: String,
    /// For how long, such as `"10m"`; at most a day.
    #[schema(value_type = String)]
    pub life: Span,
}

/// Leave to come to a meetup without a certificate.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TicketShown {
    /// The ticket; a secret.
    pub ticket: String,
    /// Path and query to ask the relay's door for.
    pub path: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
}

impl Relay {
    /// Makes a ticket.
    pub fn ticket(&self, wanted: &TicketRequest) -> Result<TicketShown, TicketError> {
        let (ticket, expires) = self.issue_ticket(&wanted.meetup, &wanted.name, wanted.life.0)?;
        let path = format!("{}{}?ticket={ticket}", self.prefix(), wanted.meetup);
        Ok(TicketShown { ticket, path, expires })
    }

    /// Everybody connected, in the order in which they came.
    #[must_use]
    pub fn list(&self) -> Vec<PeerShown> {
        self.peers().iter().map(|peer| self.shown(peer)).collect()
    }

    fn shown(&self, peer: &Peer) -> PeerShown {
        let hello = peer.greeting().map(|greeting| greeting.hello);
        let partner = self.partner(peer).map(|number| number.0);
        let state = match (&hello, partner) {
            (None, _) => "greeting",
            (Some(_), None) => "waiting",
            (Some(_), Some(_)) => "paired",
        };
        let (messages, bytes) = peer.sent();
        let pong = i64::try_from(peer.counted.last_pong.load(Relaxed)).unwrap_or(0);
        let hello = hello.unwrap_or_default();
        PeerShown {
            peer: peer.number.0,
            meetup: shown_id(&peer.id).to_owned(),
            state: state.to_owned(),
            partner,
            identity: peer.identity.label(),
            class: hello.class,
            name: hello.id,
            address: peer.address.to_string(),
            since: peer.since,
            compression: peer.deflate.is_some(),
            messages,
            bytes,
            waiting_bytes: peer.waiting_bytes(),
            last_pong: Timestamp::from_second(pong).ok().filter(|_| pong > 0),
            round_trip_ms: (pong > 0).then(|| peer.counted.round_trip.load(Relaxed) as f64 / 1_000.0),
        }
    }
}
