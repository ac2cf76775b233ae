//! Writing: readings into rows, each known one once, with an event for what is new. Only the meter room writes.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::day::{Day, Put};
use super::erased::{Erased, erased_on};
use super::lookup::{Lookup, decode};
use super::month_file::{self, NAMED};
use super::series::{Month, Series, day_of};
use crate::domain::{Event, MeterId, Quality, Reading, Register};
use crate::store::{Page, ROW_LIMIT, ReadError, RowError, Store, WriteError};

/// Rows that one change writes: with their events they are far below what a change may be.
const ROWS: usize = 24;

/// Changes that wait for the pen at once, which makes a group of them.
const AT_ONCE: usize = 5;

/// Readings of one register, in any order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Which meter.
    pub meter: MeterId,
    /// Which register of it.
    pub register: Register,
    /// What it showed.
    pub readings: Vec<Reading>,
}

/// What became of readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// New ones.
    pub added: u64,
    /// Those that took the place of another of the same moment, which was taken no later.
    pub replaced: u64,
    /// Those that were known: nothing was written.
    pub known: u64,
    /// Those that were not written, because what stands at their moment was taken later.
    pub older: u64,
    /// Those of a stretch that was erased: nothing of it is taken (BOOK P18).
    pub erased: u64,
    /// Those between half-hours that were not written, because the day holds 96 such already.
    pub crowded: u64,
}

impl std::ops::AddAssign for Recorded {
    fn add_assign(&mut self, more: Recorded) {
        self.added += more.added;
        self.replaced += more.replaced;
        self.known += more.known;
        self.older += more.older;
        self.erased += more.erased;
        self.crowded += more.crowded;
    }
}

/// Readings were not written.
#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    /// Its moment cannot be one.
    #[error("a reading of {meter} at {at}: no meter read anything before 1970")]
    Moment {
        /// Whose reading.
        meter: MeterId,
        /// When it claims to be.
        at: Timestamp,
    },
    /// A gap is no reading: leave it out.
    #[error("a reading of {meter} at {at} says that there is none")]
    Gap {
        /// Whose reading.
        meter: MeterId,
        /// When.
        at: Timestamp,
    },
    /// A row could not be read or written.
    #[error(transparent)]
    Row(#[from] RowError),
}

impl From<ReadError> for ReadingError {
    fn from(error: ReadError) -> ReadingError {
        ReadingError::Row(error.into())
    }
}

/// One row that is to be written: the readings by second of the day.
#[derive(Clone)]
struct RowDraft {
    series: Series,
    day: u32,
    readings: Vec<(u32, Reading)>,
    /// What the month file says of that day, and which file that is.
    below: Option<Day>,
    version: Option<u32>,
}

/// Writes readings. Only the meter room has one.
#[derive(Clone)]
pub struct ReadingsWriter {
    pub(super) store: Store,
}

impl ReadingsWriter {
    /// A writer of the readings of this book.
    #[must_use]
    pub fn new(store: Store) -> ReadingsWriter {
        ReadingsWriter { store }
    }

    /// Writes readings, as bulk work; moments are kept to the second.
    ///
    /// What is known already changes nothing and writes nothing, so anything may be said again. Of two that differ
    /// about one moment the one taken later stays. Up to 24 days of registers are written together or not at all;
    /// after an error the rest may be written or not, and all of it may be said again.
    pub async fn record(&self, batches: Vec<Batch>) -> Result<Recorded, WriteError<ReadingError>> {
        let rows = rows_of(batches).map_err(WriteError::Refused)?;
        let mut recorded = Recorded::default();
        for changes in rows.chunks(ROWS * AT_ONCE) {
            let changes = changes.chunks(ROWS).map(|rows| self.record_rows(rows.to_vec()));
            for outcome in join_all(changes).await {
                recorded += outcome?;
            }
        }
        Ok(recorded)
    }

    /// One change, made again when a month file changed while it was on its way.
    async fn record_rows(&self, mut rows: Vec<RowDraft>) -> Result<Recorded, WriteError<ReadingError>> {
        loop {
            rows = self.look_below(rows).await.map_err(WriteError::Refused)?;
            let wanted = rows.clone();
            if let Some(recorded) = self.store.write_bulk(move |page| record_on(page, &wanted)).await? {
                return Ok(recorded);
            }
        }
    }

    /// Notes what month files say of the days that are to be written.
    async fn look_below(&self, mut rows: Vec<RowDraft>) -> Result<Vec<RowDraft>, ReadingError> {
        let lookup = self.store.shared().readings();
        let mut sealed = false;
        for row in &rows {
            sealed |= Month::of(row.day)
                .map_or(Ok(None), |month| lookup.named(month))?
                .is_some();
        }
        if sealed {
            let looked = tokio::task::spawn_blocking(move || {
                note_below(&lookup, &mut rows)?;
                Ok::<_, ReadError>(rows)
            });
            return Ok(looked.await.expect("looking into a file does not panic")?);
        }
        for row in &mut rows {
            (row.below, row.version) = (None, None);
        }
        Ok(rows)
    }
}

fn note_below(lookup: &Lookup, rows: &mut [RowDraft]) -> Result<(), ReadError> {
    for same in rows.chunk_by_mut(|one, next| one.series == next.series && Month::of(one.day) == Month::of(next.day)) {
        let Some(month) = Month::of(same[0].day) else { continue };
        let (version, mut days) = match lookup.file(month)? {
            Some((named, file)) => {
                let days = file.days(&same[0].series).map_err(super::lookup::read_error)?;
                (Some(named.version), days)
            }
            None => (None, super::block::Days::new()),
        };
        for row in same {
            (row.below, row.version) = (days.remove(&row.day), version);
        }
    }
    Ok(())
}

/// The rows that the readings of `batches` belong in, in the order of their keys.
fn rows_of(batches: Vec<Batch>) -> Result<Vec<RowDraft>, ReadingError> {
    let mut rows: BTreeMap<(Series, u32), Vec<(u32, Reading)>> = BTreeMap::new();
    for Batch {
        meter,
        register,
        readings,
    } in batches
    {
        let series = Series { meter, register };
        for reading in readings.into_iter().map(to_the_second) {
            let (meter, at) = (series.meter.clone(), reading.at);
            let Some((day, second)) = day_of(at) else {
                return Err(ReadingError::Moment { meter, at });
            };
            if reading.quality == Quality::Gap {
                return Err(ReadingError::Gap { meter, at });
            }
            rows.entry((series.clone(), day)).or_default().push((second, reading));
        }
    }
    let rows = rows.into_iter().map(|((series, day), readings)| RowDraft {
        series,
        day,
        readings,
        below: None,
        version: None,
    });
    Ok(rows.collect())
}

fn to_the_second(reading: Reading) -> Reading {
    let whole = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
    Reading {
        at: whole(reading.at),
        taken: whole(reading.taken),
        ..reading
    }
}

/// Writes the rows; `None`, and nothing written, when another month file counts than was looked at.
fn record_on(page: &mut Page, rows: &[RowDraft]) -> Result<Option<Recorded>, ReadingError> {
    for row in rows {
        let Some(month) = Month::of(row.day) else { continue };
        let named = NAMED.get_on(page, &month_file::key(month))?;
        if named.map(|named| named.version) != row.version {
            return Ok(None);
        }
    }
    let mut recorded = Recorded::default();
    for same in rows.chunk_by(|one, next| one.series.meter == next.series.meter) {
        let erased = erased_on(page, &same[0].series.meter)?;
        for row in same {
            recorded += record_row(page, row, &erased)?;
        }
    }
    Ok(Some(recorded))
}

fn record_row(page: &mut Page, row: &RowDraft, erased: &[Erased]) -> Result<Recorded, ReadingError> {
    let key = row.series.key(row.day);
    let mut day = match page.get(&key)? {
        Some(bytes) => decode(&row.series, &bytes)?,
        None => Day::default(),
    };
    let (mut recorded, mut news) = (Recorded::default(), BTreeMap::new());
    for (second, reading) in &row.readings {
        if erased.iter().any(|stretch| stretch.covers(reading.at)) {
            recorded.erased += 1;
            continue;
        }
        let put = day.put(*second, reading, row.below.as_ref());
        let count = match put {
            Put::Added => &mut recorded.added,
            Put::Replaced => &mut recorded.replaced,
            Put::Known => &mut recorded.known,
            Put::Older => &mut recorded.older,
            Put::Crowded => &mut recorded.crowded,
        };
        *count += 1;
        if matches!(put, Put::Added | Put::Replaced) {
            news.insert(*second, *reading);
        }
    }
    let (Some((_, first)), Some((_, last))) = (news.first_key_value(), news.last_key_value()) else {
        return Ok(recorded);
    };
    let bytes = day.encode();
    debug_assert!(bytes.len() <= ROW_LIMIT, "a day refuses what would make it too large");
    page.put(key, &bytes)?;
    page.record(Event::ReadingsRecorded {
        meter: row.series.meter.clone(),
        register: row.series.register,
        from: first.at,
        count: u32::try_from(news.len()).unwrap_or(u32::MAX),
        last: *last,
    });
    Ok(recorded)
}
