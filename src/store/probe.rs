//! The decoders of the book for fuzzing (`tests/fuzz`): they take any bytes and must not panic.

use super::files::Disk;
use super::keep::snapshot;
use super::log::frame;
use super::log::record;
use super::log::segment::{self, Header, Thinning};
use super::log::thinning;
use super::readings;
use crate::domain::Seq;
use std::path::Path;

/// Reads `bytes` as the body of a record, and as a segment that is walked, mended and walked again.
pub fn log_record(bytes: &[u8]) {
    let body = record::decode(bytes);
    let peeked = record::peek(bytes, None);
    assert!(!matches!(body, Some(record::Record::Change(_))) || peeked.is_some());
    let mut framed = Vec::new();
    let at = frame::begin(&mut framed);
    framed.extend_from_slice(bytes);
    frame::finish(&mut framed, at);
    let header = Header {
        epoch: 1,
        first: Seq(1),
        last: None,
        kept: Thinning::All,
    };
    for content in [bytes, &framed] {
        let segment = [&header.encode(), content].concat();
        let walk = segment::walk(&segment, &header, |_, _| ());
        let last = Seq(walk.last.0.min(u64::MAX - 2));
        let mended = thinning::mend(&segment, &header, last);
        let Some(header) = Header::decode(&mended) else {
            panic!("a mended segment has a header");
        };
        assert!(segment::walk(&mended, &header, |_, _| ()).holes.is_empty());
    }
}

/// Reads `bytes` as a block of a snapshot.
pub fn snapshot(bytes: &[u8]) {
    let rows = snapshot::block_rows(bytes).unwrap_or_default();
    assert!(rows.is_sorted_by(|(one, _), (next, _)| one < next));
}

/// Reads `bytes` as a row of readings, and as the body of a frame in a month file.
pub fn readings_row(bytes: &[u8]) {
    let month = readings::Month::from_number(2024 * 12).expect("a month like any other");
    if let Some(part) = readings::decode(month, bytes) {
        let framed = readings::encode(month, &part);
        assert_eq!(readings::decode(month, &framed[frame::OVERHEAD..]), Some(part));
    }
    if let Some(day) = readings::Day::decode(bytes) {
        assert_eq!(readings::Day::decode(&day.encode()), Some(day));
    }
}

/// Reads `bytes`, which stand at `path` on `disk`, as a month file: from end to end, and block by block. What checks as
/// whole can be read whole.
pub fn month_file(disk: &dyn Disk, path: &Path) {
    let month = readings::Month::from_number(2024 * 12).expect("a month like any other");
    let check = readings::check(disk, path, month).expect("the file is there");
    let side = readings::MonthFile::open(disk, path, month);
    assert!(!check.whole || matches!(side, Ok(Some(_))));
    let Ok(Some(side)) = side else { return };
    for series in side.series() {
        let days = side.days(series);
        assert!(!check.whole || days.is_ok());
    }
}

#[cfg(test)]
mod tests {
    use crate::store::files::RealDisk;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(mut bytes in vec(any::<u8>(), 0..400), kind in 0u8..20) {
            super::log_record(&bytes);
            super::snapshot(&bytes);
            if let Some(first) = bytes.first_mut() { *first = kind }
            super::log_record(&bytes);
            super::snapshot(&bytes);
            super::readings_row(&bytes);
        }

        #[test]
        fn any_bytes_are_a_month_file_or_refused(parts in vec((45u8..54, vec(any::<u8>(), 0..60)), 0..6), torn in vec(any::<u8>(), 0..20)) {
            let mut bytes = Vec::new();
            for (kind, part) in parts {
                let at = crate::store::log::frame::begin(&mut bytes);
                bytes.push(kind);
                bytes.extend(part);
                crate::store::log::frame::finish(&mut bytes, at);
            }
            bytes.extend(torn);
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), bytes).unwrap();
            super::month_file(&RealDisk, file.path());
        }

        #[test]
        fn rows_of_a_block_are_read_back(rows in proptest::collection::btree_map(vec(any::<u8>(), 0..20), vec(any::<u8>(), 0..200), 0..20)) {
            let mut body = vec![16];
            for (key, value) in &rows {
                for part in [key, value] {
                    crate::store::log::frame::put_length(&mut body, part.len());
                    body.extend_from_slice(part);
                }
            }
            let read = crate::store::keep::snapshot::block_rows(&body).unwrap();
            prop_assert!(read.iter().copied().eq(rows.iter().map(|(key, value)| (key.as_slice(), value.as_slice()))));
        }
    }
}
