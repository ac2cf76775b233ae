//! Reads the journal: records of the segments one after the other, no further than the bell.

use std::sync::Arc;

use crate::domain::{Lane, Seq};
use crate::store::files;
use crate::store::log::frame::{self, Frame};
use crate::store::log::latest::Next;
use crate::store::log::record::{self, Head, Record};
use crate::store::log::segment::HEADER;
use crate::store::log::segments::{Segment, Segments};
use crate::store::{Entry, FileError, Gap, ReadError};

/// Bytes read at once.
const CHUNK: usize = 64 << 10;

/// What one step found.
#[derive(Debug)]
pub(in crate::store) enum Step {
    /// A change with events.
    Entry(Entry),
    /// Events that are wanted and no more.
    Gap(Gap),
    /// Nothing in this chunk; there is more.
    Further,
    /// Nothing up to the bell.
    End,
}

/// A place in the journal.
pub(in crate::store) struct Reader {
    segments: Arc<Segments>,
    /// One lane, or all.
    wanted: Option<Lane>,
    after: Seq,
    segment: Option<Arc<Segment>>,
    /// Where in the segment the buffer begins, and how far into it was read.
    start: u64,
    at: usize,
    buffer: Vec<u8>,
}

impl Reader {
    pub(in crate::store) fn new(segments: Arc<Segments>, after: Seq, wanted: Option<Lane>) -> Reader {
        Reader {
            segments,
            wanted,
            after,
            segment: None,
            start: 0,
            at: 0,
            buffer: Vec::new(),
        }
    }

    /// Everything up to here was looked at.
    pub(in crate::store) fn after(&self) -> Seq {
        self.after
    }

    /// Looks at the next records, up to `until`, for one that is wanted.
    pub(in crate::store) fn step(&mut self, until: Seq) -> Result<Step, ReadError> {
        if self.after >= until {
            return Ok(Step::End);
        }
        match self.segments.latest.next(self.after, until, self.wanted) {
            Next::Entry(entry) => {
                self.close();
                self.after = entry.seq;
                return Ok(Step::Entry(entry));
            }
            Next::Nothing => {
                self.close();
                self.after = until;
                return Ok(Step::End);
            }
            Next::InTheLog => {}
        }
        let Some(segment) = self.segment.clone() else {
            return Ok(self.enter(self.segments.after(self.after)));
        };
        loop {
            let (body, next) = match frame::read(&self.buffer, self.at) {
                Frame::Whole { body, next } => (body, next),
                Frame::End | Frame::Broken => {
                    return if self.read_on(&segment)? {
                        Ok(Step::Further)
                    } else {
                        self.leave(&segment)
                    };
                }
            };
            match look(body, self.wanted, self.after, until).ok_or_else(|| self.broken(&segment))? {
                Look::Later => return Ok(Step::End),
                Look::Skip(seq) => {
                    self.after = self.after.max(seq);
                    self.at = next;
                }
                Look::Found(seq, step) => {
                    self.after = seq;
                    self.at = next;
                    return Ok(step);
                }
            }
        }
    }

    /// Lets go of the log: a segment that nobody has open gives its room back when it is unlinked.
    fn close(&mut self) {
        self.segment = None;
        self.buffer = Vec::new();
    }

    fn enter(&mut self, segment: Arc<Segment>) -> Step {
        let first = segment.header.first;
        let missing = (first > self.after.next()).then(|| (self.after.next(), Seq(first.0 - 1)));
        (self.start, self.at) = (HEADER as u64, 0);
        self.buffer.clear();
        self.segment = Some(segment);
        match missing {
            Some((from, to)) => {
                self.after = to;
                // How many there were cannot be said any more: at most one a change is counted.
                let n = to.0 - from.0 + 1;
                Step::Gap(Gap {
                    n,
                    from,
                    to,
                    times: None,
                })
            }
            None => Step::Further,
        }
    }

    /// Reads the next chunk; says whether there was more.
    fn read_on(&mut self, segment: &Segment) -> Result<bool, ReadError> {
        self.start += self.at as u64;
        self.buffer.drain(..self.at);
        self.at = 0;
        let have = self.buffer.len();
        let shown = segment.shown();
        let left = shown.saturating_sub(self.start + have as u64);
        // A record that does not fit a chunk is read whole the next time round.
        let more = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK.max(have));
        if more == 0 {
            return if have == 0 {
                Ok(false)
            } else {
                Err(self.broken(segment))
            };
        }
        self.buffer.resize(have + more, 0);
        let count = files::read_full_at(&*segment.file, &mut self.buffer[have..], self.start + have as u64)
            .map_err(|source| FileError::new("cannot read", &segment.path, source))?;
        self.buffer.truncate(have + count);
        if count == 0 {
            Err(self.broken(segment))
        } else {
            Ok(true)
        }
    }

    /// Goes to the next segment when this one is over.
    fn leave(&mut self, segment: &Segment) -> Result<Step, ReadError> {
        let over = segment.sealed() && segment.shown() <= self.start;
        match self.segments.following(segment).filter(|_| over) {
            Some(next) => {
                self.after = self.after.max(segment.last());
                Ok(self.enter(next))
            }
            None if over => Ok(Step::End),
            None if segment.sealed() => Ok(Step::Further),
            None => {
                self.buffer = Vec::new();
                Ok(Step::End)
            }
        }
    }

    fn broken(&self, segment: &Segment) -> ReadError {
        ReadError::Journal {
            path: segment.path.clone(),
            at: self.start + self.at as u64,
        }
    }
}

enum Look {
    /// Behind the bell: not to be seen yet.
    Later,
    Skip(Seq),
    Found(Seq, Step),
}

fn look(body: &[u8], wanted: Option<Lane>, after: Seq, until: Seq) -> Option<Look> {
    if let Some((head, has)) = record::peek(body, wanted) {
        return if head.seq > until {
            Some(Look::Later)
        } else if head.seq <= after || !has {
            Some(Look::Skip(head.seq))
        } else {
            Some(Look::Found(head.seq, Step::Entry(entry(body, &head, wanted)?)))
        };
    }
    match record::decode(body)? {
        Record::Gap(gap) if wanted.is_none_or(|lane| lane == gap.lane) && gap.to > after => {
            // Another lane may have changes between those that are gone: a reader of all lanes goes on where it was.
            let reached = if wanted.is_some() { gap.to } else { after };
            let from = gap.from.max(after.next());
            let (n, to) = (gap.n, gap.to);
            Some(Look::Found(
                reached,
                Step::Gap(Gap {
                    n,
                    from,
                    to,
                    times: gap.times,
                }),
            ))
        }
        Record::Gap(_) => Some(Look::Skip(after)),
        Record::Seal(next) => Some(Look::Skip(Seq(next.0 - 1))),
        Record::Change(_) => None,
    }
}

/// The events of one lane, or of all.
fn entry(body: &[u8], head: &Head, wanted: Option<Lane>) -> Option<Entry> {
    let Record::Change(change) = record::decode(body)? else {
        return None;
    };
    let events = change
        .events
        .iter()
        .filter(|(lane, _)| wanted.is_none_or(|wanted| wanted == *lane));
    Some(Entry {
        seq: head.seq,
        at: head.at,
        clock: head.clock,
        events: events
            .map(|(_, json)| serde_json::from_slice(json).ok())
            .collect::<Option<_>>()?,
    })
}
