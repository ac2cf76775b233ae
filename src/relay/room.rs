//! The room: who is connected, who meets whom, and what changes that.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::allowance::{Allowances, Rates};
use super::config::Config;
use super::conversation::Conversation;
use super::counts::Counts;
use super::goodbye::Goodbye;
use super::meetup::{Meetups, PeerNumber, Tally};
use super::notes::Notes;
use super::peer::{Caller, Peer};
use super::pipe;
use super::rule::{Identity, Rule};
use super::table::Table;
use super::ticket::{Even, TicketError, Tickets};
use super::trace::Traces;
use crate::http::truncated;
use crate::store::Store;

/// How long peers have to read our good-bye when the box stops; the box waits a little longer.
const DRAIN: Duration = Duration::from_millis(2_500);
/// How often what peers carried is added to the metrics.
const GATHER: Duration = Duration::from_secs(1);

/// The room.
pub struct Relay {
    pub(super) config: ArcSwap<Config>,
    store: Store,
    pub(super) counts: Counts,
    pub(super) notes: Notes,
    state: Mutex<State>,
    allowances: Allowances,
    last_number: AtomicU64,
    tasks: TaskTracker,
    streams: CancellationToken,
    pub(super) is_closed: AtomicBool,
    pub(super) is_draining: AtomicBool,
    pub(super) traces: Traces,
    tickets: Tickets,
    /// What tickets are dated by; they outlive no process.
    clock: Even,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) meetups: Meetups,
    pub(super) peers: HashMap<PeerNumber, Arc<Peer>>,
}

/// The relay's service failed.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// What happened could not be written down before the end.
    #[error("the last peers that left are not in the journal: the book takes no more")]
    Unwritten,
}

/// A peer is not let in, whatever it would say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdmissionError {
    /// The id is longer than any.
    LongId,
    /// No rule is about this id, or the rule does not name this certificate.
    Forbidden,
    /// There is neither a certificate nor a ticket that is good here and now.
    NoTicket,
    /// This certificate has its number of connections.
    Crowded,
    /// The relay stops.
    Stopping,
    /// The operator lets nobody new come for now.
    Draining,
}

/// The longest id, in bytes (RELAY Q9).
pub const LONGEST_ID: usize = 512;

impl Relay {
    /// The room; nothing runs yet. `streams` ends it when the box stops.
    #[must_use]
    pub fn new(config: Config, store: Store, counts: Counts, streams: &CancellationToken) -> Arc<Relay> {
        Arc::new(Relay {
            config: ArcSwap::from_pointee(config),
            store,
            counts,
            notes: Notes::default(),
            state: Mutex::default(),
            allowances: Allowances::default(),
            last_number: AtomicU64::new(0),
            tasks: TaskTracker::new(),
            streams: streams.child_token(),
            is_closed: AtomicBool::new(false),
            is_draining: AtomicBool::new(false),
            traces: Traces::default(),
            tickets: Tickets::new(),
            clock: Even::begin(),
        })
    }

    /// Keeps the journal and the metrics until it is told to stop; then every peer is told so (1001) and has a
    /// moment to say good-bye.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RelayError> {
        let ended = async {
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.streams.cancelled() => {}
            }
        };
        let mut ticks = interval(GATHER);
        let gather = async {
            loop {
                ticks.tick().await;
                self.gather();
            }
        };
        tokio::select! {
            () = ended => {}
            () = self.notes.keep(&self.store) => {}
            () = gather => {}
        }
        self.is_closed.store(true, Relaxed);
        self.close_all(Goodbye::Shutdown);
        self.tasks.close();
        if timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::info!(peers = self.tasks.len(), "relay peers did not say good-bye in time");
        }
        // The box may have said that it stops before the room's own time came.
        stop.cancelled().await;
        self.gather();
        match self.notes.write(&self.store).await {
            true => Ok(()),
            false => Err(RelayError::Unwritten),
        }
    }

    /// Takes a changed configuration over while peers are connected. Whom it does not let in any more has to go.
    pub fn adopt(&self, config: Config) {
        self.config.store(Arc::new(config));
        let config = self.config.load();
        self.allowances.set(Rates::of(&config));
        for peer in self.peers() {
            match config.rule(&peer.id).filter(|rule| rule.admits(&peer.identity)) {
                Some(rule) => peer.set_rule(rule),
                None => {
                    self.depart(&peer, Goodbye::Forbidden);
                    peer.close(Goodbye::Forbidden);
                }
            }
        }
    }

    /// Lets every peer come again: its door was opened anew, and what watches over the certificates of living
    /// connections watches over the new ones only.
    pub fn send_away(&self) {
        self.close_all(Goodbye::Moved);
    }

    /// What stands before the id in a request's path.
    #[must_use]
    pub fn prefix(&self) -> String {
        self.config.load().prefix.clone()
    }

    /// Whether newcomers may have their messages compressed.
    pub(super) fn compresses(&self) -> bool {
        self.config.load().compression
    }

    /// How many meetups there are.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.state().meetups.tally()
    }

    /// Whether somebody of this certificate may come to `id` now; by what rule.
    pub fn admit(&self, id: &str, identity: &Identity) -> Result<Rule, AdmissionError> {
        let config = self.config.load();
        let refused = |why, word| {
            self.counts.refused(word);
            Err(why)
        };
        if id.len() > LONGEST_ID {
            return refused(AdmissionError::LongId, "long_id");
        }
        if self.is_closed.load(Relaxed) {
            return refused(AdmissionError::Stopping, "stopping");
        }
        if self.is_draining() {
            return refused(AdmissionError::Draining, "draining");
        }
        let Some(rule) = config.rule(id).filter(|rule| rule.admits(identity)) else {
            return refused(AdmissionError::Forbidden, "forbidden");
        };
        let cap = config.per_identity as usize;
        if cap > 0 && self.peers().iter().filter(|peer| peer.identity.same(identity)).count() >= cap {
            return refused(AdmissionError::Crowded, "per_identity");
        }
        Ok(rule)
    }

    /// Leave for whoever shows it to come to `id` without a certificate, and when it ends.
    pub fn issue_ticket(&self, id: &str, name: &str, life: Duration) -> Result<(String, Timestamp), TicketError> {
        if id.len() > LONGEST_ID || id.contains('?') {
            return Err(TicketError::Id);
        }
        if !self.config.load().rule(id).is_some_and(|rule| rule.tickets) {
            return Err(TicketError::NotThere(id.to_owned()));
        }
        let life = SignedDuration::try_from(life).map_err(|_| TicketError::Life)?;
        self.tickets.issue(id, name, life, self.clock.now())
    }

    /// Who comes to `id` with this ticket.
    pub(super) fn holder(&self, ticket: Option<&str>, id: &str) -> Result<Identity, AdmissionError> {
        let holder = ticket.and_then(|ticket| self.tickets.check(ticket, id, self.clock.now()));
        holder.ok_or_else(|| {
            self.counts.refused("no_ticket");
            AdmissionError::NoTicket
        })
    }

    /// Serves a peer on the stream that its request became.
    pub(super) fn welcome<S>(
        self: &Arc<Self>,
        id: &str,
        rule: Rule,
        caller: Caller,
        stream: impl Future<Output = Option<S>> + Send + 'static,
    ) where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let number = PeerNumber(self.last_number.fetch_add(1, Relaxed) + 1);
        let config = self.config.load();
        let limit = rule.max_message.unwrap_or(config.max_message).0;
        let buffer = usize::try_from(config.buffer.0).unwrap_or(usize::MAX);
        let allowance = self.allowances.of(&caller.identity, Rates::of(&config));
        let peer = Peer::new(number, Arc::from(id), caller, rule, buffer);
        let room = Arc::clone(self);
        self.tasks.spawn(async move {
            if let Some(stream) = stream.await {
                room.enter(&peer);
                let conversation = Conversation::new(Arc::clone(&peer), Arc::<Relay>::clone(&room), allowance);
                let why = pipe::serve(stream, conversation, limit).await;
                room.forget(&peer, why);
            }
        });
    }

    fn enter(&self, peer: &Arc<Peer>) {
        self.counts.connected();
        // In this order: a trace that begins meanwhile finds the peer, or the peer finds it.
        self.state().peers.insert(peer.number, Arc::clone(peer));
        peer.set_trace(self.traces.of(&peer.id));
        tracing::info!(relay.peer = peer.number.0, certificate = peer.identity.mark(),
            peer = %truncated(peer.address.ip()), "a relay peer connected");
        if self.is_closed.load(Relaxed) {
            peer.close(Goodbye::Shutdown);
        }
    }

    fn forget(&self, peer: &Arc<Peer>, why: Goodbye) {
        self.state().peers.remove(&peer.number);
        self.counts.taken(peer.counted.untold());
        self.counts.ended(why);
        let (messages, bytes) = peer.sent();
        tracing::info!(
            relay.peer = peer.number.0,
            why = why.word(),
            messages,
            bytes,
            "a relay peer's connection ended"
        );
    }

    fn gather(&self) {
        self.allowances.forget_quiet(Instant::now());
        let peers = self.peers();
        peers.iter().for_each(|peer| self.counts.taken(peer.counted.untold()));
        self.counts.queued(peers.iter().map(|peer| peer.waiting_bytes()).sum());
        self.end_traces(Instant::now());
    }

    /// Everybody connected, in the order in which they came.
    pub(super) fn peers(&self) -> Vec<Arc<Peer>> {
        let mut peers: Vec<Arc<Peer>> = self.state().peers.values().cloned().collect();
        peers.sort_by_key(|peer| peer.number);
        peers
    }

    pub(super) fn partner(&self, peer: &Peer) -> Option<PeerNumber> {
        self.state().meetups.partner(&peer.id, peer.number)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
