//! What it does by itself: archives that were asked for, erasures that were begun, what stayed until its time was over.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::room::PersonalData;
use super::rows;

/// How often an erasure is tried again that something held up.
const AGAIN: Duration = Duration::from_secs(60);
/// How often it is looked what stayed for a time that is over.
const LET_GO: Duration = Duration::from_secs(24 * 3_600);

impl PersonalData {
    /// Makes archives that are wanted, and carries out erasures, until it is to stop.
    ///
    /// # Errors
    ///
    /// When the book cannot be read or written at the beginning.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> anyhow::Result<()> {
        self.settle().await?;
        let mut ordered = self.ordered.lock().await;
        let mut making = JoinSet::new();
        let (mut again, mut let_go) = (tokio::time::interval(AGAIN), tokio::time::interval(LET_GO));
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                order = ordered.recv() => if let Some((subject, wanted)) = order {
                    making.spawn(Arc::clone(&self.archives).make(subject, wanted));
                },
                Some(_) = making.join_next() => {}
                () = self.wake.notified() => self.carry_out_until(&stop).await,
                _ = again.tick() => {
                    self.archives.sweep(self.store.now());
                    self.carry_out_until(&stop).await;
                }
                _ = let_go.tick() => self.let_go().await,
            }
        }
        self.archives.stop();
        while making.join_next().await.is_some() {}
        Ok(())
    }

    async fn carry_out_until(&self, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            _ = self.carry_out() => {}
        }
    }

    /// Lets go of what stayed of erased stretches until its time was over.
    async fn let_go(&self) {
        let spans = match rows::erased(&self.store) {
            Ok(spans) => spans,
            Err(error) => return tracing::error!(%error, "erasures cannot be read"),
        };
        for holder in self.holders.iter().filter(|_| !spans.is_empty()) {
            if let Err(error) = holder.let_go(&spans).await {
                tracing::warn!(
                    error,
                    "what stayed of somebody who was erased was not let go; it is tried again tomorrow"
                );
            }
        }
    }
}
