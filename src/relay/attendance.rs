//! Who comes and who goes: a HELLO finds its partner, a good-bye reaches the one that is left.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::time::Instant;

use super::config::CloseCodes;
use super::counts::Counts;
use super::goodbye::Goodbye;
use super::meetup::{Arrival, shown_id};
use super::peer::{Greeting, Peer};
use super::room::{Relay, State};
use super::table::{Table, Times};
use crate::domain::Event;

impl Table for Relay {
    fn arrive(&self, peer: &Arc<Peer>, greeting: Greeting) -> Result<(), Goodbye> {
        peer.greet(greeting);
        let rule = peer.rule();
        let max_meetups = self.config.load().max_meetups as usize;
        let mut state = self.state();
        if self.is_closed.load(Relaxed) {
            return Err(Goodbye::Shutdown);
        }
        if self.is_draining() {
            return Err(Goodbye::Draining);
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

    fn depart(&self, peer: &Arc<Peer>, why: Goodbye) {
        let mut state = self.state();
        self.take_leave(&mut state, peer, why);
        self.counts.tally(state.meetups.tally());
    }

    fn end_partner(&self, peer: &Peer, why: Goodbye) {
        let state = self.state();
        let partner = state.meetups.partner(&peer.id, peer.number);
        if let Some(partner) = partner.and_then(|number| state.peers.get(&number)) {
            partner.close(why);
        }
    }

    fn times(&self) -> Times {
        let config = self.config.load();
        Times {
            ping_interval: config.ping_interval.0,
            ping_timeout: config.ping_timeout.0,
            hello_timeout: config.hello_timeout.0,
            send_timeout: config.send_timeout.0,
        }
    }

    fn close_codes(&self) -> CloseCodes {
        self.config.load().close_codes
    }

    fn counts(&self) -> &Counts {
        &self.counts
    }
}

impl Relay {
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
        let may_return = !matches!(why, Goodbye::Shutdown | Goodbye::Moved) && !self.is_draining();
        if !hold.is_zero() && may_return && partner.hold(Instant::now() + hold) {
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

    /// Takes nobody new from now on. Pairs stay; who waits could wait in vain, and is told to try again later.
    pub fn drain(&self) {
        let mut state = self.state();
        self.is_draining.store(true, Relaxed);
        self.counts.draining(1);
        let peers: Vec<Arc<Peer>> = state.peers.values().cloned().collect();
        for peer in peers {
            let is_alone =
                state.meetups.is_in(&peer.id, peer.number) && state.meetups.partner(&peer.id, peer.number).is_none();
            if is_alone {
                peer.close(Goodbye::Draining);
                self.take_leave(&mut state, &peer, Goodbye::Draining);
            }
        }
        self.counts.tally(state.meetups.tally());
        tracing::info!("the relay takes nobody new until that is undone");
    }

    /// Takes newcomers again.
    pub fn end_drain(&self) {
        self.is_draining.store(false, Relaxed);
        self.counts.draining(0);
        tracing::info!("the relay takes newcomers again");
    }

    /// Whether it takes nobody new for now.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.is_draining.load(Relaxed)
    }

    pub(super) fn close_all(&self, why: Goodbye) {
        let peers = self.peers();
        peers.iter().for_each(|peer| peer.close(why));
        peers.iter().for_each(|peer| self.depart(peer, why));
    }
}
