//! What a session sends, and in which order: the greeting, what is newest, the journal at its pace.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, timeout};

use super::Session;
use super::about::About;
use super::ended::SendError;
use super::quarantine::Suspicion;
use crate::store::{ClockState, Delivery};
use crate::uplink::connection::wire::{Message, WireError};
use crate::uplink::error::UplinkError;
use crate::uplink::outbox::Outgoing;

/// An entry that is older than this when its turn comes is sent at the pace of a replay.
const FRESH: Duration = Duration::from_secs(10);
const FRESH_SIGNED: SignedDuration = SignedDuration::from_secs(10);
/// Messages that nobody acknowledges and that leave together.
const LEAVING: usize = 100;
/// For bytes to leave.
const FLUSH: Duration = Duration::from_secs(30);

/// What is to be sent next.
enum Next<T> {
    /// This.
    Send(T),
    /// Nothing.
    Idle,
    /// Nothing before the pace lets the journal go on.
    Rest(Instant),
}

impl Session<'_> {
    /// Sends what can be sent now. Answers when the pace lets the journal go on, if it rests.
    pub(super) async fn send(&mut self) -> Result<Option<Instant>, SendError> {
        let (mut resting, mut sent) = (None, false);
        while self.window.has_room() && self.leaving.len() < LEAVING {
            let now = Instant::now();
            let (message, about) = match self.next(now)? {
                Next::Send(next) => next,
                Next::Idle => break,
                Next::Rest(until) => {
                    resting = Some(until);
                    break;
                }
            };
            let message = self.allowed.fitting(message);
            self.remember(&message).await?;
            // Nobody acknowledges what goes at most once.
            let id = if message.unacknowledged {
                0
            } else {
                self.window.send(about.clone(), now)
            };
            self.kept.empties(&message, id);
            match self.wire.publish(&message, id).await {
                Ok(()) => {
                    sent = true;
                    if id == 0 {
                        self.leaving.push(about);
                    }
                }
                Err(WireError::TooLarge(bytes)) => {
                    tracing::error!(
                        bytes,
                        topic = message.topic,
                        "a message is larger than may be sent; it is dropped"
                    );
                    self.context.status.dropped(about.class());
                    self.window.taken(id);
                    self.done(&about);
                }
                Err(error) => return Err(error.into()),
            }
        }
        if self.window.is_empty() {
            self.context.caught_up();
        }
        self.context.status.write().oldest_waiting = self.outbox.oldest_waiting();
        if sent {
            self.pulse.spoke(Instant::now());
            timeout(FLUSH, self.wire.flush())
                .await
                .map_err(|_| WireError::Closed)??;
            for about in std::mem::take(&mut self.leaving) {
                self.context.status.write().published += 1;
                self.done(&about);
            }
        }
        Ok(resting)
    }

    fn next(&mut self, now: Instant) -> Result<Next<(Message, About)>, UplinkError> {
        // What may be why sessions end goes with nothing beside it.
        if self.alone && !self.window.is_empty() {
            return Ok(Next::Idle);
        }
        self.alone = false;
        if let Some(message) = self.hello.pop_front() {
            let about = self.greeting.next();
            return Ok(Next::Send((message, about)));
        }
        if self.context.config.live_first
            && let Some(message) = self.next_live(now)?
        {
            return Ok(Next::Send((message, About::Live)));
        }
        Ok(match self.next_of_journal(now)? {
            Next::Send(outgoing) => Next::Send((outgoing.message.clone(), About::Journal(outgoing))),
            // With all of the journal on its way, the newest state is not ahead of anything.
            Next::Idle => {
                self.hello.extend(self.context.dialect.release(Timestamp::now()));
                let hello = self.hello.pop_front().map(|message| (message, About::Hello));
                let newest = match hello {
                    None => self.next_live(now)?.map(|message| (message, About::Live)),
                    hello => hello,
                };
                newest.map_or(Next::Idle, Next::Send)
            }
            Next::Rest(until) => Next::Rest(until),
        })
    }

    /// One live message may always be on its way, even through a window of one.
    pub(super) fn has_live_room(&self) -> bool {
        self.window.has_room() && self.live_sent * 2 < usize::from(self.context.config.window).max(2)
    }

    fn next_live(&mut self, now: Instant) -> Result<Option<Message>, UplinkError> {
        // What is newest has a time, too.
        if !self.has_live_room() || self.context.store.clock() == ClockState::Wrong {
            return Ok(None);
        }
        loop {
            if let Some(message) = self.live.pop_front() {
                self.live_sent += 1;
                return Ok(Some(message));
            }
            let Ok(thing) = self.context.live.take(now) else {
                return Ok(None);
            };
            let lags = self.lags();
            let said = self.context.dialect.newest(&thing, lags)?;
            self.live.extend(self.worth_sending(said));
        }
    }

    /// Whether older values still wait.
    fn lags(&self) -> bool {
        let waits = |at: Timestamp| Timestamp::now().duration_since(at) > FRESH_SIGNED;
        self.outbox.oldest_waiting().is_some_and(waits)
    }

    fn next_of_journal(&mut self, now: Instant) -> Result<Next<Outgoing>, UplinkError> {
        let context = self.context;
        let shares = if context.quarantine.singly() {
            0
        } else {
            context.dialect.shares()
        };
        let said = self.outbox.take(&context.acked, shares, |lane, delivery| {
            if let Delivery::Gap(gap) = delivery {
                tracing::warn!(lane = ?lane, n = gap.n, from = gap.from.0, to = gap.to.0, "entries were lost before they were sent");
                context.status.lost(lane, gap.n);
            }
            if context.acked.is_dropped(lane, delivery.seq()) {
                context.status.lost(lane, 1);
                return Vec::new();
            }
            context.dialect.journal(lane, delivery)
        });
        let said = said?;
        context.status.write().skipped = context.dialect.skipped();
        let Some(outgoing) = said else { return Ok(Next::Idle) };
        match context.quarantine.of(&outgoing) {
            Suspicion::None => {}
            Suspicion::Alone if self.window.is_empty() => self.alone = true,
            Suspicion::Alone => {
                self.outbox.put_back(outgoing);
                self.alone = true;
                return Ok(Next::Idle);
            }
            Suspicion::Poison => {
                self.poison.push(outgoing);
                return Ok(Next::Idle);
            }
        }
        let age = |at: Timestamp| Duration::try_from(Timestamp::now().duration_since(at)).unwrap_or_default();
        if outgoing.at.is_some_and(|at| age(at) > FRESH)
            && let Err(later) = self.pace.take(now)
        {
            self.outbox.put_back(outgoing);
            return Ok(Next::Rest(later));
        }
        Ok(Next::Send(outgoing))
    }
}
