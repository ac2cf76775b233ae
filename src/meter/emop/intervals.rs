//! Intervals of three phase meters (EMOP §8).

use std::fmt;
use std::ops::Range;

use super::identity::MeterType;
use super::inferred::{IntervalLayout, StatusPlace};
use super::object::ObjectId;
use super::time::MeterTime;
use super::value::PayloadError;

/// Seconds that one request may ask for, so that the reply fits into one frame.
pub const CHUNK: u32 = 4 * 3_600;
/// Seconds that one call may ask for.
pub const LIMIT: u32 = 24 * 3_600;
/// The profile that is read.
pub const PROFILE: u8 = 0;

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// When its first interval begins.
    pub start: MeterTime,
    /// Length of an interval.
    pub minutes: u8,
    /// What is measured, in the order of the values.
    pub channels: Vec<ObjectId>,
    /// The intervals.
    pub rows: Vec<Row>,
}

/// One interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its flags, bit 0 first as the table names them.
    pub status: u16,
    /// A value for each channel; a meter of its own scale (EMOP §8.2).
    pub values: Vec<u32>,
}

/// Why there is nothing to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// It ends before it begins, or at once.
    #[error("the end of a span must lie after its start")]
    Empty,
    /// Meters answer for a day at most.
    #[error("a span of {0} s is asked for, 24 hours (86400 s) is the most")]
    TooLong(u32),
}

/// Cuts a span into pieces that a meter can answer.
pub fn chunks(span: Range<MeterTime>) -> Result<impl Iterator<Item = Range<MeterTime>>, SpanError> {
    let (start, end) = (span.start.0, span.end.0);
    if end <= start {
        return Err(SpanError::Empty);
    }
    if end - start > LIMIT {
        return Err(SpanError::TooLong(end - start));
    }
    let pieces = (start..end).step_by(CHUNK as usize);
    Ok(pieces.map(move |from| MeterTime(from)..MeterTime(end.min(from.saturating_add(CHUNK)))))
}

impl Block {
    /// Reads the message of a reply.
    pub fn decode(message: &[u8], layout: &IntervalLayout) -> Result<Block, PayloadError> {
        let short = |needed: usize| PayloadError::Short {
            needed: layout.wrapper + needed,
            held: message.len(),
        };
        let block = message.get(layout.wrapper..).ok_or(short(0))?;
        let byte = |at: usize| block.get(at).copied().ok_or(short(at + 1));
        let start = block
            .get(layout.start..)
            .and_then(<[u8]>::first_chunk)
            .ok_or(short(layout.start + 4))?;
        let count = usize::from(byte(layout.channels)?);
        let records_at = layout.channel_ids + 3 * count;
        let ids = block.get(layout.channel_ids..records_at).ok_or(short(records_at))?;
        let records = block[records_at..].chunks_exact(2 + 4 * count);
        if !records.remainder().is_empty() {
            return Err(short(
                records_at + (block.len() - records_at).next_multiple_of(2 + 4 * count),
            ));
        }
        Ok(Block {
            start: MeterTime(u32::from_le_bytes(*start)),
            minutes: byte(layout.minutes)?,
            channels: ids
                .chunks_exact(3)
                .map(|id| ObjectId::from_bytes([id[0], id[1], id[2]]))
                .collect(),
            rows: records.map(|record| Row::decode(record, layout.status)).collect(),
        })
    }

    /// The rows with their moments, which count from this block's own start; rows beyond the end of a
    /// meter's time are left out.
    pub fn timed(&self) -> impl Iterator<Item = (MeterTime, &Row)> {
        let step = u64::from(self.minutes) * 60;
        self.rows.iter().enumerate().filter_map(move |(index, row)| {
            let at = u64::from(self.start.0) + step * index as u64;
            u32::try_from(at).ok().map(|at| (MeterTime(at), row))
        })
    }
}

impl Row {
    fn decode(record: &[u8], place: StatusPlace) -> Row {
        let (status, values) = match place {
            StatusPlace::First => record.split_at(2),
            StatusPlace::Last => {
                let (values, status) = record.split_at(record.len() - 2);
                (status, values)
            }
        };
        let value = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("cut into fours"));
        Row {
            status: u16::from_le_bytes([status[0], status[1]]),
            values: values.chunks_exact(4).map(value).collect(),
        }
    }

    /// The names of the flags that are set.
    pub fn flags<'l>(&self, layout: &'l IntervalLayout) -> impl Iterator<Item = &'l str> {
        let status = self.status;
        let set = move |(bit, _): &(usize, &String)| status >> bit & 1 == 1;
        layout
            .status_bits
            .iter()
            .enumerate()
            .filter(set)
            .map(|(_, name)| name.as_str())
    }
}

/// What a channel's column is called; an unknown one by its number (EMOP §8.4).
#[must_use]
pub fn column(channel: ObjectId) -> String {
    let known = COLUMNS.iter().find(|(id, _)| *id == channel.number());
    known.map_or_else(|| channel.to_string(), |(_, name)| (*name).to_owned())
}

const COLUMNS: &[(u32, &str)] = &[
    (0xD7_9600, "active_import_demand"),
    (0xD7_9601, "active_export_demand"),
    (0xD7_9602, "reactive_import_demand"),
    (0xD7_9603, "reactive_export_demand"),
    (0xD7_9604, "reactive_energy_quadrant_1_demand"),
    (0xD7_9605, "reactive_energy_quadrant_2_demand"),
    (0xD7_9606, "reactive_energy_quadrant_3_demand"),
    (0xD7_9607, "reactive_energy_quadrant_4_demand"),
    (0x01_0800, "total_active_energy_import"),
    (0x02_0800, "total_active_energy_export"),
    (0x03_0800, "total_reactive_energy_import"),
    (0x04_0800, "total_reactive_energy_export"),
    (0x09_0800, "total_apparent_energy_import"),
    (0x10_0800, "total_apparent_energy_export"),
];

/// A value on the scale of a meter, exact: `2.78`, `5.0`, and `0` for nothing at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scaled {
    raw: u32,
    per_unit: u32,
}

/// A meter whose scale nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the scale of a three phase meter of type {0} is not known")]
pub struct UnknownScaleError(pub u8);

impl Scaled {
    /// A count of a meter of this type.
    pub fn new(raw: u32, meter: MeterType) -> Result<Scaled, UnknownScaleError> {
        match meter {
            MeterType::Other(byte) => Err(UnknownScaleError(byte)),
            MeterType::AxWholeCurrent | MeterType::CxCtOperated => {
                let per_unit = meter.hardware().counts_per_kilo();
                Ok(Scaled { raw, per_unit })
            }
        }
    }
}

impl fmt::Display for Scaled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.raw == 0 {
            return f.write_str("0");
        }
        let digits = self.per_unit.ilog10() as usize;
        let fraction = format!("{:0digits$}", self.raw % self.per_unit);
        let fraction = match fraction.trim_end_matches('0') {
            "" => "0",
            fraction => fraction,
        };
        write!(f, "{}.{fraction}", self.raw / self.per_unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_day_is_asked_for_in_six_pieces() {
        let day = MeterTime(0)..MeterTime(LIMIT);
        let pieces: Vec<_> = chunks(day).unwrap().collect();
        assert_eq!(pieces.len(), 6);
        assert!(pieces.windows(2).all(|two| two[0].end == two[1].start));
        assert_eq!(
            chunks(MeterTime(5)..MeterTime(6)).unwrap().collect::<Vec<_>>(),
            [MeterTime(5)..MeterTime(6)]
        );
        assert_eq!(chunks(MeterTime(5)..MeterTime(5)).err(), Some(SpanError::Empty));
        assert_eq!(
            chunks(MeterTime(0)..MeterTime(LIMIT + 1)).err(),
            Some(SpanError::TooLong(86_401))
        );
        let last = chunks(MeterTime(u32::MAX - 7)..MeterTime(u32::MAX)).unwrap().last();
        assert_eq!(last, Some(MeterTime(u32::MAX - 7)..MeterTime(u32::MAX)));
    }

    #[test]
    fn counts_of_current_transformers_have_four_digits() {
        let text = |raw| Scaled::new(raw, MeterType::CxCtOperated).unwrap().to_string();
        assert_eq!([1, 10_000, 10_010, 0].map(text), ["0.0001", "1.0", "1.001", "0"]);
        assert_eq!(Scaled::new(1, MeterType::Other(9)), Err(UnknownScaleError(9)));
    }

    proptest! {
        #[test]
        fn any_message_is_a_block_or_refused(message in proptest::collection::vec(any::<u8>(), 0..243), status_last: bool) {
            let mut layout = IntervalLayout::default();
            if status_last {
                layout.status = StatusPlace::Last;
            }
            if let Ok(block) = Block::decode(&message, &layout) {
                prop_assert!(block.rows.iter().all(|row| row.values.len() == block.channels.len()));
                prop_assert!(block.timed().count() <= block.rows.len());
                prop_assert_eq!(6 + 3 * block.channels.len() + block.rows.len() * (2 + 4 * block.channels.len()), message.len());
            }
        }
    }
}
