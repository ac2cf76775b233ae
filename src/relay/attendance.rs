//! Who comes and who goes: a HELLO finds its partner, a good-bye reaches the one that is left.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::time::Instant;

use super::goodbye::Goodbye;
use super::meetup::Arrival;
use super::peer::{Greeting, Peer};
use super::room::{Relay, State, shown_id};
use crate::domain::Event;

impl Relay {
    /// A peer said HELLO: it waits, is paired, or has to go.
    pub(super) fn arrive(&self, peer: &Arc<Peer>, greeting: Greeting) -> Result<(), Goodbye> {
        peer.greet(greeting);
        let rule = peer.rule();
        let max_meetups = self.config.load().max_meetups as usize;
        let mut state = self.state();
        if self.is_closed.load(Relaxed) {
            return Err(Goodbye::Shutdown);
        }
        if !state.meetups.has(&peer.id) && state.meetups.len() >= max_meetups {
            return Err(Goodbye::TooManyMeetups);
        }
        let with = loop {
            match state.meetups.arrive(&peer.id, peer.number, &peer.identity, &rule) {
                Arrival::Waits => break None,
                Arrival::Pairs { with } => break state.peers.get(&with).cloned(),
                Arrival::Displaces { old } => {
                    if let Some(old) = state.peers.get(&old).cloned() {
                        self.take_leave(&mut state, &old, Goodbye::Displaced);
                        old.close(Goodbye::Displaced);
                    }
                }
                Arrival::Full => return Err(Goodbye::Full),
                Arrival::Same => return Err(Goodbye::SameIdentity),
            }
        };
        self.notes.add(Event::PeerJoined {
            meetup: shown_id(&peer.id).to_owned(),
            peer: peer.identity.label(),
        });
        if let Some(with) = &with {
            peer.pair(with);
        }
        self.counts.tally(state.meetups.tally());
        drop(state);
        self.counts.joined();
        let with = with.map(|with| with.number.0);
        tracing::info!(relay.peer = peer.number.0, relay.with = with, "a relay peer said HELLO");
        Ok(())
    }

    /// A peer goes, or is gone; its partner is told, or kept where the rule says so.
    pub(super) fn depart(&self, peer: &Arc<Peer>, why: Goodbye) {
        let mut state = self.state();
        self.take_leave(&mut state, peer, why);
        self.counts.tally(state.meetups.tally());
    }

    fn take_leave(&self, state: &mut State, peer: &Arc<Peer>, why: Goodbye) {
        let was_in = state.meetups.is_in(&peer.id, peer.number);
        let partner = state.meetups.depart(&peer.id, peer.number);
        peer.part();
        if was_in {
            self.note_departure(peer, why);
        }
        let Some(partner) = partner.and_then(|number| state.peers.get(&number).cloned()) else {
            return;
        };
        let hold = partner.rule().hold.0;
        if !hold.is_zero() && !matches!(why, Goodbye::Shutdown | Goodbye::Moved) && partner.hold(Instant::now() + hold)
        {
            return;
        }
        state.meetups.depart(&partner.id, partner.number);
        partner.part();
        partner.close(Goodbye::PartnerGone);
        self.note_departure(&partner, Goodbye::PartnerGone);
    }

    fn note_departure(&self, peer: &Peer, why: Goodbye) {
        self.notes.add(Event::PeerLeft {
            meetup: shown_id(&peer.id).to_owned(),
            peer: peer.identity.label(),
            why: why.word().to_owned(),
        });
    }

    /// Ends a connection, or both of a meetup. Answers how many.
    pub fn kick(&self, number: Option<u64>, id: Option<&str>) -> usize {
        let wanted = |peer: &&Arc<Peer>| Some(peer.number.0) == number || id.is_some_and(|id| *peer.id == *id);
        let peers: Vec<Arc<Peer>> = self.peers().iter().filter(wanted).cloned().collect();
        for peer in &peers {
            // First the reason, so that the partner's going is not taken for it.
            peer.close(Goodbye::Kicked);
        }
        for peer in &peers {
            self.depart(peer, Goodbye::Kicked);
        }
        peers.len()
    }

    pub(super) fn close_all(&self, why: Goodbye) {
        let peers = self.peers();
        peers.iter().for_each(|peer| peer.close(why));
        peers.iter().for_each(|peer| self.depart(peer, why));
    }
}
