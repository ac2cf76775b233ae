//! Archives that people asked for: made one at a time, beside whatever else the box does, and kept for an hour (PRIV §1.2).

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::archive::{Archive, Progress};
use super::contents;
use super::rows::AskedBy;
use crate::accounts::{Holder, Subject, TakeError, random_id};
use crate::store::Store;

/// How long one may be fetched.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// How an archive stands.
#[derive(Clone, Debug)]
pub(super) enum Stand {
    /// It is being made, or waits for another that is.
    Making(Arc<Progress>),
    /// It can be fetched.
    Ready(Ready),
    /// It could not be made; whoever runs the box was told why.
    Failed,
}

/// An archive that can be fetched.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    /// It has no name: it goes when nobody holds it.
    pub(super) file: Arc<File>,
    pub(super) bytes: u64,
    pub(super) made: Timestamp,
    /// Of this archive and no other.
    pub(super) tag: String,
}

/// How an archive stands, for whoever asks.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ArchiveShown {
    /// None was asked for, or it was there for long enough.
    None,
    /// It is being made: steps that are done, and all of them; none while it waits for another.
    Making { done: u32, of: u32 },
    /// It can be fetched.
    Ready { bytes: u64, until: Timestamp },
    /// It could not be made; the log says why.
    Failed,
}

impl ArchiveShown {
    pub(super) fn of(stand: Option<&Stand>) -> ArchiveShown {
        match stand {
            None => ArchiveShown::None,
            Some(Stand::Failed) => ArchiveShown::Failed,
            Some(Stand::Making(progress)) => ArchiveShown::Making {
                done: progress.done.load(Ordering::Relaxed),
                of: progress.of.load(Ordering::Relaxed),
            },
            Some(Stand::Ready(ready)) => ArchiveShown::Ready {
                bytes: ready.bytes,
                until: ready.made.saturating_add(KEPT).unwrap_or(ready.made),
            },
        }
    }
}

/// An archive that is to be made.
pub(super) struct Wanted {
    by: AskedBy,
    progress: Arc<Progress>,
    stop: CancellationToken,
}

struct Job {
    /// Whose: another may have the name later.
    created: Timestamp,
    stand: Stand,
    stop: CancellationToken,
}

type Jobs = HashMap<(AskedBy, String), Job>;

/// The archives of everybody, one a person and asker.
pub(super) struct Archives {
    store: Store,
    folder: PathBuf,
    holders: Vec<Arc<dyn Holder>>,
    /// By who asked, and whose they are: what whoever runs the box asks for is not put before a person's session.
    jobs: Mutex<Jobs>,
    one: Semaphore,
}

impl Archives {
    pub(super) fn new(store: Store, folder: PathBuf, holders: Vec<Arc<dyn Holder>>) -> Archives {
        Archives {
            store,
            folder,
            holders,
            jobs: Mutex::default(),
            one: Semaphore::new(1),
        }
    }

    /// Notes that one is wanted, in the place of what was there; [`Archives::make`] makes it.
    pub(super) fn want(&self, of: &Subject, by: AskedBy) -> Wanted {
        self.stop_of(by, &of.name);
        let (progress, stop) = (Arc::<Progress>::default(), CancellationToken::new());
        let job = Job {
            created: of.created,
            stand: Stand::Making(Arc::clone(&progress)),
            stop: stop.clone(),
        };
        self.jobs().insert((by, of.name.clone()), job);
        Wanted { by, progress, stop }
    }

    /// Makes one that is wanted.
    pub(super) async fn make(self: Arc<Self>, of: Subject, wanted: Wanted) {
        let Wanted { by, progress, stop } = wanted;
        let Ok(_turn) = self.one.acquire().await else { return };
        let (archives, name) = (Arc::clone(&self), of.name.clone());
        let given = (Arc::clone(&progress), stop.clone());
        let made = tokio::task::spawn_blocking(move || archives.write(&of, given)).await;
        let stand = match made {
            Ok(Ok(ready)) => Stand::Ready(ready),
            Ok(Err(TakeError::Stopped)) => return,
            Ok(Err(error)) => {
                tracing::error!(%error, "what the box holds of somebody could not be put together");
                Stand::Failed
            }
            Err(error) => {
                tracing::error!(%error, "what the box holds of somebody could not be put together");
                Stand::Failed
            }
        };
        let mut jobs = self.jobs();
        // Meanwhile another may have been wanted, or none.
        let still = jobs
            .get_mut(&(by, name))
            .filter(|job| matches!(&job.stand, Stand::Making(known) if Arc::ptr_eq(known, &progress)));
        if let Some(job) = still {
            job.stand = stand;
        }
    }

    fn write(&self, of: &Subject, given: (Arc<Progress>, CancellationToken)) -> Result<Ready, TakeError> {
        // A book that takes nothing needs the room that is left.
        if self.store.health().borrow().disk_full {
            return Err(TakeError::Io(std::io::ErrorKind::StorageFull.into()));
        }
        let mut steps = 1;
        for holder in &self.holders {
            steps += holder.steps(of)?;
        }
        given.0.of.store(steps, Ordering::Relaxed);
        let mut archive = Archive::begin(&self.folder, of.now, given)?;
        contents::write(of, &mut archive)?;
        for holder in &self.holders {
            holder.take(of, &mut archive)?;
        }
        let (file, bytes) = archive.finish()?;
        Ok(Ready {
            file: Arc::new(file),
            bytes,
            made: self.store.now(),
            tag: random_id(),
        })
    }

    /// How somebody's stands; `None`: none is wanted, or it was there for long enough.
    pub(super) fn stand(&self, of: &Subject, by: AskedBy) -> Option<Stand> {
        let (mut jobs, key) = (self.jobs(), (by, of.name.clone()));
        let job = jobs.get(&key)?;
        let is_over = matches!(&job.stand, Stand::Ready(ready) if of.now.duration_since(ready.made) > KEPT);
        if is_over || job.created != of.created {
            jobs.remove(&key);
            return None;
        }
        Some(job.stand.clone())
    }

    /// Stops what is being made of somebody for whoever asked, and lets go of what was.
    pub(super) fn stop_of(&self, by: AskedBy, name: &str) {
        if let Some(job) = self.jobs().remove(&(by, name.to_owned())) {
            job.stop.cancel();
        }
    }

    /// The same, whoever asked.
    pub(super) fn forget(&self, name: &str) {
        self.stop_of(AskedBy::Person, name);
        self.stop_of(AskedBy::Operator, name);
    }

    /// Lets go of what was there for long enough, or is of nobody who is still known, asked for or not.
    pub(super) fn sweep(&self, now: Timestamp, is_known: impl Fn(&str, Timestamp) -> bool) {
        self.jobs().retain(|(_, name), job| {
            let is_over = matches!(&job.stand, Stand::Ready(ready) if now.duration_since(ready.made) > KEPT);
            !is_over && is_known(name, job.created)
        });
    }

    /// Stops whatever is being made.
    pub(super) fn stop(&self) {
        for (_, job) in self.jobs().drain() {
            job.stop.cancel();
        }
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
