//! The handle that everybody has on the book.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{oneshot, watch};

use super::backup::encryption::Seal;
use super::backup::{BackupError, BackupReport, Extra};
use super::error::{OpenError, ReadError, RowError, WriteError};
use super::health::Health;
use super::keep::clock::{ClockState, Time};
use super::ledger::{Ledger, Rows};
use super::open::loss::SalvageReport;
use super::open::running::{OpenBook, Running};
use super::open::verify::{self, VerifyReport};
use super::options::Options;
use super::page::Page;
use super::read::cursors::CursorKey;
use super::read::lanes::{SubscribeError, Subscription, Tail};
use super::stats::{self, Stats};
use super::write::change::Submission;
use super::write::queue::{NotTaken, Rank};
use super::{backup, readings, schema};
use crate::domain::{ChangeId, Epoch, Lane, Seq};

/// The one row that [`Store::probe`] writes.
const PROBE: Ledger<Seq> = Ledger::new(schema::PROBE);

/// A handle on the book; clones share it.
///
/// When the last one is dropped without [`Store::close`], the book stops at once and the next
/// start takes it for a stop that was not in order.
#[derive(Clone)]
pub struct Store {
    pub(super) running: Arc<Running>,
}

impl Store {
    /// Opens the book, creating it when there is none. Blocks while it reads, at most a few seconds.
    ///
    /// A damaged book is mended on the way; [`Store::salvage`] then says what was lost.
    pub fn open(options: Options) -> Result<Store, OpenError> {
        Ok(Store {
            running: Arc::new(Running::start(options)?),
        })
    }

    /// Changes the book: the closure sees rows as they stand, and all it writes and records is
    /// on disk when this returns `Ok`, or none of it happened.
    ///
    /// It runs alone, on the pen's thread: keep it short, no I/O, no clock (bring `now` along).
    /// When the future is dropped before it is ready, the change is made all the same. When the
    /// book fails while it is being written, this never returns: whether it is on disk is not
    /// known, and [`Store::health`] has the process end.
    pub async fn write<R, E>(
        &self,
        change: impl FnOnce(&mut Page) -> Result<R, E> + Send + 'static,
    ) -> Result<R, WriteError<E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        self.ask(change, Rank::People).await
    }

    /// As [`Store::write`], for work that nobody waits for: people come first. One change may
    /// write at most 128 rows.
    pub async fn write_bulk<R, E>(
        &self,
        change: impl FnOnce(&mut Page) -> Result<R, E> + Send + 'static,
    ) -> Result<R, WriteError<E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        self.ask(change, Rank::Bulk).await
    }

    async fn ask<F, R, E>(&self, change: F, rank: Rank) -> Result<R, WriteError<E>>
    where
        F: FnOnce(&mut Page) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: Send + 'static,
    {
        let (asker, answer) = oneshot::channel();
        if let Err(not_taken) = self.shared().queue.push(Box::new(Submission::new(change, asker)), rank) {
            if not_taken == NotTaken::Full {
                stats::Counters::add(&self.shared().counters.busy, 1);
            }
            return Err(not_taken.into());
        }
        match answer.await {
            Ok(answer) => answer,
            // The pen stopped with this in its hands (BOOK P4): nobody is answered.
            Err(_) => std::future::pending().await,
        }
    }

    /// The newest sequence number that readers may see; changes when something was written.
    #[must_use]
    pub fn bell(&self) -> watch::Receiver<Seq> {
        self.shared().bell.clone()
    }

    /// The epoch of the book itself: new after a restore, and after a salvage that lost something.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        Epoch(self.shared().epoch)
    }

    /// The id by which a change is known outside: `<epoch>.<seq>`, with the epoch of the run that wrote it, so that a
    /// copied or rolled-back book never gives the same id to something else. Ids of changes stay as they are.
    #[must_use]
    pub fn id_of(&self, seq: Seq) -> ChangeId {
        ChangeId {
            epoch: self.shared().runs.epoch_of(seq),
            seq,
        }
    }

    /// The change that an id names, if it is one of this book: not of another one, and not of what a book did that
    /// went on from the same copy.
    #[must_use]
    pub fn seq_of(&self, id: ChangeId) -> Option<Seq> {
        (self.shared().runs.epoch_of(id.seq) == id.epoch).then_some(id.seq)
    }

    /// The id of the book's life: 16 random bytes in hex, new when it is made or restored.
    #[must_use]
    pub fn life_id(&self) -> &str {
        &self.shared().life
    }

    /// The id of this run: 16 random bytes in hex, new each time the book is opened.
    #[must_use]
    pub fn run_id(&self) -> &str {
        self.shared().runs.name()
    }

    /// The oldest sequence number that is still in the journal. Of older changes, and of events that
    /// thinning took away, readers are told with a [`Gap`](super::Gap).
    #[must_use]
    pub fn oldest(&self) -> Seq {
        self.shared().segments.first()
    }

    /// Follows the journal from just after `after`, remembering nothing across restarts.
    #[must_use]
    pub fn tail(&self, after: Seq) -> Tail {
        Tail::new(&self.running, after)
    }

    /// Follows one lane of the journal as `reader`, from where that reader's cursor stands, or
    /// from now when it has none. A name holds no zero byte.
    pub fn subscribe(&self, reader: &str, lane: Lane) -> Result<Subscription, SubscribeError> {
        let now = *self.bell().borrow();
        Subscription::new(&self.running, reader, lane, now)
    }

    /// As [`Store::subscribe`], but from the oldest entry of the journal when the reader has no cursor.
    ///
    /// For a reader that must miss nothing. A new cursor is on disk only with the next group, and its reader begins
    /// some time after the doors: what people changed until then would be lost to a reader that begins now.
    pub fn subscribe_from_oldest(&self, reader: &str, lane: Lane) -> Result<Subscription, SubscribeError> {
        let before = Seq(self.oldest().0.saturating_sub(1));
        Subscription::new(&self.running, reader, lane, before)
    }

    /// Up to where a reader has acknowledged one lane; `None` when it does not read it.
    #[must_use]
    pub fn acknowledged(&self, reader: &str, lane: Lane) -> Option<Seq> {
        self.shared().cursors.of(&CursorKey::new(reader, lane))
    }

    /// Forgets the cursors of a reader that is closed, so that nothing is kept for it.
    pub fn retire(&self, reader: &str) {
        self.shared().cursors.retire(reader);
        self.shared().queue.poke();
    }

    /// Whether the clock may be trusted enough to let things expire (BOOK P16).
    #[must_use]
    pub fn clock_is_trusted(&self) -> bool {
        self.shared().keeper.read_clock().1
    }

    /// The time that the box goes by, and whether anything may expire by it.
    #[must_use]
    pub fn time(&self) -> Time {
        let keeper = &self.shared().keeper;
        let mut trust = keeper.trust.lock().expect("nothing panics under the lock");
        trust.time(&*keeper.clock)
    }

    /// Now, by the time that the box goes by: what rooms date their rows with.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.time().now
    }

    /// When the newest change was written; `None` in an empty book.
    #[must_use]
    pub fn newest_stamp(&self) -> Option<Timestamp> {
        self.shared().segments.newest()
    }

    /// Writes a row of the book's own and waits until it is on disk: what a health check asks for.
    pub async fn probe(&self) -> Result<(), WriteError<RowError>> {
        self.write(|page| {
            let seq = page.seq();
            PROBE.put_on(page, &[], &seq)
        })
        .await
    }

    /// How the book is; when it says failed, the process must end with 1.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.shared().health.clone()
    }

    /// What was lost when the book was last mended, if it ever was.
    #[must_use]
    pub fn salvage(&self) -> Option<&SalvageReport> {
        self.shared().salvage.as_ref()
    }

    /// How far the clock is believed.
    #[must_use]
    pub fn clock(&self) -> ClockState {
        self.shared().clock_state()
    }

    /// Makes a backup at `to`, which only its owner may read, while the book goes on: a file that is
    /// whole or not there. Blocks while it is written.
    pub fn backup(&self, to: &Path, extra: &[Extra], seal: &Seal) -> Result<BackupReport, BackupError> {
        backup::backup(&self.shared().keeper, to, extra, seal)
    }

    /// Reads what is not written to any more, sealed segments, snapshots and month files, and says what of it is
    /// damaged. Blocks while it reads; for the whole book see [`verify`](super::verify()).
    pub fn verify_live(&self) -> Result<VerifyReport, ReadError> {
        let shared = self.shared();
        verify::verify_running(&shared.keeper, &shared.readings(), *shared.bell.borrow())
    }

    /// Moves months of readings that are over to month files now; else that is looked for about once a minute.
    pub async fn seal_readings(&self) -> Result<readings::Sealed, readings::CompactionError> {
        let compactor = Arc::clone(&self.shared().compactor);
        let sealed = tokio::task::spawn_blocking(move || compactor.round()).await;
        sealed.expect("sealing does not panic")
    }

    /// Ends the newest segment of the log and has a snapshot made of all that is sealed, however little that is. After two
    /// of these nothing that was deleted before stands in any snapshot, and in no segment that no reader needs
    /// (BOOK P18).
    ///
    /// # Errors
    ///
    /// When the book takes no change.
    pub async fn shed(&self) -> Result<(), WriteError<RowError>> {
        let shared = self.shared();
        shared.keeper.shedding.store(true, Ordering::Relaxed);
        shared.segments.turn();
        self.probe().await
    }

    /// Bytes of the book on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.shared().bytes()
    }

    /// Counters for metrics.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared().stats()
    }

    /// Writes what is queued and notes that the book was closed in order. Nothing can be read or
    /// written afterwards, by any handle.
    pub async fn close(&self) {
        self.running.close().await;
    }

    pub(super) fn shared(&self) -> &OpenBook {
        self.running.shared()
    }
}

/// Rows read at a time by [`Ledger::all`], which holds the table no longer than that.
const AT_ONCE: usize = 256;

/// Rows as everybody reads them; threads of the book's own read them in its table.
impl<T: Serialize + DeserializeOwned> Ledger<T> {
    /// The row under `key`, as it stands on disk.
    pub fn get(&self, store: &Store, key: &[u8]) -> Result<Option<T>, ReadError> {
        self.get_in(&store.shared().table, key)
    }

    /// Up to `limit` rows whose keys begin with `prefix` and come after `after`, in key order.
    pub fn scan(&self, store: &Store, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Rows<T>, ReadError> {
        self.scan_in(&store.shared().table, prefix, after, limit)
    }

    /// Every row, in key order: for ledgers that are short.
    pub fn all(&self, store: &Store) -> Result<Rows<T>, ReadError> {
        let (mut found, mut after) = (Rows::new(), None::<Vec<u8>>);
        loop {
            let rows = self.scan(store, &[], after.as_deref(), AT_ONCE)?;
            let Some((last, _)) = rows.last() else { return Ok(found) };
            after = Some(last.clone());
            found.extend(rows);
        }
    }
}
