//! Segments: the files of the log, and how one is read from end to end. Pure.
//!
//! A segment is named after its first sequence number, so a missing one is seen. It begins with a
//! header and then holds frames: changes in order, and at its end a seal that names the first
//! sequence of the next segment, so that a missing last one is seen too.
//! A segment that was thinned (or mended by salvage) is *sparse*: its header says which sequences
//! it stands for, and records may be absent or stripped.

use jiff::Timestamp;

use crate::domain::Seq;
use crate::store::keep::clock::ClockState;
use crate::store::log::frame::{self, Frame};
use crate::store::log::record::{self, Record};

const MAGIC: [u8; 8] = *b"GLSEG\0\0\x01";

/// Bytes before the first frame.
pub(in crate::store) const HEADER: usize = 40;

/// What thinning left in a segment, in the order of BOOK P9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) enum Thinning {
    /// Everything.
    All,
    /// Events of all lanes, no rows.
    Events,
    /// Events and critical events.
    NoMeasurements,
    /// Critical events.
    Critical,
    /// Only gaps.
    Nothing,
}

impl Thinning {
    const ALL: [Thinning; 5] = [
        Thinning::All,
        Thinning::Events,
        Thinning::NoMeasurements,
        Thinning::Critical,
        Thinning::Nothing,
    ];
}

/// How a segment begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Header {
    pub(in crate::store) epoch: u32,
    pub(in crate::store) first: Seq,
    /// The last sequence it stands for; only sparse segments say it.
    pub(in crate::store) last: Option<Seq>,
    pub(in crate::store) kept: Thinning,
}

impl Header {
    pub(in crate::store) fn encode(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[12] = self.kept as u8;
        bytes[13] = u8::from(self.last.is_some());
        bytes[16..24].copy_from_slice(&self.first.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.last.unwrap_or_default().0.to_le_bytes());
        let sum = crc32fast::hash(&bytes[..36]);
        bytes[36..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    pub(in crate::store) fn decode(bytes: &[u8]) -> Option<Header> {
        let bytes = bytes.get(..HEADER)?;
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let short = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        if bytes[..8] != MAGIC || short(36) != crc32fast::hash(&bytes[..36]) {
            return None;
        }
        Some(Header {
            epoch: short(8),
            first: Seq(number(16)),
            last: (bytes[13] == 1).then(|| Seq(number(24))),
            kept: *Thinning::ALL.get(usize::from(bytes[12]))?,
        })
    }
}

/// The file name of the segment that begins with `first`.
pub(in crate::store) fn name(first: Seq) -> String {
    format!("{:020}.log", first.0)
}

/// The first sequence of the segment that is called `name`.
pub(in crate::store) fn parse_name(name: &str) -> Option<Seq> {
    let digits = name.strip_suffix(".log")?;
    (digits.len() == 20).then(|| digits.parse().ok().map(Seq)).flatten()
}

/// A place in a segment where records should stand and do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Hole {
    /// Where in the file it begins.
    pub(in crate::store) at: usize,
    /// The first sequence that is missing.
    pub(in crate::store) from: Seq,
    /// The last one; `None` when nothing readable follows in this file.
    pub(in crate::store) to: Option<Seq>,
    /// Stamp of the change before it.
    pub(in crate::store) after: Option<Timestamp>,
    /// Stamp of the change after it.
    pub(in crate::store) before: Option<Timestamp>,
    /// Key prefixes that the damaged bytes seem to hold.
    pub(in crate::store) prefixes: Vec<u8>,
}

/// What was found in one segment.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Walk {
    /// Whole records.
    pub(in crate::store) records: u64,
    /// Where the last whole record ends.
    pub(in crate::store) end: usize,
    /// The newest sequence it accounts for.
    pub(in crate::store) last: Seq,
    /// The newest sequence that a record calls durable.
    pub(in crate::store) durable: Seq,
    /// The first sequence of the segment that follows, if this one was sealed.
    pub(in crate::store) seal: Option<Seq>,
    /// Stamp of the newest change.
    pub(in crate::store) newest: Option<Timestamp>,
    /// Newest stamp of a trusted clock.
    pub(in crate::store) trusted: Option<Timestamp>,
    /// Damaged and missing places, in order.
    pub(in crate::store) holes: Vec<Hole>,
}

/// Reads a segment from end to end; `visit` sees each whole record with where it begins and ends.
///
/// Sequences must follow one another without a gap (in a sparse segment: must rise); where they do
/// not, or where bytes are not a record, there is a hole, and reading goes on at the next record.
pub(in crate::store) fn walk(
    bytes: &[u8],
    header: &Header,
    mut visit: impl FnMut(std::ops::Range<usize>, &Record<'_>),
) -> Walk {
    let mut walk = Walk {
        end: HEADER.min(bytes.len()),
        last: Seq(header.first.0.saturating_sub(1)),
        ..Walk::default()
    };
    let mut at = walk.end;
    let mut broken: Option<(usize, Vec<u8>)> = None;
    loop {
        let (body, next) = match frame::read(bytes, at) {
            Frame::End => break,
            Frame::Whole { body, next } => (Some(body), next),
            Frame::Broken => (None, at + 1),
        };
        let record = body.and_then(record::decode).filter(|record| walk.accepts(record));
        let Some(record) = record else {
            let (_, prefixes) = broken.get_or_insert((at, Vec::new()));
            merge_prefixes(prefixes, frame::claimed(bytes, at));
            match frame::find(bytes, next) {
                Some(found) => at = found,
                None => break,
            }
            continue;
        };
        walk.take(&record, header, at, broken.take());
        visit(at..next, &record);
        at = next;
        walk.end = next;
    }
    let (at, prefixes) = match (broken, header.last) {
        (Some(broken), _) => broken,
        // A sparse file is written whole, with its seal, before it gets its name.
        (None, Some(_)) if walk.seal.is_none() => (walk.end, Vec::new()),
        (None, _) => return walk,
    };
    walk.hole(at, None, None, prefixes);
    walk
}

fn merge_prefixes(known: &mut Vec<u8>, body: Option<&[u8]>) {
    for prefix in body.map(record::guess_prefixes).unwrap_or_default() {
        if !known.contains(&prefix) {
            known.push(prefix);
        }
    }
}

impl Walk {
    fn accepts(&self, record: &Record<'_>) -> bool {
        self.seal.is_none()
            && match record {
                Record::Change(change) => change.head.seq > self.last,
                Record::Gap(gap) => gap.from <= gap.to,
                Record::Seal(next) => *next > self.last,
            }
    }

    fn take(&mut self, record: &Record<'_>, header: &Header, at: usize, broken: Option<(usize, Vec<u8>)>) {
        let sparse = header.last.is_some();
        let (reaches, stamp) = match record {
            Record::Change(change) => (Seq(change.head.seq.0 - 1), Some(change.head.at)),
            Record::Seal(next) => (Seq(next.0 - 1), None),
            Record::Gap(_) => (self.last, None),
        };
        if broken.is_some() || (reaches > self.last && !sparse) {
            let (hole_at, prefixes) = broken.unwrap_or((at, Vec::new()));
            self.hole(hole_at, Some(reaches), stamp, prefixes);
        }
        self.records += 1;
        self.last = reaches;
        match record {
            Record::Change(change) => {
                self.last = change.head.seq;
                self.durable = self.durable.max(change.head.durable);
                self.newest = self.newest.max(Some(change.head.at));
                if change.head.clock == ClockState::Trusted {
                    self.trusted = self.trusted.max(Some(change.head.at));
                }
            }
            Record::Seal(next) => {
                self.durable = self.durable.max(reaches);
                self.seal = Some(*next);
            }
            Record::Gap(_) => {}
        }
    }

    fn hole(&mut self, at: usize, to: Option<Seq>, before: Option<Timestamp>, prefixes: Vec<u8>) {
        self.holes.push(Hole {
            at,
            from: self.last.next(),
            to,
            after: self.newest,
            before,
            prefixes,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::log::record::{Head, put_change, put_seal};

    fn segment(seqs: std::ops::RangeInclusive<u64>, durable: impl Fn(u64) -> u64) -> (Vec<u8>, Vec<usize>, Header) {
        let header = Header {
            epoch: 1,
            first: Seq(*seqs.start()),
            last: None,
            kept: Thinning::All,
        };
        let mut bytes = header.encode().to_vec();
        let mut starts = Vec::new();
        for seq in seqs {
            starts.push(bytes.len());
            let head = Head {
                seq: Seq(seq),
                durable: Seq(durable(seq)),
                at: Timestamp::from_second(seq.cast_signed()).unwrap(),
                clock: ClockState::Trusted,
            };
            put_change(
                &mut bytes,
                &head,
                [(&b"\x10key"[..], Some(&b"row"[..]))].into_iter(),
                [].into_iter(),
            );
        }
        (bytes, starts, header)
    }

    #[test]
    fn a_whole_segment_has_no_holes() {
        let (mut bytes, starts, header) = segment(5..=9, |seq| seq - 1);
        put_seal(&mut bytes, Seq(10));
        assert_eq!(Header::decode(&bytes), Some(header));
        let mut seen = Vec::new();
        let walk = walk(&bytes, &header, |range, _| seen.push(range.start));
        assert_eq!(
            (walk.last, walk.seal, walk.durable, walk.end),
            (Seq(9), Some(Seq(10)), Seq(9), bytes.len())
        );
        assert!(walk.holes.is_empty());
        assert_eq!(seen[..5], starts[..]);
    }

    #[test]
    fn a_damaged_record_is_a_hole_with_its_neighbours_times_and_ledgers() {
        let (mut bytes, starts, header) = segment(5..=9, |seq| seq - 1);
        let last = starts[3] - 1;
        bytes[last] ^= 0x40;
        let walk = walk(&bytes, &header, |_, _| ());
        assert_eq!(
            walk.holes,
            [Hole {
                at: starts[2],
                from: Seq(7),
                to: Some(Seq(7)),
                after: Timestamp::from_second(6).ok(),
                before: Timestamp::from_second(8).ok(),
                prefixes: vec![0x10],
            }]
        );
        assert_eq!((walk.last, walk.durable), (Seq(9), Seq(8)));
    }

    #[test]
    fn a_cut_tail_is_a_hole_without_end() {
        let (bytes, starts, header) = segment(1..=3, |_| 0);
        let walk = walk(&bytes[..starts[2] + 5], &header, |_, _| ());
        assert_eq!(
            (walk.holes.len(), walk.holes[0].from, walk.holes[0].to),
            (1, Seq(3), None)
        );
        assert_eq!(walk.end, starts[2]);
    }

    #[test]
    fn names_are_read_back() {
        assert_eq!(parse_name(&name(Seq(77))), Some(Seq(77)));
        assert_eq!(parse_name("77.log"), None);
        assert_eq!(parse_name(&format!("{}x", name(Seq(77)))), None);
    }
}
