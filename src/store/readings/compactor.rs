//! The compactor: moves months that are over from rows to month files, on a thread of its own (BOOK P17).
//!
//! The file is whole and durable before a change names it; only then do rows go that say what it says. They go in
//! changes of a few rows each, because a month of many meters is more than the pen takes at once; nobody sees a
//! difference in between (`lookup.rs`). A reading that comes later is a row again, and once a day such rows are merged
//! into a new file. A file that no row names any more is removed when no backup takes hold of files. Nothing is done
//! while the clock is not trusted (BOOK P16).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

use super::block::Days;
use super::day::Day;
use super::lookup::{Lookup, cover, decode};
use super::month_file::{self, MonthFile, MonthFileError, NAMED, Named, Writer};
use super::series::{Month, Series, start_of};
use crate::store::files;
use crate::store::health::Health;
use crate::store::keep::call::Call;
use crate::store::keep::keeper::Keeper;
use crate::store::write::change::Submission;
use crate::store::write::queue::{Queue, Rank};
use crate::store::write::reserve::reserve;
use crate::store::{FileError, Page, ReadError, RowError, WriteError};

/// A month is left alone for so long after its end: most of what is late comes by then, and costs no new file.
const GRACE_DAYS: u32 = 3;

/// Late readings gather for so long before they are merged into a new file.
const GATHER: SignedDuration = SignedDuration::from_hours(24);

/// Rows that one change takes away, or leaves smaller.
pub(super) const ROWS: usize = 24;

/// Changes that wait for the pen at once, which makes a group of them.
const AT_ONCE: usize = 5;

/// About what a day of a register takes on disk.
const DAY_BYTES: u64 = 512;

/// What a round of sealing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Months that got a month file, their first or a new one.
    pub months: u32,
    /// Rows that went.
    pub rows: u64,
    /// Month files that no row named any more.
    pub removed: u32,
}

/// Sealing stopped before its end; the next round goes on.
#[derive(Debug, thiserror::Error)]
pub enum CompactionError {
    /// A file could not be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Rows could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A change was not made.
    #[error("rows were not taken away: {0}")]
    Write(#[from] WriteError<RowError>),
    /// A month file is damaged; starting again salvages it.
    #[error("{} is damaged", .0.display())]
    Damaged(PathBuf),
    /// The book is being closed.
    #[error("the book is being closed")]
    Stopped,
}

impl From<MonthFileError> for CompactionError {
    fn from(error: MonthFileError) -> CompactionError {
        match error {
            MonthFileError::File(error) => error.into(),
            MonthFileError::Damaged(path) => CompactionError::Damaged(path),
        }
    }
}

/// Moves months to month files.
pub(in crate::store) struct Compactor {
    pub(super) lookup: Lookup,
    pub(super) keeper: Arc<Keeper>,
    queue: Arc<Queue>,
    call: Call,
    /// Held during a round.
    pub(super) only: Mutex<()>,
}

impl Compactor {
    pub(in crate::store) fn new(lookup: Lookup, keeper: Arc<Keeper>, queue: Arc<Queue>, call: Call) -> Compactor {
        Compactor {
            lookup,
            keeper,
            queue,
            call,
            only: Mutex::new(()),
        }
    }

    /// Looks about once a minute, until it is to stop.
    pub(in crate::store) fn run(&self) {
        while self.call.wait() {
            match self.round() {
                Ok(_) => {}
                Err(CompactionError::Stopped | CompactionError::Write(WriteError::Closed)) => return,
                Err(error @ CompactionError::Damaged(_)) => {
                    Health::fail(&self.keeper.health, error.to_string());
                    return;
                }
                Err(error) => tracing::warn!("months of readings stay rows for now: {error}"),
            }
        }
    }

    /// Seals and merges what is due. Blocks while it works.
    pub(in crate::store) fn round(&self) -> Result<Sealed, CompactionError> {
        let _only_one = self.only.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sealed = Sealed::default();
        // A change whose sync failed may stand in the log all the same, and name a file that nobody sees named.
        if self.keeper.health.borrow().failed.is_some() {
            return Err(CompactionError::Stopped);
        }
        let (now, trusted) = self.keeper.read_clock();
        if !trusted || self.keeper.health.borrow().disk_full {
            return Ok(sealed);
        }
        sealed.removed += self.remove_leftovers()?;
        for month in self.months_with_rows(now)? {
            if let Some((_, file)) = self.lookup.file(month).map_err(damage)? {
                // What a stop left undone, or what says nothing new.
                sealed.rows += self.take_rows(month, &file)?;
            }
            if self.is_due(month, now)? {
                let file = self.seal(month, now, |_, _| ())?;
                sealed.months += 1;
                sealed.rows += self.take_rows(month, &file)?;
                sealed.removed += self.remove_leftovers()?;
            }
        }
        Ok(sealed)
    }

    /// Months that are over and have rows, oldest first.
    fn months_with_rows(&self, now: Timestamp) -> Result<BTreeSet<Month>, CompactionError> {
        let is_over = |month: &Month| {
            let settled = start_of(month.end().saturating_add(GRACE_DAYS));
            settled.is_some_and(|settled| settled <= now)
        };
        let (mut months, mut after) = (BTreeSet::new(), None);
        while let Some((series, day)) = self.lookup.next_series(after.as_ref())? {
            self.go_on()?;
            let (prefix, mut next) = (series.prefix(), Some(day));
            while let Some(month) = next.and_then(Month::of).filter(is_over) {
                months.insert(month);
                let row = self.lookup.first_row(&prefix, &series.key(month.end()))?;
                next = row.map(|(_, day)| day);
            }
            after = Some(series);
        }
        Ok(months)
    }

    /// Whether `month`, which is over, is to get a file now.
    fn is_due(&self, month: Month, now: Timestamp) -> Result<bool, CompactionError> {
        let gathered = |named: Named| now.duration_since(named.made) >= GATHER;
        Ok(self.lookup.named(month)?.is_none_or(gathered) && !self.series_with_rows(month)?.is_empty())
    }

    fn series_with_rows(&self, month: Month) -> Result<BTreeSet<Series>, CompactionError> {
        let (mut found, mut after) = (BTreeSet::new(), None);
        while let Some((series, _)) = self.lookup.next_series(after.as_ref())? {
            self.go_on()?;
            let row = self.lookup.first_row(&series.prefix(), &series.key(month.days().0))?;
            if row.is_some_and(|(_, day)| day < month.end()) {
                found.insert(series.clone());
            }
            after = Some(series);
        }
        Ok(found)
    }

    /// Makes a file of the rows of `month` and of the file before it, each series as `change` leaves it, and names it.
    pub(super) fn seal(
        &self,
        month: Month,
        now: Timestamp,
        change: impl Fn(&Series, &mut Days),
    ) -> Result<MonthFile, CompactionError> {
        let old = self.lookup.file(month).map_err(damage)?;
        let mut all = self.series_with_rows(month)?;
        all.extend(old.iter().flat_map(|(_, file)| file.series().cloned()));
        self.see_room(all.len() as u64)?;
        let version = old.as_ref().map_or(1, |(named, _)| named.version + 1);
        let mut writer = Writer::begin(&*self.lookup.disk, &self.lookup.dir, month, version)?;
        for series in all {
            self.go_on()?;
            let mut days = match &old {
                Some((_, file)) => file.days(&series)?,
                None => Days::new(),
            };
            cover(&mut days, self.lookup.days_in_rows(&series, month)?);
            change(&series, &mut days);
            if !days.is_empty() {
                writer.add(series, days)?;
            }
        }
        let path = writer.finish()?;
        let named = Named { version, made: now };
        self.wait(move |page| NAMED.put_on(page, &month_file::key(month), &named))?;
        tracing::debug!(%month, version, "a month of readings was sealed");
        MonthFile::open(&*self.lookup.disk, &path, month)?.ok_or(CompactionError::Damaged(path))
    }

    /// A new file may not bring the disk near its reserve.
    fn see_room(&self, series: u64) -> Result<(), CompactionError> {
        let (disk, dir) = (&self.lookup.disk, &self.lookup.dir);
        let rows = self.keeper.snapshot_bytes.load(Ordering::Relaxed);
        let wanted = reserve(self.keeper.bounds.segment_bytes, rows) + 2 * series * 31 * DAY_BYTES;
        let room = disk
            .room(dir)
            .map_err(|source| FileError::new("cannot ask for room", dir, source))?;
        if room < wanted {
            let full = std::io::ErrorKind::StorageFull.into();
            return Err(FileError::new("no room beyond the reserve for a month file", dir, full).into());
        }
        Ok(())
    }

    /// Takes away what rows of `month` say just as the file that counts does.
    pub(super) fn take_rows(&self, month: Month, file: &MonthFile) -> Result<u64, CompactionError> {
        let (mut taken, mut waiting) = (0, Vec::new());
        for series in self.series_with_rows(month)? {
            self.go_on()?;
            let mut in_file = file.days(&series)?;
            for day in self.lookup.days_in_rows(&series, month)?.into_keys() {
                waiting.extend(in_file.remove(&day).map(|said| (series.clone(), day, said)));
            }
            if waiting.len() >= ROWS * AT_ONCE {
                taken += self.forget(&std::mem::take(&mut waiting))?;
            }
        }
        Ok(taken + self.forget(&waiting)?)
    }

    /// Takes out of rows what is said of them; the pen writes several changes at once.
    fn forget(&self, said: &[(Series, u32, Day)]) -> Result<u64, CompactionError> {
        let ask = |some: &[(Series, u32, Day)]| {
            let some = some.to_vec();
            self.ask(|page| forget_on(page, some))
        };
        let mut taken = 0;
        for group in said.chunks(ROWS * AT_ONCE) {
            let asked: Vec<_> = group.chunks(ROWS).map(ask).collect::<Result<_, _>>()?;
            for answer in asked {
                taken += wait_for(answer)?;
            }
        }
        Ok(taken)
    }

    /// Removes month files that no row names: those that a newer one took the place of, and those that were made and
    /// then not named. What is visible in rows is durable, so no power cut asks for them again.
    pub(super) fn remove_leftovers(&self) -> Result<u32, CompactionError> {
        let (disk, dir) = (&*self.lookup.disk, &self.lookup.dir);
        let _held = self.keeper.hold_files();
        let mut removed = 0;
        for found in files::list(disk, dir)? {
            let Some((month, version)) = month_file::parse_name(&found.name) else {
                continue;
            };
            if self.lookup.named(month)?.is_none_or(|named| named.version != version) {
                remove(disk, &dir.join(&found.name))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Has the pen make a change, as bulk work.
    fn ask<R: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Page) -> Result<R, RowError> + Send + 'static,
    ) -> Result<Answer<R>, CompactionError> {
        let (asker, answer) = oneshot::channel();
        let taken = self.queue.push(Box::new(Submission::new(change, asker)), Rank::Bulk);
        taken.map_err(|not_taken| CompactionError::Write(not_taken.into()))?;
        Ok(answer)
    }

    /// Has the pen make a change, and waits for it.
    pub(super) fn wait(
        &self,
        change: impl FnOnce(&mut Page) -> Result<(), RowError> + Send + 'static,
    ) -> Result<(), CompactionError> {
        wait_for(self.ask(change)?)
    }

    pub(super) fn go_on(&self) -> Result<(), CompactionError> {
        if self.call.is_stopped() {
            return Err(CompactionError::Stopped);
        }
        Ok(())
    }
}

type Answer<R> = oneshot::Receiver<Result<R, WriteError<RowError>>>;

fn wait_for<R>(answer: Answer<R>) -> Result<R, CompactionError> {
    // The pen stopped with this in its hands: it answers nobody, and the process ends.
    Ok(answer.blocking_recv().map_err(|_| CompactionError::Stopped)??)
}

/// Takes out of each row what its month file says just so; counts the rows of which nothing is left.
fn forget_on(page: &mut Page, said: Vec<(Series, u32, Day)>) -> Result<u64, RowError> {
    let mut gone = 0;
    for (series, day, said) in said {
        let key = series.key(day);
        let Some(row) = page.get(&key)? else { continue };
        let before = decode(&series, &row)?;
        let mut left = before.clone();
        left.forget(&said);
        if left.is_empty() {
            page.delete(&key);
            gone += 1;
        } else if left != before {
            page.put(key, &left.encode())?;
        }
    }
    Ok(gone)
}

fn remove(disk: &dyn files::Disk, path: &Path) -> Result<(), FileError> {
    disk.remove(path)
        .map_err(|source| FileError::new("cannot remove", path, source))?;
    files::sync_parent(disk, path)
}

/// Damage that a reader would be told of is the compactor's to end the process by.
pub(super) fn damage(error: ReadError) -> CompactionError {
    match error {
        ReadError::MonthFile(path) => CompactionError::Damaged(path),
        other => CompactionError::Read(other),
    }
}
