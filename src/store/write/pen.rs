//! The pen: the only writer.
//!
//! It takes what waits, runs each change on its own page over a shared draft, appends one record a
//! change, syncs once for the group, applies the draft to the table, rings the bell, answers. So
//! nothing is visible before it is on disk (BOOK P1), and a change sees what those before it wrote.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::Seq;
use crate::store::health::Health;
use crate::store::keep::call::Call;
use crate::store::keep::clock::{Clock, ClockState, Trust};
use crate::store::keep::clock_fixes::Eras;
use crate::store::keep::runs::Runs;
use crate::store::log::appender::{AppendError, Appended, Log};
use crate::store::log::record::Head;
use crate::store::page::{BULK_ROWS, GROUP_LIMIT};
use crate::store::read::cursors::Cursors;
use crate::store::stats::Counters;
use crate::store::table::Table;
use crate::store::table::settler::SettlerCall;
use crate::store::write::change::{Change, Ran, Verdict};
use crate::store::write::queue::{Queue, Wake};
use crate::store::write::reserve::Reserve;
use crate::store::{Entry, Page};

/// Bulk work and cursors go at least this often, however many people wait (BOOK P3, P10).
const BULK_EVERY: Duration = Duration::from_millis(100);

/// While the disk is full, cursors are written this often, out of the reserve: pruning needs them.
const CURSORS_WHEN_FULL: Duration = Duration::from_secs(5);

/// The most changes in one group; more would let the first wait for the last.
const GROUP_CHANGES: usize = 1024;

/// Everything the pen works with.
pub(in crate::store) struct Tools {
    pub(in crate::store) queue: Arc<Queue>,
    pub(in crate::store) log: Log,
    pub(in crate::store) table: Arc<Table>,
    pub(in crate::store) cursors: Arc<Cursors>,
    pub(in crate::store) runs: Arc<Runs>,
    pub(in crate::store) bell: watch::Sender<Seq>,
    pub(in crate::store) health: watch::Sender<Health>,
    pub(in crate::store) reserve: Reserve,
    pub(in crate::store) clock: Arc<dyn Clock>,
    pub(in crate::store) trust: Trust,
    pub(in crate::store) eras: Arc<Eras>,
    pub(in crate::store) counters: Arc<Counters>,
    pub(in crate::store) keeper: Call,
    pub(in crate::store) settler: SettlerCall,
}

/// The process cannot go on; why stands in the health.
struct Failed;

/// The writer, on its own thread.
pub(in crate::store) struct Pen {
    tools: Tools,
    page: Page,
    people: VecDeque<Box<dyn Change>>,
    group: Vec<Box<dyn Change>>,
    records: Vec<u8>,
    one: Vec<u8>,
    /// What the changes in `records` recorded.
    entries: Vec<Entry>,
    /// The newest change in `records`.
    last: Seq,
    now: (Timestamp, ClockState),
    /// When bulk work last went, or last had nothing to do.
    bulk_went: Instant,
    /// `None`: they are to be written at once.
    cursors_went: Option<Instant>,
    full: bool,
    /// Whether the row of this run stands in the book, or in the group.
    run_noted: bool,
}

impl Pen {
    pub(in crate::store) fn new(tools: Tools) -> Pen {
        Pen {
            page: Page::new(Arc::clone(&tools.table)),
            last: tools.log.last(),
            people: VecDeque::new(),
            group: Vec::new(),
            records: Vec::with_capacity(GROUP_LIMIT),
            one: Vec::new(),
            entries: Vec::new(),
            now: (Timestamp::UNIX_EPOCH, ClockState::Wrong),
            bulk_went: Instant::now(),
            cursors_went: None,
            full: false,
            run_noted: false,
            tools,
        }
    }

    /// Writes until the queue closes. Gives the newest change when everything queued was written,
    /// nothing when it was told to stop at once or cannot go on.
    pub(in crate::store) fn run(mut self) -> Option<Seq> {
        loop {
            let limit = self.next_look();
            match self.tools.queue.wait(&mut self.people, limit) {
                Wake::Abandon => return None,
                Wake::Close => {
                    self.cursors_went = None;
                    self.tools.cursors.mark_all();
                    return self.round().ok().map(|()| self.tools.log.last());
                }
                Wake::Work => self.round().ok()?,
            }
        }
    }

    /// How long it may sleep: cursors are to be written, a full disk is to be looked at.
    fn next_look(&self) -> Option<Duration> {
        let cursors = self.tools.cursors.dirty().then(|| self.until_cursors());
        let disk = self.full.then_some(Duration::from_millis(500));
        cursors.into_iter().chain(disk).min()
    }

    fn until_cursors(&self) -> Duration {
        let pause = if self.full { CURSORS_WHEN_FULL } else { BULK_EVERY };
        self.cursors_went
            .map_or(Duration::ZERO, |went| pause.saturating_sub(went.elapsed()))
    }

    fn round(&mut self) -> Result<(), Failed> {
        self.now = self.tools.trust.state(&*self.tools.clock);
        self.tools.eras.note(self.last.next(), self.now.0, Instant::now());
        self.look_at_disk();
        while self.group.len() < GROUP_CHANGES
            && let Some(change) = self.people.pop_front()
        {
            self.take(change, usize::MAX)?;
        }
        let (people, bulk) = self.tools.queue.who_waits();
        if !bulk {
            self.bulk_went = Instant::now();
        } else if !people && self.people.is_empty() || self.bulk_went.elapsed() >= BULK_EVERY {
            self.take_bulk()?;
        }
        self.take_cursors()?;
        self.commit().map(drop)
    }

    fn look_at_disk(&mut self) {
        let full = !self.tools.reserve.has_room_for(GROUP_LIMIT as u64);
        if full != self.full {
            self.full = full;
            Health::set_disk_full(&self.tools.health, full);
            self.tools.keeper.call();
        }
    }

    fn take_bulk(&mut self) -> Result<(), Failed> {
        let mut rows = 0;
        while rows < BULK_ROWS
            && let Some(change) = self.tools.queue.next_bulk()
        {
            rows += self.take(change, BULK_ROWS)?;
            self.bulk_went = Instant::now();
        }
        Ok(())
    }

    /// Runs one change; says how many rows it wrote, and at least one.
    fn take(&mut self, mut change: Box<dyn Change>, most_rows: usize) -> Result<usize, Failed> {
        self.page.turn(self.last.next(), most_rows);
        let ran = change.run(&mut self.page);
        let rows = self.page.row_count().max(1);
        if ran == Ran::Forget || self.page.is_empty() {
            self.group.push(change);
        } else if self.full {
            Counters::add(&self.tools.counters.disk_full, 1);
            change.answer(Verdict::DiskFull);
        } else {
            self.add(Some(change))?;
        }
        Ok(rows)
    }

    /// Adds what stands on the page to the group, which is written first when it would grow too large.
    fn add(&mut self, change: Option<Box<dyn Change>>) -> Result<(), Failed> {
        // On a page without room it waits for the next one.
        self.run_noted = self.run_noted || self.tools.runs.put_on(&mut self.page).is_ok();
        self.one.clear();
        let head = Head {
            seq: self.last.next(),
            durable: self.tools.log.last(),
            at: self.now.0,
            clock: self.now.1,
        };
        self.page.encode(&mut self.one, &head);
        debug_assert!(self.one.len() <= GROUP_LIMIT, "the page counts what stands on it");
        if self.records.len() + self.one.len() > GROUP_LIMIT && !self.commit()? {
            // It was worked out over rows that did not come to be.
            if let Some(change) = change {
                change.answer(Verdict::DiskFull);
            }
            return Ok(());
        }
        let events = self.page.keep();
        if !events.is_empty() {
            self.entries.push(Entry {
                seq: head.seq,
                // As exactly as it stands in the log.
                at: Timestamp::from_microsecond(head.at.as_microsecond()).unwrap_or(head.at),
                clock: head.clock,
                events,
            });
        }
        self.records.extend_from_slice(&self.one);
        self.last = head.seq;
        self.group.extend(change);
        Ok(())
    }

    /// Writes the cursors that moved, as bulk work of the pen's own.
    fn take_cursors(&mut self) -> Result<(), Failed> {
        if !self.tools.cursors.dirty() || !self.until_cursors().is_zero() {
            return Ok(());
        }
        self.cursors_went = Some(Instant::now());
        if self.records.len() > GROUP_LIMIT / 2 {
            // Their rows go in the group that is committed next, and in no other.
            self.commit()?;
        }
        self.page.turn(self.last.next(), usize::MAX);
        self.tools.cursors.write_on(&mut self.page);
        if self.page.is_empty() {
            return Ok(());
        }
        self.add(None)
    }

    /// Makes the group durable and visible, then answers. Says whether it was written.
    fn commit(&mut self) -> Result<bool, Failed> {
        let mut written = true;
        if !self.records.is_empty() {
            let half_full = self.tools.log.is_half_full();
            match self.tools.log.append(&self.records, self.last) {
                Ok(Appended::Here) => {
                    self.publish()?;
                    if !half_full && self.tools.log.is_half_full() {
                        self.tools.keeper.call();
                    }
                }
                Ok(Appended::InNewSegment) => {
                    // Readers that found nothing of their lane for long are further on than their rows say.
                    self.tools.cursors.mark_all();
                    self.publish()?;
                    self.tools.keeper.call();
                }
                Err(AppendError::Full) => written = false,
                Err(AppendError::Lost(error)) => return Err(self.fail(&error.to_string())),
            }
            self.records.clear();
        }
        let verdict = if written { Verdict::Durable } else { Verdict::DiskFull };
        if !written {
            self.withdraw();
        }
        for change in self.group.drain(..) {
            change.answer(verdict);
        }
        Ok(written)
    }

    fn publish(&mut self) -> Result<(), Failed> {
        let counters = &self.tools.counters;
        Counters::add(&counters.changes, self.last.0 - self.tools.bell.borrow().0);
        Counters::add(&counters.groups, 1);
        Counters::add(&counters.syncs, 1);
        match self.tools.table.lay(self.page.take_draft()) {
            Ok(pile) => self.tools.settler.tell(pile),
            Err(error) => return Err(self.fail(&error.to_string())),
        }
        self.tools.log.show(self.now.0);
        self.tools.log.latest().add(self.entries.drain(..));
        if self.tools.cursors.written() {
            self.tools.keeper.call();
        }
        self.tools.bell.send_replace(self.last);
        Ok(())
    }

    /// Takes a group back that found no room.
    fn withdraw(&mut self) {
        let refused = self.last.0 - self.tools.log.last().0;
        Counters::add(&self.tools.counters.disk_full, refused);
        self.page.forget();
        self.entries.clear();
        self.tools.cursors.not_written();
        self.last = self.tools.log.last();
        self.run_noted = self.last >= self.tools.runs.first();
        self.full = true;
        Health::set_disk_full(&self.tools.health, true);
        self.tools.keeper.call();
    }

    /// Nobody is answered: what is on disk is not known, and the next start finds out.
    fn fail(&mut self, why: &str) -> Failed {
        Health::fail(&self.tools.health, why.to_owned());
        self.tools.queue.abandon();
        Failed
    }
}
