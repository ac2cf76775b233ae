//! Writing for those who may lag: readers of the journal that keep rows of their own.

use std::time::Duration;

use tokio::time::sleep;

use crate::store::{Page, RowError, Store, WriteError};

/// The first pause, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(5));

impl Store {
    /// As [`Store::write_bulk`], and waits while the book is busy or the disk is full. Never ready once the book closes:
    /// what was not acknowledged comes again at the next start.
    pub async fn write_patiently<R: Send + 'static>(
        &self,
        change: impl Fn(&mut Page) -> Result<R, RowError> + Clone + Send + 'static,
    ) -> Result<R, WriteError<RowError>> {
        let (mut pause, longest) = PAUSES;
        loop {
            match self.write_bulk(change.clone()).await {
                Ok(done) => return Ok(done),
                Err(WriteError::Busy | WriteError::DiskFull) => sleep(pause).await,
                Err(WriteError::Closed) => std::future::pending().await,
                Err(error @ (WriteError::Refused(_) | WriteError::Panicked)) => return Err(error),
            }
            pause = (pause * 2).min(longest);
        }
    }
}
