//! What a session listens to: asked for once the greeting is out, again while nobody answers, and again later when the
//! broker did not grant all of it. Values go on meanwhile (UPLINK §2.3).

use tokio::time::Instant;

use super::{About, Session};
use crate::uplink::config::Reports;
use crate::uplink::connection::error::ConnectionError;
use crate::uplink::connection::wire::{Message, WireError};
use crate::uplink::patience::Patience;

/// So often it is asked for; then the unanswered request ends the session as every message does.
const ROUNDS: u32 = 3;

/// How far the subscriptions are.
#[derive(Debug, Default)]
pub(super) struct Subscription {
    asked: Option<Instant>,
    rounds: u32,
    /// When the last answer did not grant all, and how often that was.
    refused: Option<Instant>,
    stands: bool,
}

impl Subscription {
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
}

impl Session<'_> {
    /// Subscribes, once the greeting is out: a platform has to know a device before it tells it anything.
    pub(super) async fn listen(&mut self) -> Result<(), WireError> {
        let now = Instant::now();
        let first = self.subscription.asked.is_none() && self.hello.is_empty();
        let again = self.subscription.asked.is_some()
            && self
                .subscription
                .due(&self.shared.patience)
                .is_some_and(|due| now >= due);
        if !(first || again) || !self.window.has_room() {
            return Ok(());
        }
        let topics = self.shared.dialect.subscriptions(self.wildcards);
        if self.subscription.refused.take().is_some() {
            self.subscription.rounds = 0;
        }
        self.subscription.asked = Some(now);
        self.subscription.rounds += 1;
        let id = self.window.send(About::Hello, now);
        self.wire.subscribe(&topics, id).await
    }

    /// The broker answered what is listened to.
    pub(super) fn granted(&mut self, granted: &[bool]) {
        let troubled = self.shared.status.write().not_granted;
        let refused = granted.iter().position(|granted| !granted);
        if let Some(place) = refused {
            self.subscription.refused = Some(Instant::now());
            let topic = self
                .shared
                .dialect
                .subscriptions(self.wildcards)
                .swap_remove(place)
                .name;
            if !troubled {
                let fault = ConnectionError::NotSubscribed(topic);
                tracing::warn!(error = %fault, mend = fault.mend(), "values are sent all the same");
                self.shared.status.note(&fault, jiff::Timestamp::now());
                self.hello.extend(self.shared.dialect.granted(false));
            }
        } else {
            self.subscription.stands = true;
            if troubled {
                self.hello.extend(self.shared.dialect.granted(true));
            }
        }
        self.shared.status.write().not_granted = refused.is_some();
        // Without ids, what comes by itself is claimed first, so that it does not come twice.
        let after = match self.shared.config.operations {
            Reports::Json => std::time::Duration::ZERO,
            Reports::Smartrest => self.shared.patience.claimed,
        };
        self.asks_at = Some(Instant::now() + after);
    }

    /// Somebody wants a token. It is asked for at most once: one that waits for a line is worth nothing.
    pub(super) async fn ask_for_a_token(&mut self) -> Result<(), WireError> {
        let Some(message) = self.shared.dialect.token_request() else {
            return Ok(());
        };
        let message = Message {
            retain: false,
            ..message
        };
        self.wire.publish(&message, 0).await?;
        self.wire.flush().await
    }
}
