//! What it does by itself: archives that were asked for, erasures that were begun, what stayed until its time was over.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::room::PersonalData;
use super::rows;

/// How often an erasure is tried again that something held up.
const AGAIN: Duration = Duration::from_secs(60);
/// How often it is looked what stayed for a time that is over.
const LET_GO: Duration = Duration::from_secs(24 * 3_600);

/// For so long after an erasure the log sheds daily what was deleted: two snapshots are kept, and both are to be later.
const SHED_FOR: SignedDuration = SignedDuration::from_hours(3 * 24);

impl PersonalData {
    /// Makes archives that are wanted, and carries out erasures, until it is to stop.
    ///
    /// # Errors
    ///
    /// Never: what does not work is tried again.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> anyhow::Result<()> {
        let mut ordered = self.ordered.lock().await;
        let (mut making, mut erasing) = (JoinSet::new(), JoinSet::new());
        let (mut again, mut let_go) = (tokio::time::interval(AGAIN), tokio::time::interval(LET_GO));
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                order = ordered.recv() => if let Some((subject, wanted)) = order {
                    making.spawn(Arc::clone(&self.archives).make(subject, wanted));
                },
                Some(_) = making.join_next() => {}
                Some(_) = erasing.join_next() => {}
                () = self.wake.notified(), if erasing.is_empty() => self.begin(&mut erasing, &stop),
                _ = again.tick() => {
                    self.sweep();
                    if erasing.is_empty() {
                        self.begin(&mut erasing, &stop);
                    }
                }
                _ = let_go.tick() => self.let_go().await,
            }
        }
        self.archives.stop();
        while making.join_next().await.is_some() {}
        while erasing.join_next().await.is_some() {}
        Ok(())
    }

    fn sweep(&self) {
        // A book that cannot be read makes nobody unknown.
        let is_known = |name: &str, created| {
            let person = self.accounts.person(name);
            person.map_or(true, |person| person.is_some_and(|person| person.created == created))
        };
        self.archives.sweep(self.store.now(), is_known);
    }

    /// Carries out what was begun, beside the archives that people wait for, one walk at a time: who comes meanwhile has rung,
    /// and that is heard when it ends.
    fn begin(self: &Arc<Self>, erasing: &mut JoinSet<()>, stop: &CancellationToken) {
        let (this, stop) = (Arc::clone(self), stop.clone());
        erasing.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = this.carry_out() => {}
            }
        });
    }

    /// Lets go of what stayed of erased stretches until its time was over, and has the log and its snapshots shed what was
    /// deleted: on some days after an erasure, and once a week in any case, or a quiet box would keep it for years.
    async fn let_go(&self) {
        let now = self.store.now();
        let lately = |row: rows::ErasureRow| row.ended.is_some_and(|ended| now.duration_since(ended) < SHED_FOR);
        let erased = rows::all(&self.store).is_ok_and(|rows| rows.into_iter().any(lately));
        let sunday = now.to_zoned(jiff::tz::TimeZone::UTC).weekday() == jiff::civil::Weekday::Sunday;
        if (erased || sunday)
            && let Err(error) = self.store.shed().await
        {
            tracing::warn!(%error, "the log of the book was not turned; it is tried again tomorrow");
        }
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
