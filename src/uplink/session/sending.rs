//! What a session sends, and in which order: the greeting, what is newest, the journal at its pace.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, timeout};

use super::suspects::Suspicion;
use super::{About, Session};
use crate::store::{ClockState, Delivery};
use crate::uplink::connection::wire::{Message, WireError};
use crate::uplink::outbox::Parcel;
use crate::uplink::room::UplinkError;

/// An entry that is older than this when its turn comes is sent at the pace of a replay.
const FRESH: Duration = Duration::from_secs(10);
const FRESH_SIGNED: SignedDuration = SignedDuration::from_secs(10);
/// Messages that nobody acknowledges and that leave together.
const LEAVING: usize = 100;
/// For bytes to leave.
const FLUSH: Duration = Duration::from_secs(30);

impl Session<'_> {
    /// Sends what can be sent now. Answers when the pace lets the journal go on, if it rests.
    pub(super) async fn send(&mut self) -> Result<Result<Option<Instant>, WireError>, UplinkError> {
        let (mut resting, mut sent) = (None, false);
        while self.window.has_room() && self.leaving.len() < LEAVING {
            let now = Instant::now();
            let (message, about) = match self.next(now)? {
                Ok(Some(next)) => next,
                Ok(None) => break,
                Err(later) => {
                    resting = Some(later);
                    break;
                }
            };
            let message = self.fitting(message);
            self.remember(&message).await?;
            // Nobody acknowledges what goes at most once.
            let id = if message.unacknowledged {
                0
            } else {
                self.window.send(about.clone(), now)
            };
            self.empties(&message, id);
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
                    self.shared.board.dropped(about.class());
                    self.window.taken(id);
                    self.done(&about);
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        if self.window.is_empty() {
            self.shared.caught_up();
        }
        self.shared.board.write().oldest_waiting = self.outbox.oldest_waiting();
        if sent {
            self.spoke = Instant::now();
            match timeout(FLUSH, self.wire.flush()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Ok(Err(error)),
                Err(_) => return Ok(Err(WireError::Closed)),
            }
            for about in std::mem::take(&mut self.leaving) {
                self.shared.board.write().published += 1;
                self.done(&about);
            }
        }
        Ok(Ok(resting))
    }

    /// What is sent next, if there is anything; or when the pace lets the journal go on.
    pub(super) fn next(&mut self, now: Instant) -> Result<Result<Option<(Message, About)>, Instant>, UplinkError> {
        // What may be why sessions end goes with nothing beside it.
        if self.alone && !self.window.is_empty() {
            return Ok(Ok(None));
        }
        self.alone = false;
        if let Some(message) = self.hello.pop_front() {
            let about = if self.unsent > 0 {
                self.unsent -= 1;
                About::Greeting
            } else {
                About::Hello
            };
            return Ok(Ok(Some((message, about))));
        }
        if self.shared.config.live_first
            && let Some(message) = self.next_live(now)?
        {
            return Ok(Ok(Some((message, About::Live))));
        }
        Ok(match self.next_of_journal(now)? {
            Ok(Some(parcel)) => Ok(Some((parcel.message.clone(), About::Journal(parcel)))),
            // With all of the journal on its way, the newest state is not ahead of anything.
            Ok(None) => {
                self.hello.extend(self.shared.speech.settle(Timestamp::now()));
                match self.hello.pop_front() {
                    Some(message) => Ok(Some((message, About::Hello))),
                    None => Ok(self.next_live(now)?.map(|message| (message, About::Live))),
                }
            }
            Err(later) => Err(later),
        })
    }

    /// One live message may always be on its way, even through a window of one.
    pub(super) fn has_live_room(&self) -> bool {
        self.window.has_room() && self.live_sent * 2 < usize::from(self.shared.config.window).max(2)
    }

    pub(super) fn fitting(&self, mut message: Message) -> Message {
        message.retain &= self.retain;
        message.unacknowledged |= !self.surely;
        message
    }

    pub(super) fn next_live(&mut self, now: Instant) -> Result<Option<Message>, UplinkError> {
        // What is newest has a time, too.
        if !self.has_live_room() || self.shared.store.clock() == ClockState::Wrong {
            return Ok(None);
        }
        loop {
            if let Some(message) = self.live.pop_front() {
                self.live_sent += 1;
                return Ok(Some(message));
            }
            let Ok(thing) = self.shared.live.take(now) else {
                return Ok(None);
            };
            let lags = self.lags();
            let said = self.shared.speech.live(&thing, lags)?;
            self.live.extend(self.worth_sending(said));
        }
    }

    /// Whether older values still wait.
    pub(super) fn lags(&self) -> bool {
        let waits = |at: Timestamp| Timestamp::now().duration_since(at) > FRESH_SIGNED;
        self.outbox.oldest_waiting().is_some_and(waits)
    }

    /// The next message of the journal, if there is one; or when the pace lets it go.
    pub(super) fn next_of_journal(&mut self, now: Instant) -> Result<Result<Option<Parcel>, Instant>, UplinkError> {
        let shared = self.shared;
        let shares = if shared.suspects.singly() {
            0
        } else {
            shared.speech.shares()
        };
        let said = self.outbox.take(&shared.dealt, shares, |lane, delivery| {
            if let Delivery::Gap(gap) = delivery {
                tracing::warn!(lane = ?lane, n = gap.n, from = gap.from.0, to = gap.to.0, "entries were lost before they were sent");
                shared.board.lost(lane, gap.n);
            }
            if shared.dealt.is_dropped(lane, delivery.seq()) {
                shared.board.lost(lane, 1);
                return Vec::new();
            }
            shared.speech.journal(lane, delivery)
        });
        let said = said?;
        shared.board.write().skipped = shared.speech.skipped();
        let Some(parcel) = said else { return Ok(Ok(None)) };
        match shared.suspects.of(&parcel) {
            Suspicion::None => {}
            Suspicion::Alone if self.window.is_empty() => self.alone = true,
            Suspicion::Alone => {
                self.outbox.put_back(parcel);
                self.alone = true;
                return Ok(Ok(None));
            }
            Suspicion::Poison => {
                self.poison.push(parcel);
                return Ok(Ok(None));
            }
        }
        let age = |at: Timestamp| Duration::try_from(Timestamp::now().duration_since(at)).unwrap_or_default();
        if parcel.at.is_some_and(|at| age(at) > FRESH)
            && let Err(later) = self.pace.take(now)
        {
            self.outbox.put_back(parcel);
            return Ok(Err(later));
        }
        Ok(Ok(Some(parcel)))
    }
}
