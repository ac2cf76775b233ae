//! The rows of history: a half-hour of minutes, a day of hours, an hour's changes in parts. Each remembers the
//! newest change in it, so that one which comes again from the journal is not counted twice.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::slot::Slot;
use crate::domain::{Event, Occupancy, Seq, SpaceId};
use crate::store::{Ledger, Page, RowError, schema};

pub(super) const MINUTES: Ledger<SlotRow> = Ledger::new(schema::HISTORY_MINUTES);
pub(super) const HOURS: Ledger<SlotRow> = Ledger::new(schema::HISTORY_HOURS);
pub(super) const CHANGES: Ledger<ChangeRow> = Ledger::new(schema::HISTORY_CHANGES);

pub(super) const MINUTE_MS: u64 = 60_000;
pub(super) const HALF_HOUR_MS: u64 = 30 * MINUTE_MS;
pub(super) const HOUR_MS: u64 = 60 * MINUTE_MS;
pub(super) const DAY_MS: u64 = 24 * HOUR_MS;

/// Changes in one part: a row stays under 4 KiB.
pub(super) const PART: usize = 64;

/// Slots of one length in one stretch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SlotRow {
    last: Seq,
    pub(super) slots: BTreeMap<u8, Slot>,
}

/// Changes one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChangeRow {
    last: Seq,
    /// In an hour's first part: the number of its newest.
    newest: u32,
    pub(super) changes: Vec<RawChange>,
}

/// One change: milliseconds of the hour, people, count and maximum after it, its sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RawChange(
    pub(super) u32,
    pub(super) i64,
    pub(super) u32,
    pub(super) u32,
    pub(super) Seq,
);

/// Whether a row may hold a change already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// It comes out of the journal, perhaps once more: a row that is further on has it.
    Journal,
    /// It was never in this journal.
    Elsewhere,
}

/// A change of a count, out of the journal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) space: SpaceId,
    pub(super) seq: Seq,
    /// Milliseconds since 1970.
    pub(super) at: u64,
    by: i64,
    after: Occupancy,
}

impl Counted {
    /// What an event of the measurement lane says; `None` for those that count nobody.
    pub(super) fn of(event: &Event, seq: Seq, at: Timestamp) -> Option<Counted> {
        match event {
            Event::SpaceChanged { space, by, occupancy } => {
                let at = u64::try_from(at.as_millisecond()).ok()?;
                Some(Counted {
                    space: *space,
                    seq,
                    at,
                    by: *by,
                    after: *occupancy,
                })
            }
            Event::SpaceCreated { .. }
            | Event::SpaceRemoved { .. }
            | Event::ReadingsRecorded { .. }
            | Event::Meter { .. }
            | Event::PeerJoined { .. }
            | Event::PeerLeft { .. }
            | Event::Operation { .. }
            | Event::Alarm { .. }
            | Event::SpaceLevel { .. }
            | Event::SelfTest { .. } => None,
        }
    }

    /// A change that was recorded somewhere else.
    pub(super) fn imported(space: SpaceId, at: Timestamp, by: i64, after: Occupancy) -> Option<Counted> {
        let at = u64::try_from(at.as_millisecond()).ok()?;
        Some(Counted {
            space,
            seq: Seq::ZERO,
            at,
            by,
            after,
        })
    }

    fn before(&self) -> u32 {
        u32::try_from(i64::from(self.after.current) - self.by).unwrap_or(0)
    }
}

/// Writes changes of one space into its rows.
pub(super) fn record_on(page: &mut Page, changes: &[Counted], from: From) -> Result<(), RowError> {
    slots_on(page, changes, from, (MINUTES, HALF_HOUR_MS, MINUTE_MS))?;
    slots_on(page, changes, from, (HOURS, DAY_MS, HOUR_MS))?;
    let hours = changes.chunk_by(|one, next| one.at / HOUR_MS == next.at / HOUR_MS);
    for changes in hours {
        changes_on(page, changes, from)?;
    }
    Ok(())
}

/// Counts changes in the rows of a ledger, by the length of a row and of a slot in it.
fn slots_on(
    page: &mut Page,
    changes: &[Counted],
    from: From,
    (ledger, row_ms, slot_ms): (Ledger<SlotRow>, u64, u64),
) -> Result<(), RowError> {
    for changes in changes.chunk_by(|one, next| one.at / row_ms == next.at / row_ms) {
        let key = key(changes[0].space, changes[0].at / row_ms);
        let mut row = ledger.get_on(page, &key)?.unwrap_or_default();
        for counted in changes {
            if from == From::Journal && row.last >= counted.seq {
                continue;
            }
            row.last = row.last.max(counted.seq);
            let number = u8::try_from(counted.at % row_ms / slot_ms).expect("a row holds 30 or 24 slots");
            let slot = row
                .slots
                .entry(number)
                .or_insert_with(|| Slot::quiet(counted.before(), slot_ms));
            slot.change(counted.after.current, counted.by, slot_ms - counted.at % slot_ms);
        }
        ledger.put_on(page, &key, &row)?;
    }
    Ok(())
}

/// Appends changes of one hour to its newest part, which the hour's first part knows.
fn changes_on(page: &mut Page, changes: &[Counted], from: From) -> Result<(), RowError> {
    let hour = key(changes[0].space, changes[0].at / HOUR_MS);
    let head = CHANGES.get_on(page, &part(&hour, 0))?.unwrap_or_default();
    let before = head.newest;
    let mut number = before;
    let mut row = match number {
        0 => head,
        _ => CHANGES.get_on(page, &part(&hour, number))?.unwrap_or_default(),
    };
    for counted in changes {
        if from == From::Journal && row.last >= counted.seq {
            continue;
        }
        if row.changes.len() >= PART {
            CHANGES.put_on(page, &part(&hour, number), &row)?;
            number += 1;
            row = ChangeRow {
                last: row.last,
                ..ChangeRow::default()
            };
        }
        row.last = row.last.max(counted.seq);
        let at = u32::try_from(counted.at % HOUR_MS).expect("an hour has 3.6 million milliseconds");
        let after = counted.after;
        row.changes
            .push(RawChange(at, counted.by, after.current, after.maximum, counted.seq));
    }
    CHANGES.put_on(page, &part(&hour, number), &row)?;
    if number > before {
        let mut head = CHANGES.get_on(page, &part(&hour, 0))?.unwrap_or_default();
        head.newest = number;
        CHANGES.put_on(page, &part(&hour, 0), &head)?;
    }
    Ok(())
}

/// The key of a part of an hour's changes.
fn part(hour: &[u8], number: u32) -> Vec<u8> {
    [hour, number.to_be_bytes().as_slice()].concat()
}

/// The key behind every part of a space's hour.
pub(super) fn after_parts(space: SpaceId, hour: u64) -> Vec<u8> {
    part(&key(space, hour), u32::MAX)
}

/// The key of a space's stretch, counted in its own length since 1970.
pub(super) fn key(space: SpaceId, stretch: u64) -> Vec<u8> {
    let stretch = u32::try_from(stretch).unwrap_or(u32::MAX);
    [space.as_bytes().as_slice(), &stretch.to_be_bytes()].concat()
}

/// The stretch of a key.
pub(super) fn stretch_of(key: &[u8]) -> Option<u64> {
    let bytes = key.get(16..20)?;
    Some(u64::from(u32::from_be_bytes(bytes.try_into().ok()?)))
}
