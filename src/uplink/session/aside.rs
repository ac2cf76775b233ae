//! Messages that cost session after session: who is suspected when one ends, and what is done with the guilty.

use std::time::Duration;

use jiff::Timestamp;

use super::Session;
use super::about::About;
use super::quarantine::set_aside;
use crate::store::WriteError;
use crate::uplink::connection::error::ConnectionError;
use crate::uplink::connection::wire::WireError;
use crate::uplink::error::UplinkError;
use crate::uplink::ledger::LedgerError;

/// Hung up so soon after something was sent, the broker may have minded it.
const BLAMED: Duration = Duration::from_secs(10);

impl Session<'_> {
    /// The session ends by this. Only a broker that hangs up right after it took something else gives reason to look at
    /// what it was sent: one that is silent would let every message look guilty.
    pub(in crate::uplink) fn suspect(&self, fault: &ConnectionError) {
        let hung_up = matches!(
            fault,
            ConnectionError::Wire(WireError::Closed | WireError::Io(_))
                | ConnectionError::HungUp(_)
                | ConnectionError::Refused(_)
        );
        if !hung_up || !self.greeting.is_over() || self.pulse.last_spoke().elapsed() > BLAMED {
            return;
        }
        let parcels = self.window.open().filter_map(|about| match about {
            About::Journal(outgoing) => Some(outgoing),
            About::Greeting | About::Hello | About::Live => None,
        });
        self.context.quarantine.on_their_way(parcels);
    }

    /// Sets aside what is sent no more, so that the rest goes on.
    pub(super) async fn set_aside(&mut self) -> Result<(), UplinkError> {
        while let Some(outgoing) = self.poison.pop() {
            let topic = &outgoing.message.topic;
            match set_aside(&self.context.store, &outgoing.message, Timestamp::now()).await {
                Ok(()) => {}
                // It is not let go before it is kept: the next turn tries again.
                Err(WriteError::Busy | WriteError::DiskFull) => {
                    self.poison.push(outgoing);
                    return Ok(());
                }
                Err(error) => return Err(LedgerError::Write(error).into()),
            }
            tracing::warn!(topic, "a message cost the session three times and was set aside");
            self.hello.push_back(self.context.dialect.set_aside(topic));
            self.context.status.write().aside += 1;
            self.context.status.dropped(outgoing.class());
            self.context.quarantine.taken(&outgoing);
            self.outbox.taken(&outgoing.positions, &self.context.acked);
        }
        Ok(())
    }
}
