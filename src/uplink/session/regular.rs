//! What a session says at intervals, whether or not something happened.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::Session;
use crate::store::ClockState;
use crate::uplink::patience::Patience;
use crate::uplink::room::UplinkError;
use crate::uplink::status::LinkHealth;

/// When it is said next how the box is, and how many people are where.
#[derive(Debug)]
pub(super) struct Regular {
    health: Instant,
    counts: Instant,
    parts: Instant,
}

/// How often is looked whether parts of the box broke.
const PARTS: Duration = Duration::from_secs(2);

impl Regular {
    /// From the beginning of a session.
    pub(super) fn new(now: Instant, patience: &Patience) -> Regular {
        Regular {
            health: now + patience.health,
            counts: now + patience.counts,
            parts: now + PARTS,
        }
    }

    /// When something is to be said.
    pub(super) fn next(&self) -> Instant {
        self.health.min(self.counts).min(self.parts)
    }
}

impl Session<'_> {
    /// Says what is due.
    pub(super) fn say_regularly(&mut self, now: Instant) -> Result<(), UplinkError> {
        let patience = &self.shared.patience;
        if now >= self.regular.parts {
            self.regular.parts = now + PARTS;
            self.hello.extend(self.shared.dialect.parts());
        }
        if now >= self.regular.next() && self.shared.store.clock() == ClockState::Wrong {
            self.regular = Regular {
                parts: self.regular.parts,
                ..Regular::new(now, patience)
            };
            return Ok(());
        }
        if now >= self.regular.health {
            self.regular.health = now + patience.health;
            let health = self.link_health();
            let said = self.shared.dialect.health(&health, Timestamp::now());
            self.hello.extend(self.worth_sending(said));
        }
        if now >= self.regular.counts {
            self.regular.counts = now + patience.counts;
            self.hello.extend(self.shared.dialect.counts(Timestamp::now())?);
        }
        Ok(())
    }

    pub(super) fn link_health(&self) -> LinkHealth {
        let (behind, rows) = self.shared.behind();
        let written = self.shared.status.write();
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
