//! The bytes of a month file: readings of one month that is over (BOOK F4). Pure.
//!
//! Frames (`frame.rs`, each with a checksum): a head that names the month; a *block* for each series, in their order,
//! with its days as rows hold them; the index, which says where each block begins; and an end of known length that
//! says where the index begins and how many leaves and readings there are.

use std::collections::BTreeMap;

use super::day::Day;
use super::series::{Month, Series};
use crate::domain::Register;
use crate::store::log::frame::{self, Body};

const HEAD: u8 = 48;
const LEAF: u8 = 49;
const INDEX: u8 = 50;
const END: u8 = 51;
const FORMAT: u8 = 1;

/// Bytes of the last frame.
pub(super) const END_BYTES: usize = frame::OVERHEAD + 1 + 3 * 8;

/// Leaves named in one frame of the index.
pub(super) const INDEX_LEAVES: usize = 1024;

/// Days of one series by their number since 1970.
pub(in crate::store) type Days = BTreeMap<u32, Day>;

/// Where a block begins and how long its frame is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Place {
    pub(in crate::store) series: Series,
    pub(in crate::store) offset: u64,
    pub(in crate::store) bytes: u32,
}

/// What the end of a month file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct End {
    /// Where the index begins.
    pub(in crate::store) index: u64,
    pub(in crate::store) leaves: u64,
    pub(in crate::store) readings: u64,
}

/// One frame of a month file.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store) enum Part {
    Head(Month),
    Leaf(Series, Days),
    Index(Vec<Place>),
    End(End),
}

/// A frame that holds `part` of the file of `month`.
pub(in crate::store) fn encode(month: Month, part: &Part) -> Vec<u8> {
    let mut bytes = Vec::new();
    let at = frame::begin(&mut bytes);
    match part {
        Part::Head(month) => {
            bytes.extend_from_slice(&[HEAD, FORMAT]);
            bytes.extend_from_slice(&month.number().to_le_bytes());
        }
        Part::Leaf(series, days) => {
            bytes.push(LEAF);
            put_series(&mut bytes, series);
            let (first, _) = month.days();
            for (day, readings) in days {
                let readings = readings.encode();
                frame::put_length(&mut bytes, (day - first) as usize);
                frame::put_length(&mut bytes, readings.len());
                bytes.extend_from_slice(&readings);
            }
        }
        Part::Index(places) => {
            bytes.push(INDEX);
            for place in places {
                put_series(&mut bytes, &place.series);
                bytes.extend_from_slice(&place.offset.to_le_bytes());
                frame::put_length(&mut bytes, place.bytes as usize);
            }
        }
        Part::End(end) => {
            bytes.push(END);
            for number in [end.index, end.leaves, end.readings] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
    }
    frame::finish(&mut bytes, at);
    bytes
}

/// What the body of a frame in the file of `month` holds; `None` when it is nothing of a month file.
pub(in crate::store) fn decode(month: Month, body: &[u8]) -> Option<Part> {
    let mut body = Body(body);
    let part = match body.byte()? {
        HEAD => {
            (body.byte()? == FORMAT).then_some(())?;
            let number = u32::from_le_bytes(body.bytes(4)?.try_into().ok()?);
            Part::Head(Month::from_number(number)?)
        }
        LEAF => Part::Leaf(series(&mut body)?, days(&mut body, month)?),
        INDEX => Part::Index(places(&mut body)?),
        END => Part::End(End {
            index: body.u64()?,
            leaves: body.u64()?,
            readings: body.u64()?,
        }),
        _ => return None,
    };
    body.0.is_empty().then_some(part)
}

fn put_series(bytes: &mut Vec<u8>, series: &Series) {
    let serial = series.meter.as_str();
    bytes.push(u8::try_from(serial.len()).expect("serials are short"));
    bytes.extend_from_slice(serial.as_bytes());
    bytes.push(series.register.number());
}

fn series(body: &mut Body<'_>) -> Option<Series> {
    let length = usize::from(body.byte()?);
    Some(Series {
        meter: std::str::from_utf8(body.bytes(length)?).ok()?.parse().ok()?,
        register: Register::from_number(body.byte()?)?,
    })
}

fn days(body: &mut Body<'_>, month: Month) -> Option<Days> {
    let (first, many) = month.days();
    let mut days = Days::new();
    while !body.0.is_empty() {
        let number = u32::try_from(body.length()?).ok().filter(|number| *number < many)?;
        let length = body.length()?;
        let day = Day::decode(body.bytes(length)?)?;
        let in_order = days.last_key_value().is_none_or(|(last, _)| *last < first + number);
        in_order.then_some(())?;
        days.insert(first + number, day);
    }
    Some(days)
}

fn places(body: &mut Body<'_>) -> Option<Vec<Place>> {
    let mut places = Vec::new();
    while !body.0.is_empty() {
        places.push(Place {
            series: series(body)?,
            offset: body.u64()?,
            bytes: u32::try_from(body.length()?).ok()?,
        });
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Reading, WattHours};
    use crate::store::log::frame::Frame;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn month() -> Month {
        Month::from_number(2024 * 12 + 11).unwrap()
    }

    fn a_series(serial: &str, register: prop::sample::Index) -> Series {
        Series {
            meter: serial.parse().unwrap(),
            register: *register.get(Register::ALL),
        }
    }

    fn read_back(part: &Part) -> Option<Part> {
        let bytes = encode(month(), part);
        match frame::read(&bytes, 0) {
            Frame::Whole { body, next } if next == bytes.len() => decode(month(), body),
            Frame::Whole { .. } | Frame::Broken | Frame::End => None,
        }
    }

    proptest! {
        #[test]
        fn parts_are_read_back(
            serial in "[A-Za-z0-9]{1,32}", register: prop::sample::Index,
            points in prop::collection::btree_map(0u32..31, (0u32..48, any::<u64>()), 0..31),
            numbers: (u64, u32, u64),
        ) {
            let series = a_series(&serial, register);
            let (first, _) = month().days();
            let days = points.iter().map(|(number, (half, value))| {
                let mut day = Day::default();
                day.put(half * 1800, &Reading::measured(Timestamp::UNIX_EPOCH, WattHours(*value), Timestamp::UNIX_EPOCH), None);
                (first + number, day)
            });
            let place = Place { series: series.clone(), offset: numbers.0, bytes: numbers.1 };
            let end = End { index: numbers.0, leaves: 1, readings: numbers.2 };
            for part in [Part::Head(month()), Part::Leaf(series, days.collect()), Part::Index(vec![place.clone(), place]), Part::End(end)] {
                let again = read_back(&part);
                prop_assert_eq!(again, Some(part));
            }
            prop_assert_eq!(encode(month(), &Part::End(end)).len(), END_BYTES);
        }

        #[test]
        fn any_bytes_are_a_part_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 45u8..54) {
            for kind in [None, Some(kind)] {
                if let (Some(kind), Some(first)) = (kind, bytes.first_mut()) { *first = kind }
                if let Some(part) = decode(month(), &bytes) {
                    prop_assert_eq!(read_back(&part), Some(part));
                }
            }
        }
    }
}
