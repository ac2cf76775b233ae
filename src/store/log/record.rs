//! Records: what one frame of the log holds. Pure; see `frame.rs` for how a frame is checked
//! (BOOK F2).
//!
//! A change is `kind(1) flags(1) seq(8) durable(8) at(8, microseconds since 1970)`, a count of
//! rows, a count of events, the rows (`1 key value` put, `0 key` deleted), the events
//! (`lane json`). Flags: bits 0-2 say which lanes it has events for, bit 3 that the clock was
//! trusted, bit 4 that it stood wrong. A gap is `kind(2) lane(1) count(8) first(8) last(8)`; of kind 4, the times of
//! first and last event follow, as `at`. `durable` names the newest change known to be on disk when this one was written: a bad
//! record that a later one calls durable is damage, any other is the torn tail of a power cut.

use jiff::Timestamp;

use crate::domain::{Lane, Seq};
use crate::store::keep::clock::ClockState;
use crate::store::log::frame::{self, Body};

const CHANGE: u8 = 1;
const GAP: u8 = 2;
const SEAL: u8 = 3;
const TIMED_GAP: u8 = 4;
const CLOCK_TRUSTED: u8 = 0b1000;
const CLOCK_WRONG: u8 = 0b1_0000;

/// What one frame holds.
#[derive(Debug, PartialEq)]
pub(in crate::store) enum Record<'a> {
    /// A change as it was made, or what thinning left of it.
    Change(Change<'a>),
    /// Events that are no more.
    Gap(LaneGap),
    /// The end of a segment: the next one begins with this sequence number.
    Seal(Seq),
}

/// One change.
#[derive(Debug, PartialEq)]
pub(in crate::store) struct Change<'a> {
    pub(in crate::store) head: Head,
    pub(in crate::store) rows: Vec<(&'a [u8], Option<&'a [u8]>)>,
    pub(in crate::store) events: Vec<(Lane, &'a [u8])>,
}

/// What is known of a change before its rows are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Head {
    pub(in crate::store) seq: Seq,
    pub(in crate::store) durable: Seq,
    pub(in crate::store) at: Timestamp,
    pub(in crate::store) clock: ClockState,
}

/// Events of one lane that are no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct LaneGap {
    pub(in crate::store) lane: Lane,
    pub(in crate::store) n: u64,
    pub(in crate::store) from: Seq,
    pub(in crate::store) to: Seq,
    /// When the first and the last of them were recorded; gaps of earlier versions, and of damage, do not say.
    pub(in crate::store) times: Option<(Timestamp, Timestamp)>,
}

/// Reads the body of a frame; `None` when it is not a record of this format.
pub(in crate::store) fn decode(body: &[u8]) -> Option<Record<'_>> {
    let mut body = Body(body);
    let record = match body.byte()? {
        CHANGE => Record::Change(change(&mut body)?),
        GAP => Record::Gap(gap(&mut body)?),
        TIMED_GAP => {
            let gap = gap(&mut body)?;
            let mut at = || Timestamp::from_microsecond(body.u64()?.cast_signed()).ok();
            let times = Some((at()?, at()?));
            Record::Gap(LaneGap { times, ..gap })
        }
        SEAL => Record::Seal(Seq(body.u64()?)),
        _ => return None,
    };
    body.0.is_empty().then_some(record)
}

/// The head of a change and whether it has events for `lane` (or any lane); `None` for other records.
pub(in crate::store) fn peek(body: &[u8], wanted: Option<Lane>) -> Option<(Head, bool)> {
    let mut body = Body(body);
    if body.byte()? != CHANGE {
        return None;
    }
    let flags = body.byte()?;
    let mask = wanted.map_or(0b111, bit);
    Some((head(flags, &mut body)?, flags & mask != 0))
}

/// The key prefixes that a damaged body seems to hold: a hint for people, never trusted.
pub(in crate::store) fn guess_prefixes(body: &[u8]) -> Vec<u8> {
    let mut body = Body(body);
    let mut found = Vec::new();
    let rows = (|| {
        body.byte()?;
        body.bytes(1 + 8 + 8 + 8)?;
        let rows = body.length()?;
        body.length()?;
        Some(rows)
    })();
    for _ in 0..rows.unwrap_or(0).min(4096) {
        let Some((key, _)) = row(&mut body) else { break };
        if let Some(prefix) = key.first()
            && !found.contains(prefix)
        {
            found.push(*prefix);
        }
    }
    found
}

fn gap(body: &mut Body<'_>) -> Option<LaneGap> {
    Some(LaneGap {
        lane: lane(body.byte()?)?,
        n: body.u64()?,
        from: Seq(body.u64()?),
        to: Seq(body.u64()?),
        times: None,
    })
}

fn head(flags: u8, body: &mut Body<'_>) -> Option<Head> {
    Some(Head {
        seq: Seq(body.u64()?),
        durable: Seq(body.u64()?),
        at: Timestamp::from_microsecond(body.u64()?.cast_signed()).ok()?,
        clock: match flags {
            flags if flags & CLOCK_TRUSTED != 0 => ClockState::Trusted,
            flags if flags & CLOCK_WRONG != 0 => ClockState::Wrong,
            _ => ClockState::Unconfirmed,
        },
    })
}

fn change<'a>(body: &mut Body<'a>) -> Option<Change<'a>> {
    let flags = body.byte()?;
    let head = head(flags, body)?;
    let (rows, events) = (body.length()?, body.length()?);
    // Every row and event takes at least two bytes: a count beyond the body is damage, not a size to allocate.
    if rows.checked_add(events)? > body.0.len() {
        return None;
    }
    Some(Change {
        head,
        rows: (0..rows).map(|_| row(body)).collect::<Option<_>>()?,
        events: (0..events)
            .map(|_| {
                let lane = lane(body.byte()?)?;
                let length = body.length()?;
                Some((lane, body.bytes(length)?))
            })
            .collect::<Option<_>>()?,
    })
}

fn row<'a>(body: &mut Body<'a>) -> Option<(&'a [u8], Option<&'a [u8]>)> {
    let put = body.byte()?;
    let length = body.length()?;
    let key = body.bytes(length)?;
    match put {
        0 => Some((key, None)),
        1 => {
            let length = body.length()?;
            Some((key, Some(body.bytes(length)?)))
        }
        _ => None,
    }
}

fn lane(byte: u8) -> Option<Lane> {
    Lane::ALL.get(usize::from(byte)).copied()
}

/// The byte of a lane in records and cursor keys.
pub(in crate::store) fn lane_byte(lane: Lane) -> u8 {
    match lane {
        Lane::Critical => 0,
        Lane::Event => 1,
        Lane::Measurement => 2,
    }
}

fn bit(lane: Lane) -> u8 {
    1 << lane_byte(lane)
}

/// Appends a framed change to `buffer`.
pub(in crate::store) fn put_change<'a>(
    buffer: &mut Vec<u8>,
    head: &Head,
    rows: impl ExactSizeIterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    events: impl ExactSizeIterator<Item = (Lane, &'a [u8])>,
) {
    let start = frame::begin(buffer);
    buffer.push(CHANGE);
    let flags_at = buffer.len();
    let mut flags = match head.clock {
        ClockState::Trusted => CLOCK_TRUSTED,
        ClockState::Unconfirmed => 0,
        ClockState::Wrong => CLOCK_WRONG,
    };
    buffer.push(0);
    buffer.extend_from_slice(&head.seq.0.to_le_bytes());
    buffer.extend_from_slice(&head.durable.0.to_le_bytes());
    buffer.extend_from_slice(&head.at.as_microsecond().to_le_bytes());
    frame::put_length(buffer, rows.len());
    frame::put_length(buffer, events.len());
    for (key, value) in rows {
        buffer.push(u8::from(value.is_some()));
        frame::put_length(buffer, key.len());
        buffer.extend_from_slice(key);
        if let Some(value) = value {
            frame::put_length(buffer, value.len());
            buffer.extend_from_slice(value);
        }
    }
    for (lane, json) in events {
        flags |= bit(lane);
        buffer.push(lane_byte(lane));
        frame::put_length(buffer, json.len());
        buffer.extend_from_slice(json);
    }
    buffer[flags_at] = flags;
    frame::finish(buffer, start);
}

/// Appends a framed gap.
pub(in crate::store) fn put_gap(buffer: &mut Vec<u8>, gap: &LaneGap) {
    let start = frame::begin(buffer);
    let kind = if gap.times.is_some() { TIMED_GAP } else { GAP };
    buffer.extend_from_slice(&[kind, lane_byte(gap.lane)]);
    for number in [gap.n, gap.from.0, gap.to.0] {
        buffer.extend_from_slice(&number.to_le_bytes());
    }
    for at in gap.times.into_iter().flat_map(|(first, last)| [first, last]) {
        buffer.extend_from_slice(&at.as_microsecond().to_le_bytes());
    }
    frame::finish(buffer, start);
}

/// Appends a framed seal.
pub(in crate::store) fn put_seal(buffer: &mut Vec<u8>, next: Seq) {
    let start = frame::begin(buffer);
    buffer.push(SEAL);
    buffer.extend_from_slice(&next.0.to_le_bytes());
    frame::finish(buffer, start);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::log::frame::Frame;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_change_is_read_back(
            seq: u64, durable: u64, at in -62_135_596_800_000_000i64..253_402_000_000_000_000, clock in 0usize..3,
            rows in vec((vec(any::<u8>(), 0..40), proptest::option::of(vec(any::<u8>(), 0..300))), 0..6),
            events in vec((0usize..3, vec(any::<u8>(), 0..100)), 0..4),
        ) {
            let head = Head {
                seq: Seq(seq), durable: Seq(durable),
                at: Timestamp::from_microsecond(at).unwrap(),
                clock: [ClockState::Trusted, ClockState::Unconfirmed, ClockState::Wrong][clock],
            };
            let rows: Vec<_> = rows.iter().map(|(key, value)| (key.as_slice(), value.as_deref())).collect();
            let events: Vec<_> = events.iter().map(|(lane, json)| (Lane::ALL[*lane], json.as_slice())).collect();
            let mut buffer = Vec::new();
            put_change(&mut buffer, &head, rows.iter().copied(), events.iter().copied());
            let Frame::Whole { body, next } = frame::read(&buffer, 0) else { panic!("not whole") };
            prop_assert_eq!(next, buffer.len());
            for lane in Lane::ALL {
                prop_assert_eq!(peek(body, Some(lane)), Some((head, events.iter().any(|(of, _)| *of == lane))));
            }
            prop_assert_eq!(decode(body), Some(Record::Change(Change { head, rows, events })));
        }

        #[test]
        fn any_bytes_are_read_or_refused_without_panic(mut bytes in vec(any::<u8>(), 0..200), kind in 0u8..5) {
            if let Some(first) = bytes.first_mut() { *first = kind }
            if let Some(Record::Change(change)) = decode(&bytes) {
                prop_assert!(change.rows.len() + change.events.len() <= bytes.len());
            }
            prop_assert!(guess_prefixes(&bytes).len() <= 256);
        }
    }

    #[test]
    fn gaps_and_seals_are_read_back() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for times in [None, Some((at(5), at(-7)))] {
            let gap = LaneGap {
                lane: Lane::Measurement,
                n: 7,
                from: Seq(3),
                to: Seq(9),
                times,
            };
            let mut buffer = Vec::new();
            put_gap(&mut buffer, &gap);
            let second = buffer.len();
            put_seal(&mut buffer, Seq(10));
            let Frame::Whole { body, next } = frame::read(&buffer, 0) else {
                panic!("not whole")
            };
            assert_eq!((decode(body), next), (Some(Record::Gap(gap)), second));
            let Frame::Whole { body, .. } = frame::read(&buffer, second) else {
                panic!("not whole")
            };
            assert_eq!(decode(body), Some(Record::Seal(Seq(10))));
        }
    }
}
