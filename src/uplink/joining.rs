//! A reader that joins late begins with how things stand (BOOK P10). Of alarms that began before, the journal
//! says nothing any more, and their ends would come to somebody who never heard of them: so they are written down once
//! more for whoever is told for the first time, and go the way of everything else.

use super::config::Kind;
use super::error::UplinkError;
use super::ledger::LedgerError;
use super::names::READER;
use super::outbox::Outbox;
use super::room::Uplink;
use crate::domain::{Alarm, AlarmNews, Event, Lane};
use crate::store::alarms::Alarms;
use crate::store::{Ledger, WriteError, schema};

/// Whom the alarms were told that stood when it came.
const JOINED: Ledger<String> = Ledger::new(schema::UPLINK_JOINED);
/// Alarms written in one change; each takes less than a row may.
const AT_ONCE: usize = 16;

impl Uplink {
    /// From now on the journal is kept for the uplink, whether or not the broker is there. One that was never told
    /// anything, or that tells somebody else now, is to tell of every alarm that stands.
    ///
    /// # Errors
    /// When the uplink of before still has the cursors, or the book cannot be read or written.
    pub async fn hold_the_journal(&self) -> Result<(), UplinkError> {
        if self.store.acknowledged(READER, Lane::Critical).is_none() {
            // Before there is a cursor: a crash between them must not look as if the alarms were told already.
            let forget = self.store.write_patiently(|page| {
                JOINED.delete_on(page, &[]);
                Ok(())
            });
            forget.await.map_err(LedgerError::Write)?;
        }
        drop(Outbox::open(&self.store)?);
        let who = self.told();
        if JOINED.get(&self.store, &[])?.is_some_and(|told| told == who) {
            return Ok(());
        }
        let standing = Alarms::new(self.store.clone()).standing()?;
        for some in standing.chunks(AT_ONCE) {
            self.write_that_they_stand(some.to_vec()).await?;
        }
        let joined = move |page: &mut crate::store::Page| JOINED.put_on(page, &[], &who);
        self.store.write_patiently(joined).await.map_err(LedgerError::Write)?;
        Ok(())
    }

    /// An alarm that is over meanwhile is left out: what the journal says of it comes later than its end.
    async fn write_that_they_stand(&self, alarms: Vec<Alarm>) -> Result<(), LedgerError> {
        let change = move |page: &mut crate::store::Page| {
            for alarm in &alarms {
                if let Some(alarm) = Alarms::still_on(page, alarm)? {
                    let news = AlarmNews::Stands;
                    page.record(Event::Alarm { alarm, news });
                }
            }
            Ok(())
        };
        let written: Result<(), WriteError<_>> = self.store.write_patiently(change).await;
        Ok(written?)
    }

    /// Who is told, as far as the configuration says it.
    fn told(&self) -> String {
        let kind = match self.config.kind {
            Kind::Cumulocity => "cumulocity",
            Kind::Mqtt => "mqtt",
        };
        let name = self.config.client_id.as_deref().unwrap_or_default();
        format!("{kind} {} {name}", self.config.url)
    }
}
