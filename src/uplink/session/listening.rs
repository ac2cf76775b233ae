//! What a session listens to: asked for once the greeting is out, again while nobody answers, and again later when the
//! broker did not grant all of it. Values go on meanwhile (UPLINK §2.3).

use tokio::time::Instant;

use super::Session;
use super::about::About;
use crate::uplink::config::Reports;
use crate::uplink::connection::error::ConnectionError;
use crate::uplink::connection::wire::{Message, WireError};

impl Session<'_> {
    /// Subscribes, once the greeting is out: a platform has to know a device before it tells it anything.
    pub(super) async fn listen(&mut self) -> Result<(), WireError> {
        let (now, is_out) = (Instant::now(), self.hello.is_empty());
        if !self.window.has_room() || !self.subscription.asks(now, is_out, &self.context.patience) {
            return Ok(());
        }
        let topics = self.context.dialect.subscriptions(self.allowed.wildcards);
        let id = self.window.send(About::Hello, now);
        self.wire.subscribe(&topics, id).await
    }

    /// The broker answered what is listened to.
    pub(super) fn granted(&mut self, granted: &[bool]) {
        let troubled = self.context.status.write().not_granted;
        let refused = granted.iter().position(|granted| !granted);
        if let Some(place) = refused {
            self.subscription.refused(Instant::now());
            let topic = self
                .context
                .dialect
                .subscriptions(self.allowed.wildcards)
                .swap_remove(place)
                .name;
            if !troubled {
                let fault = ConnectionError::NotSubscribed(topic);
                tracing::warn!(error = %fault, mend = fault.mend(), "values are sent all the same");
                self.context.status.note(&fault, jiff::Timestamp::now());
                self.hello.extend(self.context.dialect.granted(false));
            }
        } else {
            self.subscription.granted();
            if troubled {
                self.hello.extend(self.context.dialect.granted(true));
            }
        }
        self.context.status.write().not_granted = refused.is_some();
        // Without ids, what comes by itself is claimed first, so that it does not come twice.
        let after = match self.context.config.operations {
            Reports::Json => std::time::Duration::ZERO,
            Reports::Smartrest => self.context.patience.claimed,
        };
        self.timers.ask(Instant::now() + after);
    }

    /// Somebody wants a token. It is asked for at most once: one that waits for a line is worth nothing.
    pub(super) async fn ask_for_a_token(&mut self) -> Result<(), WireError> {
        let Some(message) = self.context.dialect.token_request() else {
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
