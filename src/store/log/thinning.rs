//! Thinning: makes a segment smaller and says with gaps what is no more in it. Pure.

use crate::domain::{Lane, Seq};
use crate::store::log::frame::{self, Frame};
use crate::store::log::record::{self, Change, LaneGap, Record};
use crate::store::log::segment::{self, HEADER, Header, Thinning};

/// Whether a segment of which `kept` is left still holds events of `lane`.
fn holds(kept: Thinning, lane: Lane) -> bool {
    match lane {
        Lane::Critical => kept < Thinning::Nothing,
        Lane::Event => kept < Thinning::Critical,
        Lane::Measurement => kept < Thinning::NoMeasurements,
    }
}

/// The segment `bytes`, which accounts for everything up to `last`, with only `kept` left in it;
/// `None` when it is damaged.
pub(in crate::store) fn thin(bytes: &[u8], last: Seq, kept: Thinning) -> Option<Vec<u8>> {
    let header = Header::decode(bytes)?;
    let mut gone: [Option<LaneGap>; 3] = [None; 3];
    let mut body = Vec::new();
    let walk = segment::walk(bytes, &header, |range, record| match record {
        Record::Change(change) => {
            for (lane, _) in &change.events {
                if !holds(kept, *lane) {
                    let (seq, n) = (change.head.seq, 1);
                    widen(
                        &mut gone,
                        LaneGap {
                            lane: *lane,
                            n,
                            from: seq,
                            to: seq,
                            times: Some((change.head.at, change.head.at)),
                        },
                    );
                }
            }
            put_rest(&mut body, change, kept);
        }
        Record::Gap(gap) if !holds(kept, gap.lane) => widen(&mut gone, *gap),
        Record::Gap(_) => body.extend_from_slice(&bytes[range]),
        Record::Seal(_) => {}
    });
    if !walk.holes.is_empty() {
        return None;
    }
    let header = Header {
        last: Some(last),
        kept,
        ..header
    };
    let mut thinned = Vec::with_capacity(HEADER + body.len() + 256);
    thinned.extend_from_slice(&header.encode());
    for gap in gone.iter().flatten() {
        record::put_gap(&mut thinned, gap);
    }
    thinned.append(&mut body);
    record::put_seal(&mut thinned, last.next());
    Some(thinned)
}

fn widen(gone: &mut [Option<LaneGap>; 3], more: LaneGap) {
    let place = &mut gone[usize::from(record::lane_byte(more.lane))];
    *place = Some(place.map_or(more, |known| {
        LaneGap {
            lane: known.lane,
            n: known.n + more.n,
            from: known.from.min(more.from),
            to: known.to.max(more.to),
            times: known
                .times
                .zip(more.times)
                .map(|((first, last), (from, to))| (first.min(from), last.max(to))),
        }
    }));
}

fn put_rest(body: &mut Vec<u8>, change: &Change<'_>, kept: Thinning) {
    let events: Vec<(Lane, &[u8])> = change
        .events
        .iter()
        .copied()
        .filter(|(lane, _)| holds(kept, *lane))
        .collect();
    let rows: &[(&[u8], Option<&[u8]>)] = if kept == Thinning::All { &change.rows } else { &[] };
    if !events.is_empty() || !rows.is_empty() {
        record::put_change(body, &change.head, rows.iter().copied(), events.into_iter());
    }
}

/// The segment from `header.first` to `last` with what can be read of `bytes`, and gaps of all
/// lanes where something is missing: what salvage puts in the place of a damaged one.
pub(in crate::store) fn mend(bytes: &[u8], header: &Header, last: Seq) -> Vec<u8> {
    let mut holes = Vec::new();
    let mut records: Vec<(Seq, std::ops::Range<usize>)> = Vec::new();
    let mut reached = Seq(header.first.0 - 1);
    let walk = segment::walk(bytes, header, |range, record| match record {
        Record::Change(change) if change.head.seq <= last => {
            reached = change.head.seq;
            records.push((reached, range));
        }
        Record::Gap(gap) => records.push((gap.from, range)),
        Record::Change(_) | Record::Seal(_) => {}
    });
    for hole in &walk.holes {
        holes.push((hole.from, hole.to.unwrap_or(last).min(last)));
    }
    if walk.last < last && walk.holes.iter().all(|hole| hole.to.is_some()) && header.last.is_none() {
        holes.push((walk.last.next(), last));
    }
    let header = Header {
        last: Some(last),
        ..*header
    };
    let mut mended = header.encode().to_vec();
    let mut holes = holes.into_iter().filter(|(from, to)| from <= to).peekable();
    for (seq, range) in records {
        while let Some(hole) = holes.next_if(|(from, _)| *from <= seq) {
            put_hole(&mut mended, hole);
        }
        debug_assert!(matches!(frame::read(bytes, range.start), Frame::Whole { .. }));
        mended.extend_from_slice(&bytes[range]);
    }
    holes.for_each(|hole| put_hole(&mut mended, hole));
    record::put_seal(&mut mended, last.next());
    mended
}

fn put_hole(mended: &mut Vec<u8>, (from, to): (Seq, Seq)) {
    for lane in Lane::ALL {
        // How many events there were cannot be said: at most one a change and lane is counted.
        let n = to.0 - from.0 + 1;
        let times = None;
        record::put_gap(
            mended,
            &LaneGap {
                lane,
                n,
                from,
                to,
                times,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ClockState;
    use crate::store::log::record::Head;
    use jiff::Timestamp;

    /// Changes 1 to 6, each with a row; 1 and 4 critical, 2 and 5 event, 3 and 6 measurement.
    fn segment() -> (Vec<u8>, Vec<usize>) {
        let header = Header {
            epoch: 1,
            first: Seq(1),
            last: None,
            kept: Thinning::All,
        };
        let mut bytes = header.encode().to_vec();
        let mut starts = Vec::new();
        for seq in 1..=6u64 {
            starts.push(bytes.len());
            let head = Head {
                seq: Seq(seq),
                durable: Seq(seq - 1),
                at: Timestamp::UNIX_EPOCH,
                clock: ClockState::Trusted,
            };
            let lane = Lane::ALL[usize::try_from(seq - 1).unwrap() % 3];
            let rows = [(&b"\x10key"[..], Some(&b"row"[..]))];
            record::put_change(&mut bytes, &head, rows.into_iter(), [(lane, &b"{}"[..])].into_iter());
        }
        record::put_seal(&mut bytes, Seq(7));
        (bytes, starts)
    }

    /// Changes by sequence, gaps as lane, count, first and last, and how many rows there are.
    type Seen = (Vec<u64>, Vec<(Lane, u64, u64, u64)>, usize);

    fn look(bytes: &[u8]) -> Seen {
        let header = Header::decode(bytes).unwrap();
        let (mut changes, mut gaps, mut rows) = (Vec::new(), Vec::new(), 0);
        let walk = segment::walk(bytes, &header, |_, record| match record {
            Record::Change(change) => {
                changes.push(change.head.seq.0);
                rows += change.rows.len();
            }
            Record::Gap(gap) => gaps.push((gap.lane, gap.n, gap.from.0, gap.to.0)),
            Record::Seal(_) => {}
        });
        assert!(walk.holes.is_empty(), "{:?}", walk.holes);
        assert_eq!(walk.last, Seq(6));
        (changes, gaps, rows)
    }

    #[test]
    fn rows_go_first_without_loss_then_measurements_then_events_then_the_rest() {
        let (bytes, _) = segment();
        let mut sizes = vec![bytes.len()];
        let mut thinned = bytes;
        let measurements = (Lane::Measurement, 2, 3, 6);
        let events = (Lane::Event, 2, 2, 5);
        for (kept, changes, gaps) in [
            (Thinning::Events, vec![1, 2, 3, 4, 5, 6], vec![]),
            (Thinning::NoMeasurements, vec![1, 2, 4, 5], vec![measurements]),
            (Thinning::Critical, vec![1, 4], vec![events, measurements]),
            (
                Thinning::Nothing,
                vec![],
                vec![(Lane::Critical, 2, 1, 4), events, measurements],
            ),
        ] {
            thinned = thin(&thinned, Seq(6), kept).unwrap();
            assert_eq!(look(&thinned), (changes, gaps, 0), "{kept:?}");
            sizes.push(thinned.len());
        }
        assert!(sizes.is_sorted_by(|a, b| a > b), "{sizes:?}");
    }

    #[test]
    fn a_damaged_segment_is_not_thinned_but_mended_with_gaps() {
        let (mut bytes, starts) = segment();
        bytes[starts[2] + 20] ^= 1;
        assert_eq!(thin(&bytes, Seq(6), Thinning::Events), None);
        let mended = mend(&bytes, &Header::decode(&bytes).unwrap(), Seq(6));
        let (changes, gaps, rows) = look(&mended);
        assert_eq!((changes, rows), (vec![1, 2, 4, 5, 6], 5));
        assert_eq!(gaps, Lane::ALL.map(|lane| (lane, 1, 3, 3)));
    }

    #[test]
    fn what_was_cut_off_the_end_is_a_gap_too() {
        let (bytes, starts) = segment();
        let mended = mend(&bytes[..starts[4]], &Header::decode(&bytes).unwrap(), Seq(6));
        assert_eq!(look(&mended).1, Lane::ALL.map(|lane| (lane, 2, 5, 6)));
    }
}
