//! The line of a session: whether anybody is still there, and how it is left.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{About, Session};
use crate::uplink::connection::error::ConnectionError;
use crate::uplink::connection::wire::Incoming;
use crate::uplink::outbox::READER;

/// For what was written before the box stops (UPLINK §4.8).
pub(super) const LAST_WORDS: Duration = Duration::from_secs(5);
/// And then for the goodbye.
const FAREWELL: Duration = Duration::from_secs(1);
/// What is held back is looked at this often.
pub(super) const HELD: Duration = Duration::from_millis(500);

impl Session<'_> {
    /// When the line must be looked after next.
    pub(super) fn watch(&self) -> Instant {
        let ping = match self.pinged {
            Some(pinged) => pinged + self.shared.patience.pong,
            None => self.heard.min(self.spoke) + self.keep_alive,
        };
        let taken = self.window.oldest().map(|sent| sent + self.shared.patience.taken);
        // While the window has no room for it, an acknowledgement wakes us.
        let told = self.has_live_room().then(|| self.shared.live.next_due()).flatten();
        let held = self.shared.dialect.holds_back().then(|| Instant::now() + HELD);
        [
            Some(ping),
            taken,
            told,
            held,
            self.asks_at.map(|at| at.max(Instant::now() + HELD / 10)),
            self.subscription.due(&self.shared.patience),
            self.tells_all_at,
            Some(self.regular.next()),
            self.ends.map(|(at, _)| at),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(ping)
    }

    /// Asks whether the broker is there when it was silent, and gives up when it stays so.
    pub(super) async fn look_after_the_line(&mut self) -> Result<(), ConnectionError> {
        let now = Instant::now();
        if self
            .pinged
            .is_some_and(|pinged| now >= pinged + self.shared.patience.pong)
        {
            return Err(ConnectionError::Slow {
                step: "the answer to a ping",
                limit: self.shared.patience.pong,
            });
        }
        if self
            .window
            .oldest()
            .is_some_and(|sent| now >= sent + self.shared.patience.taken)
        {
            return Err(ConnectionError::Slow {
                step: "the acknowledgement of a message",
                limit: self.shared.patience.taken,
            });
        }
        if self.pinged.is_none() && now >= self.heard.min(self.spoke) + self.keep_alive {
            self.wire.ping().await?;
            (self.pinged, self.spoke) = (Some(now), now);
        }
        Ok(())
    }

    /// Whether the box stops and all is taken that was written until it was told to, as far as it can be sent now.
    pub(super) fn has_said_enough(&self, rests: bool) -> bool {
        let Some((at, until)) = self.ends else { return false };
        let reached = || {
            self.shared
                .store
                .backlog(READER)
                .is_some_and(|behind| behind.after >= until)
        };
        // What waits for a clock or is told as it changes is not waited for.
        let idle = !rests && self.window.is_empty();
        Instant::now() >= at || idle || reached()
    }

    /// Says goodbye, so that the broker does not have to say it for us.
    pub(super) async fn farewell(&mut self) {
        let farewell = async {
            for message in self.shared.dialect.death() {
                let id = self.window.send(About::Hello, Instant::now());
                self.wire.publish(&message, id).await?;
            }
            self.wire.flush().await?;
            while !self.window.is_empty() {
                if let Incoming::Taken(id, None) = self.wire.next().await?
                    && let Some(About::Journal(parcel)) = self.window.taken(id)
                {
                    self.outbox.taken(&parcel.tickets, &self.shared.dealt);
                }
            }
            self.wire.close().await
        };
        // Whoever does not answer now learns it from the will.
        let _ = timeout(FAREWELL, farewell).await;
    }
}
