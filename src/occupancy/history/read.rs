//! History as it is asked for: stretches of a minute, an hour or a day, or every change.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::History;
use super::rows::{CHANGES, DAY_MS, HALF_HOUR_MS, HOUR_MS, HOURS, MINUTE_MS, MINUTES, after_parts, key, stretch_of};
use super::slot::Slot;
use crate::domain::{Space, SpaceId};
use crate::store::ReadError;

/// Points in one answer at most: a week of minutes.
const MOST: u64 = 10_080;

/// In how long stretches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Every change by itself.
    Raw,
    /// A minute.
    Minute,
    /// An hour.
    #[default]
    Hour,
    /// A day (UTC).
    Day,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// From when on, rounded down to a step.
    pub from: Timestamp,
    pub to: Timestamp,
    /// In how long steps.
    pub step: Step,
}

/// Too much is asked for at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at most {MOST} points at once, and `from` before `to`")]
pub struct SpanTooLongError;

/// A stretch of time, or one change.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Point {
    /// When it begins, or happened.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The least count in it.
    pub min: u32,
    /// The highest count in it.
    pub max: u32,
    /// The mean count over it.
    pub mean: f64,
    /// People who came in.
    #[serde(rename = "in")]
    pub entered: u64,
    /// People who went out.
    #[serde(rename = "out")]
    pub left: u64,
    /// The count at its end.
    pub close: u32,
}

impl Stretch {
    /// Says whether it may be asked for.
    pub fn check(&self) -> Result<(), SpanTooLongError> {
        let length = self.to.duration_since(self.from);
        let points = match self.step {
            Step::Raw => u64::from(length > SignedDuration::from_hours(7 * 24)) * (MOST + 1),
            Step::Minute | Step::Hour | Step::Day => {
                u64::try_from(length.as_millis()).unwrap_or(u64::MAX) / self.step.length_ms()
            }
        };
        if length.is_positive() && points <= MOST {
            Ok(())
        } else {
            Err(SpanTooLongError)
        }
    }
}

impl Step {
    fn length_ms(self) -> u64 {
        match self {
            Step::Raw => 1,
            Step::Minute => MINUTE_MS,
            Step::Hour => HOUR_MS,
            Step::Day => DAY_MS,
        }
    }
}

fn milliseconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or(0)
}

impl History {
    /// The points of a stretch, each step of it, also those in which nothing happened. Blocks while it reads.
    pub fn points(&self, space: &Space, asked: Stretch) -> Result<Vec<Point>, ReadError> {
        let (from, to) = (milliseconds(asked.from), milliseconds(asked.to.min(Timestamp::now())));
        match asked.step {
            Step::Raw => self.raw(space.id, from, to),
            Step::Minute => self.slots(space, (from, to), MINUTE_MS),
            Step::Hour => self.slots(space, (from, to), HOUR_MS),
            Step::Day => Ok(days(&self.slots(space, (from - from % DAY_MS, to), HOUR_MS)?)),
        }
    }

    fn slots(&self, space: &Space, (from, to): (u64, u64), slot_ms: u64) -> Result<Vec<Point>, ReadError> {
        let (ledger, row_ms) = if slot_ms == MINUTE_MS {
            (MINUTES, HALF_HOUR_MS)
        } else {
            (HOURS, DAY_MS)
        };
        let (first, end) = (from / row_ms, to.div_ceil(row_ms));
        let mut known: Vec<(u64, Slot)> = Vec::new();
        let mut after = first.checked_sub(1).map(|before| key(space.id, before));
        'rows: loop {
            let rows = ledger.scan(&self.store, space.id.as_bytes(), after.as_deref(), 256)?;
            let full = rows.len() == 256;
            for (place, row) in rows {
                let Some(stretch) = stretch_of(&place) else { continue };
                known.extend(
                    row.slots
                        .iter()
                        .map(|(number, slot)| (stretch * row_ms + u64::from(*number) * slot_ms, *slot)),
                );
                after = Some(place);
                // One row beyond the end says what the count was before it.
                if stretch >= end {
                    break 'rows;
                }
            }
            if !full {
                break;
            }
        }
        Ok(fill(&known, space, (from - from % slot_ms, to), slot_ms))
    }

    fn raw(&self, space: SpaceId, from: u64, to: u64) -> Result<Vec<Point>, ReadError> {
        let mut points = Vec::new();
        let mut after = (from / HOUR_MS).checked_sub(1).map(|before| after_parts(space, before));
        loop {
            let rows = CHANGES.scan(&self.store, space.as_bytes(), after.as_deref(), 256)?;
            let Some((last, _)) = rows.last() else {
                return Ok(points);
            };
            after = Some(last.clone());
            for (place, row) in rows {
                let hour = stretch_of(&place).unwrap_or(0) * HOUR_MS;
                for change in row.changes {
                    let at = hour + u64::from(change.0);
                    if at >= to || points.len() as u64 >= MOST {
                        return Ok(points);
                    }
                    if at >= from {
                        points.push(raw_point(at, change.1, change.2));
                    }
                }
            }
        }
    }
}

fn at(milliseconds: u64) -> Timestamp {
    i64::try_from(milliseconds)
        .ok()
        .and_then(|at| Timestamp::from_millisecond(at).ok())
        .unwrap_or(Timestamp::MAX)
}

fn raw_point(when: u64, by: i64, count: u32) -> Point {
    let (entered, left) = if by > 0 {
        (by.unsigned_abs(), 0)
    } else {
        (0, by.unsigned_abs())
    };
    Point {
        at: at(when),
        min: count,
        max: count,
        mean: f64::from(count),
        entered,
        left,
        close: count,
    }
}

/// Every slot from `from` to `to`: where nothing is known, the count stood still since the one before, or, before
/// the first, at what the next began with.
fn fill(known: &[(u64, Slot)], space: &Space, (from, to): (u64, u64), slot_ms: u64) -> Vec<Point> {
    let created = milliseconds(space.created);
    let mut next = known.partition_point(|(begins, _)| *begins < from);
    let before = next.checked_sub(1).map(|place| known[place].1.close);
    let following = known.get(next).map(|(_, slot)| slot.open);
    let mut count = before.or(following).unwrap_or(space.occupancy.current);
    let mut points = Vec::new();
    let mut begins = from;
    while begins < to {
        let slot = match known.get(next) {
            Some((here, slot)) if *here == begins => {
                next += 1;
                *slot
            }
            _ => Slot::quiet(count, slot_ms),
        };
        count = slot.close;
        if begins + slot_ms > created {
            points.push(point(begins, slot, slot_ms));
        }
        begins += slot_ms;
    }
    points
}

fn point(begins: u64, slot: Slot, length_ms: u64) -> Point {
    let mean = (slot.mean(length_ms) * 100.0).round() / 100.0;
    Point {
        at: at(begins),
        min: slot.min,
        max: slot.max,
        mean,
        entered: slot.entered,
        left: slot.left,
        close: slot.close,
    }
}

/// Days out of their hours.
fn days(hours: &[Point]) -> Vec<Point> {
    let day_of = |point: &Point| milliseconds(point.at) / DAY_MS;
    hours
        .chunk_by(|one, other| day_of(one) == day_of(other))
        .map(|hours| Point {
            at: at(day_of(&hours[0]) * DAY_MS),
            min: hours.iter().map(|hour| hour.min).min().unwrap_or(0),
            max: hours.iter().map(|hour| hour.max).max().unwrap_or(0),
            mean: (hours.iter().map(|hour| hour.mean).sum::<f64>() / hours.len() as f64 * 100.0).round() / 100.0,
            entered: hours.iter().map(|hour| hour.entered).sum(),
            left: hours.iter().map(|hour| hour.left).sum(),
            close: hours.last().map_or(0, |hour| hour.close),
        })
        .collect()
}
