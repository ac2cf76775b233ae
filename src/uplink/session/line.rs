//! The line of a session: whether anybody is still there, and how it is left.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::Session;
use super::about::About;
use crate::uplink::connection::error::ConnectionError;
use crate::uplink::connection::wire::Incoming;
use crate::uplink::names::READER;

/// For the goodbye.
const FAREWELL: Duration = Duration::from_secs(1);
/// What is held back is looked at this often.
const HELD: Duration = Duration::from_millis(500);

impl Session<'_> {
    /// When the line must be looked after next.
    pub(super) fn watch(&self) -> Instant {
        let taken = self.window.oldest().map(|sent| sent + self.context.patience.taken);
        // While the window has no room for it, an acknowledgement wakes us.
        let told = self.has_live_room().then(|| self.context.live.next_due()).flatten();
        let held = self.context.dialect.holds_back().then(|| Instant::now() + HELD);
        let due = self.pulse.due().min(self.timers.next(Instant::now()));
        let others = [
            taken,
            told,
            held,
            self.subscription.due(&self.context.patience),
            self.ends.map(|(at, _)| at),
        ];
        others.into_iter().flatten().fold(due, Instant::min)
    }

    /// Asks whether the broker is there when it was silent, and gives up when it stays so.
    pub(super) async fn look_after_the_line(&mut self) -> Result<(), ConnectionError> {
        let now = Instant::now();
        if self.pulse.is_dead(now) {
            return Err(ConnectionError::Slow {
                step: "the answer to a ping",
                limit: self.context.patience.pong,
            });
        }
        if self
            .window
            .oldest()
            .is_some_and(|sent| now >= sent + self.context.patience.taken)
        {
            return Err(ConnectionError::Slow {
                step: "the acknowledgement of a message",
                limit: self.context.patience.taken,
            });
        }
        if self.pulse.wants_ping(now) {
            self.wire.ping().await?;
            self.pulse.pinged(now);
        }
        Ok(())
    }

    /// Whether the box stops and all is taken that was written until it was told to, as far as it can be sent now.
    pub(super) fn has_said_enough(&self, rests: bool) -> bool {
        let Some((at, until)) = self.ends else { return false };
        let reached = || {
            self.context
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
            for message in self.context.dialect.death() {
                let id = self.window.send(About::Hello, Instant::now());
                self.wire.publish(&message, id).await?;
            }
            self.wire.flush().await?;
            while !self.window.is_empty() {
                if let Incoming::Taken(id, None) = self.wire.next().await?
                    && let Some(About::Journal(outgoing)) = self.window.taken(id)
                {
                    self.outbox.taken(&outgoing.positions, &self.context.acked);
                }
            }
            self.wire.close().await
        };
        // Whoever does not answer now learns it from the will.
        let _ = timeout(FAREWELL, farewell).await;
    }
}
