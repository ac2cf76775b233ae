//! History (OCC §5.4): every change, and summaries by minute and hour, written down by a reader of
//! the journal that may lag and never loses anything; deleted with its space, and when it is too old.

mod gather;
mod read;
mod rows;
mod slot;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

pub use read::{Point, SpanTooLongError, Step, Stretch};

use crate::domain::units::Span;
use crate::domain::{Event, Lane, Occupancy, SpaceId};
use crate::occupancy::corrections::CORRECTIONS;
use crate::store::spaces::Spaces;
use crate::store::{Delivery, FollowError, Ledger, Store, Subscription};
use gather::{Gathered, portions};
use rows::{CHANGES, Counted, DAY_MS, From, HALF_HOUR_MS, HOUR_MS, HOURS, MINUTES};

/// The name of the reader in the journal.
pub const READER: &str = "occupancy-history";
/// How long it waits for more to write together: the rows of a space are written once for all its changes.
const GATHER: Duration = Duration::from_millis(50);
/// Rows deleted together.
const DELETED: usize = 100;
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// The history of all spaces.
#[derive(Clone)]
pub struct History {
    store: Store,
    spaces: Spaces,
    retention: Span,
}

impl History {
    /// The history in this book, kept for `retention` (`"0s"`: for ever).
    #[must_use]
    pub fn new(store: Store, retention: Span) -> History {
        History {
            spaces: Spaces::new(store.clone()),
            store,
            retention,
        }
    }

    /// From when on something may be known: what is older was deleted.
    #[must_use]
    pub fn begins(&self) -> Timestamp {
        let keep = SignedDuration::try_from(self.retention.0).unwrap_or(SignedDuration::MAX);
        let begins = self.store.now().checked_sub(keep);
        match self.retention.is_zero() {
            true => Timestamp::UNIX_EPOCH,
            false => begins.unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }

    /// Writes history down until it is told to stop.
    pub async fn run(self, stop: CancellationToken) -> Result<(), FollowError> {
        let mut counts = self.store.subscribe_from_oldest(READER, Lane::Measurement)?;
        let mut ends = self.store.subscribe_from_oldest(READER, Lane::Event)?;
        let mut sweeps = tokio::time::interval(SWEEP_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                first = counts.next() => self.record(first?, &mut counts).await?,
                end = ends.next() => self.bury(&end?, &mut ends).await?,
                _ = sweeps.tick() => self.sweep().await?,
            }
        }
    }

    /// Writes what came and what follows at once, then acknowledges it.
    async fn record(&self, first: Delivery, counts: &mut Subscription) -> Result<(), FollowError> {
        let mut gathered = Gathered::default();
        gathered.add(&first);
        let end = tokio::time::sleep(GATHER);
        tokio::pin!(end);
        while !gathered.is_enough() {
            tokio::select! {
                biased;
                delivery = counts.next() => gathered.add(&delivery?),
                () = &mut end => break,
            }
        }
        for portion in portions(&gathered.take_changes()) {
            let portion = portion.to_vec();
            self.store
                .write_patiently(move |page| {
                    for changes in portion.chunk_by(|one, next| one.space == next.space) {
                        // A change may be read after its space's end was: lanes keep order only within themselves.
                        if crate::store::spaces::exists_on(page, changes[0].space)? {
                            rows::record_on(page, changes, From::Journal)?;
                        }
                    }
                    Ok(())
                })
                .await?;
        }
        counts.ack_all(gathered.seqs);
        Ok(())
    }

    /// Takes over counts of a space that were recorded somewhere else: from when on, and what the count then was,
    /// oldest first.
    pub async fn import(&self, space: SpaceId, counts: &[(Timestamp, Occupancy)]) -> Result<(), FollowError> {
        let mut before = 0;
        let mut changes = Vec::new();
        for (at, after) in counts {
            let by = i64::from(after.current) - before;
            before = i64::from(after.current);
            changes.extend(Counted::imported(space, *at, by, *after));
        }
        for portion in portions(&changes) {
            let portion = portion.to_vec();
            self.store
                .write_patiently(move |page| rows::record_on(page, &portion, From::Elsewhere))
                .await?;
        }
        Ok(())
    }

    /// Takes away the history of a space that is gone.
    async fn bury(&self, end: &Delivery, ends: &mut Subscription) -> Result<(), FollowError> {
        if let Delivery::Entry(entry) = end {
            for event in &entry.events {
                match event {
                    Event::SpaceRemoved { space, .. } => self.delete(*space).await?,
                    Event::SpaceCreated { .. }
                    | Event::SpaceChanged { .. }
                    | Event::ReadingsRecorded { .. }
                    | Event::Meter { .. }
                    | Event::PeerJoined { .. }
                    | Event::PeerLeft { .. }
                    | Event::Operation { .. }
                    | Event::Alarm { .. }
                    | Event::SpaceLevel { .. }
                    | Event::SelfTest { .. } => {}
                }
            }
        }
        ends.ack(end.seq());
        Ok(())
    }

    async fn delete(&self, space: SpaceId) -> Result<(), FollowError> {
        self.delete_rows(MINUTES, space, u64::MAX).await?;
        self.delete_rows(HOURS, space, u64::MAX).await?;
        self.delete_rows(CHANGES, space, u64::MAX).await?;
        self.delete_rows(CORRECTIONS, space, u64::MAX).await
    }

    /// Deletes a space's rows of stretches before `end`.
    async fn delete_rows<T>(&self, ledger: Ledger<T>, space: SpaceId, end: u64) -> Result<(), FollowError>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + 'static,
    {
        loop {
            let rows = ledger.scan(&self.store, space.as_bytes(), None, DELETED)?;
            let old: Vec<Vec<u8>> = rows
                .into_iter()
                .map(|(key, _)| key)
                .take_while(|key| rows::stretch_of(key).is_none_or(|stretch| stretch < end))
                .collect();
            if old.is_empty() {
                return Ok(());
            }
            self.store
                .write_patiently(move |page| {
                    old.iter().for_each(|key| ledger.delete_on(page, key));
                    Ok(())
                })
                .await?;
        }
    }

    /// Deletes what is older than the retention, space by space.
    async fn sweep(&self) -> Result<(), FollowError> {
        if self.retention.is_zero() || !self.store.time().is_settled() {
            return Ok(());
        }
        let keep = SignedDuration::try_from(self.retention.0).unwrap_or(SignedDuration::MAX);
        let Ok(oldest) = self.store.now().checked_sub(keep) else {
            return Ok(());
        };
        let oldest = u64::try_from(oldest.as_millisecond()).unwrap_or(0);
        let mut after = None;
        loop {
            let spaces = self.spaces.list(after, DELETED)?;
            let Some(last) = spaces.last() else { return Ok(()) };
            after = Some(last.id);
            for space in &spaces {
                self.delete_rows(MINUTES, space.id, oldest / HALF_HOUR_MS).await?;
                self.delete_rows(HOURS, space.id, oldest / DAY_MS).await?;
                self.delete_rows(CHANGES, space.id, oldest / HOUR_MS).await?;
                self.delete_rows(CORRECTIONS, space.id, oldest / HOUR_MS).await?;
            }
            tokio::task::yield_now().await;
        }
    }
}
