//! The book: every row and every event of the house, and the only folder that imports sled.
//!
//! Rooms change it through [`Store::write`], read it through [`Ledger`]s, and hear of changes
//! through [`Store::bell`] and the journal ([`Store::tail`], [`Store::subscribe`]).
//!
//! One writer thread, the *pen*, appends changes to the *log*, syncs, and lays their rows over the
//! *table* (sled, which is never a source), where the *settler* carries them about once a second.
//! The log's segments are the journal that readers follow, each in its *lane* with its *cursor*. A
//! third thread, the *keeper*, makes snapshots of sealed segments and takes away what nobody needs. A
//! fourth, the *sealer*, moves months of readings that are over to *side files*.
//! Opening surveys everything, and mends it by salvage when it is damaged.
//!
//! | folder | what |
//! |---|---|
//! | `open` | what runs before the first row is read: survey, salvage, recovery, threads |
//! | `write` | the queue, the pen, what a change is to it |
//! | `log` | frames, records, segments; appending and thinning |
//! | `read` | lanes and cursors |
//! | `table` | sled, and the rows that lie over it |
//! | `keep` | snapshots, generations, the clock, runs, what lies beside the book |
//! | `backup` | archives, restoring, sealing with age |
//! | `readings` | half-hours: rows of days, files of months |
#![doc = ""]
#![doc = include_str!("README.md")]

mod backup;
mod census;
mod error;
pub mod files;
mod health;
mod keep;
mod ledger;
mod log;
mod meter_rows;
pub mod meters;
mod open;
mod options;
mod page;
#[doc(hidden)]
pub mod probe;
mod read;
pub mod readings;
pub mod schema;
pub mod spaces;
mod stats;
mod table;
mod write;

pub use age::secrecy::SecretString;
pub use backup::archive::{ArchiveError, Member, MemberKind};
pub use backup::encryption::{Seal, SealError, Unseal, is_recipient};
pub use backup::restore::{RestoreError, RestoreReport, restore, restore_dry_run, restore_on};
pub use backup::{BackupError, BackupReport, Extra, Privacy};
pub use error::{FileError, OpenError, ReadError, RowError, Unwritten, WriteError};
pub use health::Health;
pub use keep::beside::{NEW_AUTHORITIES, Place, settle_restore};
pub use keep::clock::{Clock, ClockState, SystemClock, Time, is_possible};
pub use keep::clock_fixes::Dated;
pub use ledger::{Ledger, ROW_LIMIT};
pub use open::loss::{Loss, LossKind, SalvageReport};
pub use open::verify::{VerifyReport, verify};
pub use options::Options;
pub use page::{BULK_ROWS, GROUP_LIMIT, Page};
pub use read::backlog::Backlog;
pub use read::lanes::{Delivery, Gap, SubscribeError, Subscription, Tail};
pub use stats::Stats;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{oneshot, watch};

use crate::domain::{ChangeId, Epoch, Event, Lane, Seq};
use files::RealDisk;
use open::start::{Running, Shared};
use write::change::Asked;
use write::queue::{NotTaken, Rank};

/// The one row that [`Store::probe`] writes.
const PROBE: Ledger<Seq> = Ledger::new(schema::PROBE);

/// One change as readers of the journal see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its place in the log.
    pub seq: Seq,
    /// When it was written, by the clock as it stood then.
    pub at: Timestamp,
    /// How far that clock could be believed.
    pub clock: ClockState,
    /// What happened in it, in order.
    pub events: Vec<Event>,
}

/// A handle on the book; clones share it.
///
/// When the last one is dropped without [`Store::close`], the book stops at once and the next
/// start takes it for a stop that was not in order.
#[derive(Clone)]
pub struct Store {
    running: Arc<Running>,
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
        if let Err(not_taken) = self.shared().queue.push(Box::new(Asked::new(change, asker)), rank) {
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

    /// 16 random bytes in hex, new when a book is made or restored.
    #[must_use]
    pub fn life(&self) -> &str {
        &self.shared().life
    }

    /// 16 random bytes in hex, new each time the book is opened.
    #[must_use]
    pub fn run(&self) -> &str {
        self.shared().runs.name()
    }

    /// The oldest sequence number that is still in the journal. Of older changes, and of events that
    /// thinning took away, readers are told with a [`Gap`].
    #[must_use]
    pub fn oldest(&self) -> Seq {
        self.shared().shelf.first()
    }

    /// Follows the journal from just after `after`, remembering nothing across restarts.
    #[must_use]
    pub fn tail(&self, after: Seq) -> Tail {
        Tail::new(self, after)
    }

    /// Follows one lane of the journal as `reader`, from where that reader's cursor stands, or
    /// from now when it has none. A name holds no zero byte.
    pub fn subscribe(&self, reader: &str, lane: Lane) -> Result<Subscription, SubscribeError> {
        let now = *self.bell().borrow();
        Subscription::new(self, reader, lane, now)
    }

    /// As [`Store::subscribe`], but from the oldest entry of the journal when the reader has no cursor.
    ///
    /// For a reader that must miss nothing. A new cursor is on disk only with the next group, and its reader begins
    /// some time after the doors: what people changed until then would be lost to a reader that begins now.
    pub fn subscribe_from_oldest(&self, reader: &str, lane: Lane) -> Result<Subscription, SubscribeError> {
        let before = Seq(self.oldest().0.saturating_sub(1));
        Subscription::new(self, reader, lane, before)
    }

    /// Up to where a reader has acknowledged one lane; `None` when it does not read it.
    #[must_use]
    pub fn acknowledged(&self, reader: &str, lane: Lane) -> Option<Seq> {
        self.shared().cursors.of(&read::cursors::CursorKey::new(reader, lane))
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
        self.shared().shelf.newest()
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

    /// Reads what is not written to any more, sealed segments, snapshots and side files, and says what of it is
    /// damaged. Blocks while it reads; for the whole book see [`verify()`].
    pub fn verify_live(&self) -> Result<VerifyReport, ReadError> {
        let shared = self.shared();
        open::verify::verify_running(&shared.keeper, &shared.readings(), *shared.bell.borrow())
    }

    /// Moves months of readings that are over to side files now; else that is looked for about once a minute.
    pub async fn seal_readings(&self) -> Result<readings::Sealed, readings::SealingError> {
        let sealer = Arc::clone(&self.shared().sealer);
        let sealed = tokio::task::spawn_blocking(move || sealer.round()).await;
        sealed.expect("sealing does not panic")
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

    fn shared(&self) -> &Shared {
        self.running.shared()
    }
}
