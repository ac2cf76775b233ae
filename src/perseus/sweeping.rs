//! What nobody needs any more goes: codes, revoked access tokens, and permissions long after their end (PER §4.1).

use jiff::{SignedDuration, Timestamp};

use super::ledger;
use super::room::Perseus;
use crate::store::{Page, RowError};

/// Rows looked at in one change.
const AT_A_TIME: usize = 64;

impl Perseus {
    /// Forgets what is over, as far as the clock is believed.
    pub(super) async fn sweep(&self) {
        let Ok(now) = self.now() else { return };
        if let Err(error) = self.sweep_at(now).await {
            tracing::debug!(error, "what is over was not swept away; it is tried again");
        }
    }

    async fn sweep_at(&self, now: Timestamp) -> Result<(), String> {
        self.walk(move |page, after| ledger::sweep_codes_on(page, after, now, AT_A_TIME))
            .await?;
        while !self.kept.is_zero() && self.forget_records(now).await? {}
        if self.forget_permissions(now).await? > 0 {
            self.walk(|page, after| ledger::sweep_refresh_tokens_on(page, after, AT_A_TIME))
                .await?;
        }
        Ok(())
    }

    /// Takes a step after the other through a ledger, each a change of its own, so that nobody waits long.
    async fn walk(
        &self,
        step: impl Fn(&mut Page, Option<&[u8]>) -> Result<Option<Vec<u8>>, RowError> + Copy + Send + 'static,
    ) -> Result<(), String> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let stepped = self.store.write_bulk(move |page| step(page, after.as_deref())).await;
            after = stepped.map_err(|error| error.to_string())?;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Forgets what stands behind old records; whether there may be more.
    async fn forget_records(&self, now: Timestamp) -> Result<bool, String> {
        let before = now.saturating_sub(self.kept).unwrap_or(Timestamp::MIN);
        // Each has up to eight rows, and a change of bulk work has 128.
        let forgotten = self
            .store
            .write_bulk(move |page| ledger::forget_records_on(page, before, AT_A_TIME / 8));
        forgotten.await.map_err(|error| error.to_string())
    }

    /// How many permissions were forgotten.
    async fn forget_permissions(&self, now: Timestamp) -> Result<usize, String> {
        let mut forgotten = 0;
        let rows = ledger::all(&self.store).map_err(|error| error.to_string())?;
        for row in rows.into_iter().filter(|row| is_forgotten(row.ended(), now)) {
            let written = self.store.write_bulk(move |page| {
                ledger::forget_on(page, &row)?;
                Ok::<(), RowError>(())
            });
            written.await.map_err(|error| error.to_string())?;
            forgotten += 1;
        }
        Ok(forgotten)
    }
}

/// Evidence stays two years after the end.
fn is_forgotten(ended: Timestamp, now: Timestamp) -> bool {
    const KEPT: SignedDuration = SignedDuration::from_hours(24 * 731);
    now.duration_since(ended) > KEPT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_stays_two_years() {
        let ended: Timestamp = "2026-01-10T09:00:00Z".parse().unwrap();
        for (now, forgotten) in [
            ("2026-01-11T00:00:00Z", false),
            ("2028-01-10T09:00:00Z", false),
            ("2028-01-12T09:00:00Z", true),
        ] {
            assert_eq!(is_forgotten(ended, now.parse().unwrap()), forgotten, "{now}");
        }
    }
}
