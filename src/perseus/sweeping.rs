//! What nobody needs any more goes: codes, revoked access tokens, and permissions long after their end (PER §4.1).

use jiff::{SignedDuration, Timestamp};

use super::ledger;
use super::room::Perseus;
use crate::store::RowError;

/// Rows looked at in one change.
const AT_A_TIME: usize = 64;

impl Perseus {
    /// Forgets what is over, as far as the clock is believed.
    pub(super) async fn sweep(&self) {
        let Ok(now) = self.now() else { return };
        let mut after: Option<Vec<u8>> = None;
        loop {
            let from = after.take();
            let swept = self
                .store
                .write_bulk(move |page| ledger::sweep_codes_on(page, from.as_deref(), now, AT_A_TIME));
            match swept.await {
                Ok(Some(last)) => after = Some(last),
                Ok(None) => break,
                Err(error) => return tracing::debug!(%error, "codes were not swept; it is tried again"),
            }
        }
        if let Err(error) = self.forget_permissions(now).await {
            tracing::debug!(error, "permissions were not swept; it is tried again");
        }
    }

    async fn forget_permissions(&self, now: Timestamp) -> Result<(), String> {
        let rows = ledger::all(&self.store).map_err(|error| error.to_string())?;
        for row in rows.into_iter().filter(|row| is_forgotten(row.ended(), now)) {
            let written = self.store.write_bulk(move |page| {
                ledger::forget_on(page, &row)?;
                Ok::<(), RowError>(())
            });
            written.await.map_err(|error| error.to_string())?;
        }
        Ok(())
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
