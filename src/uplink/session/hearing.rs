//! What comes in a session: acknowledgements, which let the journal go on, and what the other end says.

use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::time::Instant;

use super::Session;
use super::about::About;
use crate::uplink::connection::error::ConnectionError;
use crate::uplink::connection::retry::chance;
use crate::uplink::connection::wire::{Delivered, Incoming, Larger, WireError};
use crate::uplink::dialect::Meaning;
use crate::uplink::operations::{Arrival, OperationRequest};

/// Within so long of Home Assistant's start it is told everything.
const TELLS_ALL: Duration = Duration::from_secs(5);

impl Session<'_> {
    /// Takes what came, and what came with it.
    pub(super) async fn all_that_came(&mut self, first: Result<Incoming, WireError>) -> Result<(), ConnectionError> {
        self.came(first?).await?;
        while let Some(more) = self.wire.next().now_or_never() {
            self.came(more?).await?;
        }
        Ok(())
    }

    /// Takes one thing that came.
    pub(super) async fn came(&mut self, incoming: Incoming) -> Result<(), ConnectionError> {
        self.pulse.heard(Instant::now());
        match incoming {
            Incoming::Taken(id, refused) => {
                if let Some(sent) = self.window.sent_at(id) {
                    self.context.status.took(sent.elapsed());
                }
                let about = self.window.taken(id);
                if let Some(why) = refused {
                    // Sent again it would be refused again, and hold up all that follows.
                    tracing::warn!(%why, "the broker refused a message for good; it is dropped");
                    self.context
                        .status
                        .dropped(about.as_ref().map_or("other", About::class));
                } else if about.is_some() {
                    self.kept.taken(id);
                    self.context.status.write().published += 1;
                }
                if let Some(about) = about {
                    self.done(&about);
                }
            }
            Incoming::Subscribed(id, granted) => {
                self.window.taken(id);
                self.granted(&granted);
            }
            Incoming::Message(delivered) => self.told(delivered).await?,
            Incoming::HangsUp(why) => return Err(ConnectionError::HungUp(why)),
            // Some brokers announce with a second one that they hang up.
            Incoming::Opened(opened) => {
                return Err(opened
                    .refused
                    .map_or(ConnectionError::NoAnswer, ConnectionError::Refused));
            }
            Incoming::Larger(larger) => {
                let id = larger.id;
                self.passed_over(larger);
                // It is dealt with: not acknowledged, it would come again and again.
                if id != 0 {
                    self.wire.acknowledge(id).await?;
                }
            }
            Incoming::Pong | Incoming::Other => {}
        }
        Ok(())
    }

    /// A message was larger than the box takes.
    fn passed_over(&self, larger: Larger) {
        let fault = ConnectionError::Larger(larger);
        tracing::warn!(what = %fault, mend = fault.mend(), "a message was passed over");
        self.context.status.note(&fault, Timestamp::now());
    }

    /// A message needs no more care: it was taken, or never will be.
    pub(super) fn done(&mut self, about: &About) {
        match about {
            About::Journal(outgoing) => {
                self.context.quarantine.taken(outgoing);
                self.outbox.taken(&outgoing.positions, &self.context.acked);
            }
            About::Live => self.live_sent -= 1,
            About::Hello => {}
            About::Greeting => {
                if self.greeting.taken() {
                    if let Some(limit) = self.context.agreed().greeted() {
                        self.context.limited(limit);
                    }
                    self.context.dialect.born(Timestamp::now());
                }
            }
        }
    }

    async fn told(&mut self, delivered: Delivered) -> Result<(), ConnectionError> {
        let heard = self.context.dialect.heard(&delivered);
        self.context.status.write().ignored = self.context.dialect.ignored();
        for heard in heard {
            match heard {
                Meaning::Token(line) => self.context.tokens.came(&line, Timestamp::now()),
                Meaning::Number(number) => self.context.status.write().number = Some(number),
                Meaning::Complaint(text) => self.context.status.complaint(&text, Timestamp::now()),
                // Many boxes may hear it at once.
                Meaning::TellAll => {
                    let soon = TELLS_ALL.mul_f64(chance());
                    self.timers.tell_all(Instant::now() + soon);
                }
                // Only what is written down is acknowledged; what is not comes again.
                Meaning::Operations(asked) => {
                    if !self.write_down(asked).await {
                        return Ok(());
                    }
                }
            }
        }
        if delivered.id != 0 {
            self.wire.acknowledge(delivered.id).await?;
        }
        Ok(())
    }

    /// Writes down what was asked for; whether all of it is.
    async fn write_down(&mut self, asked: Vec<OperationRequest>) -> bool {
        for asked in asked {
            let kind = asked.operation.kind.clone();
            let claim = self.context.claim();
            match self.context.operations.arrived(asked, claim, Timestamp::now()).await {
                Ok(Arrival::New | Arrival::Known) => {}
                Ok(Arrival::Refused) => self.context.status.operation(&kind, "refused"),
                Err(error) => {
                    tracing::warn!(kind, %error, "an operation could not be written down");
                    return false;
                }
            }
        }
        true
    }
}
