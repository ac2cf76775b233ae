//! Opening: find the book, survey it, mend it if it is damaged, cut the torn tail, fill the table.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::Seq;
use crate::store::files::{self, Disk};
use crate::store::health::Health;
use crate::store::keep::beside;
use crate::store::keep::clock::{ClockState, Trust};
use crate::store::keep::generation::{self, BookNote, CleanMark, FORMAT, Generation};
use crate::store::keep::note::{self, Note};
use crate::store::keep::runs::Runs;
use crate::store::keep::snapshot::{self, Overlay};
use crate::store::log::appender::Log;
use crate::store::log::replay;
use crate::store::log::segment::HEADER;
use crate::store::log::segments::{Segment, Segments};
use crate::store::log::spare_file;
use crate::store::open::found::TornTail;
use crate::store::open::salvage;
use crate::store::open::survey::Survey;
use crate::store::options::Options;
use crate::store::read::cursors::Cursors;
use crate::store::table::Table;
use crate::store::{FileError, OpenError, ReadError, SalvageReport};

/// Room that a table takes at most while it is made anew, and then some.
const TABLE_ROOM: u64 = 16 << 20;

/// A book that is ready to be written in.
pub(in crate::store) struct Opened {
    pub(in crate::store) generation: Generation,
    pub(in crate::store) epoch: u32,
    pub(in crate::store) life: String,
    pub(in crate::store) runs: Runs,
    pub(in crate::store) segments: Arc<Segments>,
    pub(in crate::store) table: Arc<Table>,
    pub(in crate::store) cursors: Cursors,
    pub(in crate::store) trusted: Option<Timestamp>,
    pub(in crate::store) salvage: Option<SalvageReport>,
    /// Oldest first, with the bytes of the newest.
    pub(in crate::store) snapshots: (Vec<Seq>, u64),
    pub(in crate::store) last: Seq,
}

/// Opens the book, whose lock is held, in one of four ways: it is made when there is none; after an orderly stop its mark
/// says that the table is whole; after a kill there is no mark, and the table is filled anew from snapshot and log, which
/// is no damage; and what is damaged is salvaged first, and looked at once more.
pub(in crate::store) fn open(options: &Options, health: &watch::Sender<Health>) -> Result<Opened, OpenError> {
    let (disk, book) = (&*options.disk, options.dir.as_path());
    let newest = generation::find(disk, book)?.pop();
    generation::sweep(disk, book, newest.as_ref())?;
    if let Some(beside) = &options.beside {
        let epoch = beside::epoch_of(disk, newest.as_ref())?;
        // `serve` has done that before it read the configuration; commands come here first.
        beside::settle(disk, beside, newest.as_ref(), epoch)?;
    }
    let clock = believed(options);
    let seconds = clock.and_then(|clock| u32::try_from(clock.as_second()).ok());
    let newest = newest.map_or_else(|| create(disk, book, seconds), Ok)?;
    let clean = match note::read::<CleanMark>(disk, &generation::clean_mark(book))? {
        Note::Whole(mark) => Some(mark),
        Note::Absent | Note::Damaged => None,
    };
    let mut survey = Survey::take(disk, newest, clean)?;
    let mut clean = clean.filter(|mark| mark.generation == survey.generation.number && mark.seq == survey.last);
    if !survey.losses.is_empty() {
        let mended = salvage::mend(disk, book, &survey, (options.clock.now(), seconds))?;
        survey = Survey::take(disk, mended, None)?;
        clean = None;
        if let Some(loss) = survey.losses.first() {
            return Err(FileError::not_as_written(&loss.path).into());
        }
    }
    // From here on the table is touched, so the mark no longer says the truth about it.
    remove_mark(disk, book)?;
    cut(disk, &survey)?;
    // Killed on a full disk before the keeper gave the spare file's room back: the table needs it more.
    let log = survey.generation.log();
    if disk.room(&log).is_ok_and(|room| room < TABLE_ROOM) {
        spare_file::release(disk, &log);
    }
    let table = match clean.and_then(|mark| Table::reopen(&generation::table(book), mark.seq, health)) {
        Some(table) => table,
        None => fill(disk, book, &survey, health).map_err(OpenError::Table)?,
    };
    let epoch = survey.book.as_ref().map_or(1, |book| book.epoch);
    let micros = clock.and_then(|clock| u64::try_from(clock.as_microsecond()).ok());
    let runs = Runs::begin(&table, epoch.into(), survey.last, micros).map_err(OpenError::Table)?;
    let life = life(disk, &survey)?;
    let cursors = Cursors::load(&table).map_err(OpenError::Table)?;
    let bytes = survey.snapshots.last().map_or(0, |newest| newest.check.bytes);
    Ok(Opened {
        segments: Arc::new(segments(disk, &survey, options.latest)?),
        table: Arc::new(table),
        cursors,
        trusted: survey.trusted(),
        snapshots: (survey.snapshots.iter().map(|found| found.seq).collect(), bytes),
        last: survey.last,
        epoch,
        life,
        runs,
        salvage: survey.book.and_then(|book| book.salvage),
        generation: survey.generation,
    })
}

/// The life of the book; one of an earlier version gets its own now.
fn life(disk: &dyn Disk, survey: &Survey) -> Result<String, FileError> {
    match &survey.book {
        Some(BookNote { life: Some(life), .. }) => Ok(life.clone()),
        None => Ok(generation::new_life()),
        Some(book) => {
            let life = generation::new_life();
            let note = BookNote {
                life: Some(life.clone()),
                ..book.clone()
            };
            note::write(disk, &survey.generation.note(), &note)?;
            Ok(life)
        }
    }
}

/// The first generation, with one empty segment.
fn create(disk: &dyn Disk, book: &Path, seconds: Option<u32>) -> Result<Generation, OpenError> {
    let epoch = seconds.unwrap_or(1);
    let unfinished = Generation::new(book, 1).unfinished();
    unfinished.make(disk)?;
    Log::create(disk, &unfinished.log(), epoch, Seq(1))?;
    let note = BookNote {
        format: FORMAT,
        epoch,
        life: Some(generation::new_life()),
        begins: Seq(1),
        aside: Vec::new(),
        restored: None,
        salvage: None,
    };
    note::write(disk, &unfinished.note(), &note)?;
    Ok(unfinished.finish(disk, book)?)
}

/// What the clock says, where it is believed.
fn believed(options: &Options) -> Option<Timestamp> {
    let (now, state) = Trust::new(None).state(&*options.clock);
    (state == ClockState::Trusted).then_some(now)
}

fn remove_mark(disk: &dyn Disk, book: &Path) -> Result<(), FileError> {
    let mark = generation::clean_mark(book);
    match disk.remove(&mark) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(FileError::new("cannot remove", &mark, error));
        }
        Ok(()) | Err(_) => {}
    }
    files::sync_parent(disk, &mark)
}

/// Cuts torn ends off and syncs the last segment and the seal of the one before: what a killed
/// process left in memory of the kernel is durable before anything of it is shown or built on.
fn cut(disk: &dyn Disk, survey: &Survey) -> Result<(), FileError> {
    for TornTail { path, keep } in &survey.torn {
        match keep {
            Some(keep) => {
                let file = disk
                    .open(path)
                    .map_err(|source| FileError::new("cannot open", path, source))?;
                file.set_len(*keep)
                    .and_then(|()| file.sync())
                    .map_err(|source| FileError::new("cannot cut the torn end off", path, source))?;
                tracing::info!(bytes = keep, path = %path.display(), "the torn end of the log was cut off");
            }
            None => {
                disk.remove(path)
                    .map_err(|source| FileError::new("cannot remove", path, source))?;
            }
        }
    }
    for found in survey.segments.iter().rev().take(2) {
        disk.open(&found.path)
            .and_then(|file| file.sync())
            .map_err(|source| FileError::new("cannot sync", &found.path, source))?;
    }
    // What a killed process created, renamed and removed is made durable too: else an old snapshot
    // could come back in a power cut after the segments it needs are gone.
    let generation = &survey.generation;
    // A book that was made before there were month files has no folder for them.
    let month_files = generation.month_files();
    disk.make_dir(&month_files)
        .map_err(|source| FileError::new("cannot create the folder", &month_files, source))?;
    for dir in [
        generation.log(),
        generation.snapshots(),
        month_files,
        generation.dir.clone(),
    ] {
        disk.sync_dir(&dir)
            .map_err(|source| FileError::new("cannot sync the folder", &dir, source))?;
    }
    files::sync_parent(disk, &generation.dir)
}

/// A new table with the rows of the newest snapshot and what the log says since.
fn fill(disk: &dyn Disk, book: &Path, survey: &Survey, health: &watch::Sender<Health>) -> Result<Table, ReadError> {
    let table = Table::anew(&generation::table(book), health)?;
    let base = survey.base();
    let after = base.map_or(Seq::ZERO, |base| base.seq);
    let mut rows = Overlay::new();
    for found in survey.segments.iter().filter(|found| found.walk.last > after) {
        replay::replay(
            disk,
            &found.path,
            &found.effective_header(),
            replay::after(after),
            &mut rows,
        )?;
    }
    let base = base.map(|base| snapshot::Rows::open(disk, &base.path)).transpose()?;
    let mut count = 0;
    snapshot::merge(base, rows, |key, row| {
        count += 1;
        table.fill(key, row)
    })?;
    tracing::info!(rows = count, "the table of rows was made anew");
    Ok(table)
}

/// The segments as readers and the pen use them; the last one is written on.
fn segments(disk: &dyn Disk, survey: &Survey, latest: usize) -> Result<Segments, FileError> {
    let mut segments = Vec::with_capacity(survey.segments.len());
    for (place, found) in survey.segments.iter().enumerate() {
        let file = disk
            .open(&found.path)
            .map_err(|source| FileError::new("cannot open", &found.path, source))?;
        let end = found.walk.end.max(HEADER) as u64;
        let segment = Segment::new(found.effective_header(), found.path.clone(), file, end, found.walk.last);
        segment.show(end, found.walk.last, found.walk.newest);
        if place + 1 < survey.segments.len() {
            segment.seal();
        }
        segments.push(Arc::new(segment));
    }
    Ok(Segments::new(segments, latest))
}
