//! Salvage: makes a new generation of what can be read of a damaged one, which is kept as it is.
//!
//! Whole segments get a second name in the new generation, damaged ones are written anew with gaps
//! where something is missing, so do month files, and all rows that can be had stand in one new snapshot.

use std::path::Path;

use jiff::Timestamp;

use crate::domain::{Epoch, Seq};
use crate::store::FileError;
use crate::store::files::{self, Disk};
use crate::store::keep::generation::{BookNote, FORMAT, Generation, PastLife};
use crate::store::keep::note;
use crate::store::keep::snapshot::{self, Overlay, Rows};
use crate::store::log::appender::Log;
use crate::store::log::replay;
use crate::store::log::segment::{self, Header, Thinning};
use crate::store::log::thinning;
use crate::store::open::found::FoundSegment;
use crate::store::open::loss::{Loss, SalvageReport};
use crate::store::open::survey::Survey;

/// Makes the generation after the one that `survey` found damaged.
pub(in crate::store) fn mend(
    disk: &dyn Disk,
    book: &Path,
    survey: &Survey,
    clock: (Timestamp, Option<u32>),
) -> Result<Generation, FileError> {
    let report = report(survey, clock);
    tracing::error!("{report}");
    let end = survey.attested;
    let generation = Generation::new(book, survey.generation.number + 1).unfinished();
    generation.make(disk)?;
    let begins = mend_log(disk, survey, &generation, end)?;
    Log::create(disk, &generation.log(), report.epoch.0, end.next())?;
    let (base, mut rows) = readable_rows(disk, survey)?;
    let rows_lost = survey.losses.iter().any(|loss| loss.rows);
    survey
        .month_files
        .mend(disk, &generation.month_files(), (clock.0, rows_lost), &mut rows)?;
    let header = snapshot::Header {
        epoch: report.epoch.0,
        seq: end,
        at: survey.segments.iter().filter_map(|found| found.walk.newest).max(),
        trusted: survey.trusted(),
    };
    snapshot::make(disk, &generation.snapshots(), &header, base, rows)?;
    let life = survey.book.as_ref().and_then(|book| book.life.clone());
    let mut aside = survey.book.as_ref().map(|book| book.aside.clone()).unwrap_or_default();
    let known = survey.book.as_ref().map_or(0, |book| book.epoch);
    if report.epoch.0 != known {
        // What was lost may have been anything.
        aside.push(PastLife {
            epoch: known,
            last: survey.attested,
            whole: false,
        });
    }
    let note = BookNote {
        aside,
        restored: survey.book.as_ref().and_then(|book| book.restored),
        life: Some(life.unwrap_or_else(crate::store::keep::generation::new_life)),
        format: FORMAT,
        epoch: report.epoch.0,
        begins,
        salvage: Some(report),
    };
    note::write(disk, &generation.note(), &note)?;
    generation.finish(disk, book)
}

/// What salvage of this survey says.
pub(in crate::store) fn report(survey: &Survey, (now, seconds): (Timestamp, Option<u32>)) -> SalvageReport {
    let known = survey.book.as_ref().map_or(0, |book| book.epoch);
    let written = survey
        .segments
        .iter()
        .filter_map(|found| Some(found.header?.epoch))
        .max();
    let known = known.max(written.unwrap_or(1));
    // Without the note it is not known whether this life of the book was the newest.
    let lost = survey.losses.iter().any(Loss::is_real) || survey.book.is_none();
    SalvageReport {
        at: now,
        damaged_copy: survey.generation.dir.clone(),
        epoch: Epoch(if lost {
            seconds.unwrap_or(0).max(known.saturating_add(1))
        } else {
            known
        }),
        readable_to: survey.last,
        losses: survey.losses.clone(),
    }
}

/// Fills the new log up to `end`; says where it begins.
fn mend_log(disk: &dyn Disk, survey: &Survey, generation: &Generation, end: Seq) -> Result<Seq, FileError> {
    let mut expected = survey.segments.first().map_or(end.next(), |found| found.first);
    let begins = expected;
    for (place, found) in survey.segments.iter().enumerate() {
        if found.first > expected {
            let header = Header {
                epoch: 0,
                first: expected,
                last: None,
                kept: Thinning::All,
            };
            let missing = thinning::mend(&header.encode(), &header, Seq(found.first.0 - 1));
            put(disk, &generation.log().join(segment::name(expected)), &missing)?;
        }
        let last = survey.segments.get(place + 1).map_or(end, |next| Seq(next.first.0 - 1));
        let path = generation.log().join(segment::name(found.first));
        let torn = survey.torn.iter().find(|torn| torn.path == found.path);
        if last < found.first {
            // An empty last segment: the new one takes its place.
        } else if is_whole(found, last) && torn.is_none() {
            disk.link(&found.path, &path)
                .map_err(|source| FileError::new("cannot link", &path, source))?;
        } else {
            let bytes = files::read_path(disk, &found.path)?.unwrap_or_default();
            let keep = torn
                .and_then(|torn| torn.keep)
                .map_or(bytes.len(), |keep| usize::try_from(keep).unwrap_or(bytes.len()));
            let mended = thinning::mend(&bytes[..keep.min(bytes.len())], &found.effective_header(), last);
            put(disk, &path, &mended)?;
        }
        expected = last.next();
    }
    Ok(begins)
}

fn is_whole(found: &FoundSegment, last: Seq) -> bool {
    found.header.is_some()
        && found.walk.holes.is_empty()
        && found.walk.last == last
        && found.walk.seal.is_none_or(|next| next == last.next())
}

fn put(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let file = disk
        .create(path)
        .map_err(|source| FileError::new("cannot create", path, source))?;
    files::write_all_at(&*file, bytes, 0).map_err(|source| FileError::new("cannot write", path, source))?;
    file.sync()
        .map_err(|source| FileError::new("cannot sync", path, source))
}

/// All rows that can be had: a whole snapshot and what the log says since, or, without one, what
/// can be read of each snapshot and of the log, in the order it was written.
pub(in crate::store) fn readable_rows(disk: &dyn Disk, survey: &Survey) -> Result<(Option<Rows>, Overlay), FileError> {
    let mut rows = Overlay::new();
    if let Some(base) = survey.base() {
        replay_after(disk, survey, base.seq, None, &mut rows)?;
        return Ok((Some(Rows::open(disk, &base.path)?), rows));
    }
    let mut reached = Seq::ZERO;
    for found in &survey.snapshots {
        replay_after(disk, survey, reached, Some(found.seq), &mut rows)?;
        let mut blocks = Rows::open(disk, &found.path)?;
        while let Some(block) = blocks.next_block()? {
            for (key, row) in snapshot::block_rows(&block).unwrap_or_default() {
                rows.insert(key.to_vec(), Some(row.to_vec()));
            }
        }
        reached = found.seq;
    }
    replay_after(disk, survey, reached, None, &mut rows)?;
    Ok((None, rows))
}

fn replay_after(
    disk: &dyn Disk,
    survey: &Survey,
    after: Seq,
    to: Option<Seq>,
    rows: &mut Overlay,
) -> Result<(), FileError> {
    let seqs = after.next()..=to.unwrap_or(Seq(u64::MAX));
    for found in &survey.segments {
        if found.walk.last > after && found.first <= *seqs.end() {
            replay::replay(disk, &found.path, &found.effective_header(), seqs.clone(), rows)?;
        }
    }
    Ok(())
}
