//! How far the subscriptions of a session are: asked for, granted, refused (UPLINK §2.3). Pure: `now` is given.

use tokio::time::Instant;

use crate::uplink::patience::Patience;

/// So often it is asked for; then the unanswered request ends the session as every message does.
const ROUNDS: u32 = 3;

/// How far the subscriptions are.
#[derive(Debug, Default)]
pub(super) struct MqttSubscriptions {
    asked: Option<Instant>,
    rounds: u32,
    /// When the last answer did not grant all, and how often that was.
    refused: Option<Instant>,
    stands: bool,
}

impl MqttSubscriptions {
    /// Whether everything is granted that was asked for.
    pub(super) fn stands(&self) -> bool {
        self.stands
    }

    /// When it is to be asked for again.
    pub(super) fn due(&self, patience: &Patience) -> Option<Instant> {
        match (self.stands, self.asked, self.refused) {
            (true, _, _) => None,
            (false, _, Some(refused)) => Some(refused + patience.refused),
            (false, Some(asked), None) if self.rounds < ROUNDS => Some(asked + patience.subscribed),
            (false, _, None) => None,
        }
    }

    /// Whether to ask now: for the first time, once that may be, or again. Then it counts as asked.
    pub(super) fn asks(&mut self, now: Instant, may_begin: bool, patience: &Patience) -> bool {
        let asks = match self.asked {
            None => may_begin,
            Some(_) => self.due(patience).is_some_and(|due| now >= due),
        };
        if asks {
            if self.refused.take().is_some() {
                self.rounds = 0;
            }
            self.asked = Some(now);
            self.rounds += 1;
        }
        asks
    }

    /// The broker grants everything.
    pub(super) fn granted(&mut self) {
        self.stands = true;
    }

    /// Notes that the subscription was refused.
    pub(super) fn refused(&mut self, now: Instant) {
        self.refused = Some(now);
    }
}
