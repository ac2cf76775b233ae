//! The survey: reads a whole generation without changing it, and says what is damaged.
//!
//! Opening, `verify` and salvage all begin here, so that they agree (BOOK P8, P15).

use jiff::Timestamp;

use crate::domain::Seq;
use crate::store::files::{self, Disk};
use crate::store::keep::beside;
use crate::store::keep::generation::{BookNote, CleanMark, FORMAT, Generation};
use crate::store::keep::note::{self, Note};
use crate::store::keep::snapshot;
use crate::store::log::segment::{self, Header, Walk};
use crate::store::open::found::{FoundSegment, FoundSnapshot, TornTail};
use crate::store::open::loss::{Loss, LossKind};
use crate::store::open::retention;
use crate::store::readings::{MonthFiles, Standing};
use crate::store::{FileError, OpenError};

/// What lies on disk.
pub(in crate::store) struct Survey {
    pub(in crate::store) generation: Generation,
    pub(in crate::store) book: Option<BookNote>,
    /// Oldest first.
    pub(in crate::store) snapshots: Vec<FoundSnapshot>,
    /// Oldest first.
    pub(in crate::store) segments: Vec<FoundSegment>,
    pub(in crate::store) losses: Vec<Loss>,
    pub(in crate::store) torn: Vec<TornTail>,
    /// The first change that the log must have.
    needed: Seq,
    pub(in crate::store) month_files: MonthFiles,
    /// The newest readable change.
    pub(in crate::store) last: Seq,
    /// The newest change that is known to have been there.
    pub(in crate::store) attested: Seq,
}

impl Survey {
    /// Reads everything in `generation`. `clean` is the mark of an orderly stop, if there is one.
    pub(in crate::store) fn take(
        disk: &dyn Disk,
        generation: Generation,
        clean: Option<CleanMark>,
    ) -> Result<Survey, OpenError> {
        let book = match note::read::<BookNote>(disk, &generation.note())? {
            Note::Whole(book) if book.format > FORMAT => {
                return Err(OpenError::Newer {
                    found: book.format,
                    known: FORMAT,
                    way_back: beside::way_back(disk, &generation),
                });
            }
            Note::Whole(book) => Some(book),
            Note::Absent | Note::Damaged => None,
        };
        let mut survey = Survey {
            snapshots: snapshots(disk, &generation)?,
            segments: segments(disk, &generation)?,
            generation,
            book,
            losses: Vec::new(),
            torn: Vec::new(),
            needed: Seq(1),
            month_files: MonthFiles::default(),
            last: Seq::ZERO,
            attested: Seq::ZERO,
        };
        survey.attest(clean);
        survey.find_torn_tails(disk)?;
        let rows = retention::own_rows(disk, &survey.snapshots, &survey.segments)?;
        survey.needed = retention::first_needed(survey.begins(), &survey.snapshots, &rows);
        survey.month_files = MonthFiles::look(disk, &survey.generation.month_files(), &Standing::of(&rows))?;
        survey.judge();
        Ok(survey)
    }

    /// The newest snapshot that is whole.
    pub(in crate::store) fn base(&self) -> Option<&FoundSnapshot> {
        self.snapshots.iter().rev().find(|snapshot| snapshot.whole())
    }

    /// The first sequence the log had when this generation was made.
    pub(in crate::store) fn begins(&self) -> Seq {
        self.book.as_ref().map_or(Seq(1), |book| book.begins)
    }

    /// The newest stamp that a trusted clock gave.
    pub(in crate::store) fn trusted(&self) -> Option<Timestamp> {
        let log = self.segments.iter().filter_map(|found| found.walk.trusted).max();
        let rows = self.snapshots.iter().filter_map(|found| found.check.header?.trusted);
        rows.max().max(log)
    }

    fn attest(&mut self, clean: Option<CleanMark>) {
        let marked = clean
            .filter(|mark| mark.generation == self.generation.number)
            .map_or(Seq::ZERO, |mark| mark.seq);
        // A snapshot is made of synced segments only, so its sequence was durable.
        let rows = self.snapshots.last().map_or(Seq::ZERO, |snapshot| snapshot.seq);
        let log = self.segments.iter().map(|found| found.walk.durable).max();
        // A segment is created after everything before it was synced.
        let opened = self.segments.last().map_or(Seq::ZERO, |last| Seq(last.first.0 - 1));
        self.attested = marked.max(rows).max(opened).max(log.unwrap_or_default());
    }

    /// A bad place in the last segment that nothing calls durable is the torn tail: it and what
    /// follows were never acknowledged. While the last segment is new, the seal of the one before
    /// it may be torn too.
    fn find_torn_tails(&mut self, disk: &dyn Disk) -> Result<(), FileError> {
        let attested = self.attested;
        let mut from_end = self.segments.iter_mut().rev();
        let (Some(last), before) = (from_end.next(), from_end.next()) else {
            return Ok(());
        };
        let creating = before.as_ref().is_some_and(|before| before.walk.seal.is_none());
        if last.header.is_none() && last.walk.records == 0 && creating && attested < last.first {
            self.torn.push(TornTail {
                path: last.path.clone(),
                keep: None,
            });
            self.segments.pop();
            return Ok(());
        }
        if let Some(tear) = last.walk.holes.iter().find(|hole| hole.from > attested) {
            let at = tear.at;
            self.torn.push(last.cut_at(disk, at)?);
        }
        if last.walk.records == 0
            && let Some(before) = before
            && let Some(tear) = before.walk.holes.last()
            && tear.to.is_none()
            && tear.from == last.first
        {
            let at = tear.at;
            self.torn.push(before.cut_at(disk, at)?);
        }
        Ok(())
    }

    fn judge(&mut self) {
        let mut losses = Vec::new();
        if self.book.is_none() {
            losses.push(Loss::of(LossKind::BookNote, &self.generation.note()));
        }
        self.judge_snapshots(&mut losses);
        self.judge_segments(&mut losses);
        let base = self.base().map_or(Seq::ZERO, |base| base.seq);
        for loss in &mut losses {
            loss.settle(base);
        }
        losses.extend(self.month_files.losses());
        self.losses = losses;
    }

    fn judge_snapshots(&self, losses: &mut Vec<Loss>) {
        let rows_stand = self.base().is_some() || self.segments.first().is_some_and(|first| first.first == Seq(1));
        for snapshot in self.snapshots.iter().filter(|snapshot| !snapshot.whole()) {
            for lost in &snapshot.check.damaged {
                losses.push(Loss::keys(&snapshot.path, snapshot.seq, lost, !rows_stand));
            }
        }
        // Segments go only when two snapshots are past them, so a short log has two beside it.
        let first = self.segments.first().map_or(self.begins(), |found| found.first);
        let wanted = if first > self.begins() {
            2
        } else {
            usize::from(self.begins() > Seq(1))
        };
        if self.snapshots.len() < wanted {
            let mut loss = Loss::of(LossKind::SnapshotMissing, &self.generation.snapshots());
            loss.rows = !rows_stand;
            losses.push(loss);
        }
    }

    fn judge_segments(&mut self, losses: &mut Vec<Loss>) {
        let base = self.base().map(|base| base.seq);
        let mut expected = self.needed;
        if let Some(first) = self.segments.first() {
            expected = expected.min(first.first);
        }
        let mut sealed_before = None;
        let count = self.segments.len();
        for (place, found) in self.segments.iter().enumerate() {
            if found.first > expected {
                losses.push(Loss::segment(&found.path, expected, Seq(found.first.0 - 1)));
            }
            if found.header.is_none() {
                losses.push(Loss::of(LossKind::SegmentHeader, &found.path));
            }
            let next = self.segments.get(place + 1).map(|next| next.first);
            let known_end = next.map_or(self.attested.max(found.walk.last), |next| Seq(next.0 - 1));
            for hole in &found.walk.holes {
                losses.push(Loss::records(&found.path, hole, known_end));
            }
            // What a whole segment leaves open before the next one was cut off its end.
            if next.is_some() && found.walk.last < known_end && found.walk.holes.iter().all(|hole| hole.to.is_some()) {
                losses.push(Loss::tail(&found.path, &found.walk, known_end));
            }
            expected = expected.max(known_end.next());
            sealed_before = found.walk.seal.filter(|_| place + 1 == count);
            self.last = self.last.max(found.walk.last);
        }
        if count == 0 {
            let from = base.map_or(self.begins(), Seq::next);
            let log = self.generation.log();
            losses.push(Loss::segment(&log, from, self.attested.max(Seq(from.0 - 1))));
        } else if let Some(next) = sealed_before {
            let missing = self.generation.log().join(segment::name(next));
            losses.push(Loss::open_end(&missing, next));
        } else if let Some(found) = self.segments.last()
            && found.walk.last < self.attested
            && found.walk.holes.iter().all(|hole| hole.to.is_some())
        {
            losses.push(Loss::tail(&found.path, &found.walk, self.attested));
        }
        self.last = self.last.max(base.unwrap_or_default());
        self.attested = self.attested.max(self.last);
    }
}

fn snapshots(disk: &dyn Disk, generation: &Generation) -> Result<Vec<FoundSnapshot>, FileError> {
    let dir = generation.snapshots();
    let mut found = Vec::new();
    for one in files::list(disk, &dir)? {
        if let Some(seq) = snapshot::parse_name(&one.name) {
            let path = dir.join(&one.name);
            let mut check = snapshot::check(disk, &path)?;
            if check.header.is_some_and(|header| header.seq != seq) {
                check.damaged.push(snapshot::LostKeys {
                    after: None,
                    before: None,
                });
            }
            found.push(FoundSnapshot { seq, path, check });
        }
    }
    found.sort_by_key(|snapshot| snapshot.seq);
    Ok(found)
}

fn segments(disk: &dyn Disk, generation: &Generation) -> Result<Vec<FoundSegment>, FileError> {
    let dir = generation.log();
    let mut names: Vec<(Seq, String)> = files::list(disk, &dir)?
        .into_iter()
        .filter_map(|one| Some((segment::parse_name(&one.name)?, one.name)))
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|(first, name)| {
            let path = dir.join(name);
            let bytes = files::read_path(disk, &path)?.unwrap_or_default();
            let mut found = FoundSegment {
                first,
                path,
                header: Header::decode(&bytes).filter(|header| header.first == first),
                walk: Walk::default(),
            };
            found.walk = segment::walk(&bytes, &found.effective_header(), |_, _| ());
            Ok(found)
        })
        .collect()
}
