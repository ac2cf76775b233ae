//! The decoders of the book for fuzzing (`tests/fuzz`): they take any bytes and must not panic.

use super::frame;
use super::record;
use super::segment::{self, Header, Kept};
use super::snapshot;
use super::thinning;
use crate::domain::Seq;

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
        kept: Kept::All,
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

#[cfg(test)]
mod tests {
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
        }

        #[test]
        fn rows_of_a_block_are_read_back(rows in proptest::collection::btree_map(vec(any::<u8>(), 0..20), vec(any::<u8>(), 0..200), 0..20)) {
            let mut body = vec![16];
            for (key, value) in &rows {
                for part in [key, value] {
                    crate::store::frame::put_length(&mut body, part.len());
                    body.extend_from_slice(part);
                }
            }
            let read = crate::store::snapshot::block_rows(&body).unwrap();
            prop_assert!(read.iter().copied().eq(rows.iter().map(|(key, value)| (key.as_slice(), value.as_slice()))));
        }
    }
}
