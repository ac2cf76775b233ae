//! What a session says at intervals, whether or not something happened.

use jiff::Timestamp;
use tokio::time::Instant;

use super::Session;
use crate::store::ClockState;
use crate::uplink::error::UplinkError;
use crate::uplink::tallies::LinkHealth;

impl Session<'_> {
    /// Says what is due.
    pub(super) fn say_regularly(&mut self, now: Instant) -> Result<(), UplinkError> {
        let patience = &self.context.patience;
        if self.timers.parts(now) {
            self.hello.extend(self.context.dialect.parts());
        }
        if self.context.store.clock() == ClockState::Wrong {
            self.timers.let_pass(now, patience);
            return Ok(());
        }
        if self.timers.health(now, patience) {
            let health = self.link_health();
            let said = self.context.dialect.health(&health, Timestamp::now());
            self.hello.extend(self.worth_sending(said));
        }
        if self.timers.counts(now, patience) {
            self.hello.extend(self.context.dialect.counts(Timestamp::now())?);
        }
        Ok(())
    }

    /// How the road is just now.
    pub(super) fn link_health(&self) -> LinkHealth {
        let (behind, rows) = self.context.behind();
        let written = self.context.status.write();
        let waits = |at: Timestamp| Timestamp::now().duration_since(at).as_secs();
        LinkHealth {
            rows,
            bytes: if rows > 0 { behind.bytes } else { 0 },
            oldest_s: written
                .oldest_waiting
                .filter(|_| rows > 0)
                .map_or(0, |at| u64::try_from(waits(at)).unwrap_or(0)),
            dropped: written.dropped + written.lost,
            reconnects: written.sessions.saturating_sub(1),
            taken_in: written.taken_in,
        }
    }
}
