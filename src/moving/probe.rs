//! The readers' ways in for the fuzz targets in `tests/fuzz` and for property tests: any bytes are read or refused, never a
//! panic, and no more is kept than was there.

use super::counted::Counted;
use super::letsencrypt::Renewal;
use super::lines::Lines;
use super::openssl_index;
use super::rdb::{Held, Rdb};
use super::registry::{Heading, Suppliers};

/// Bytes of a line at most, as the longest of the imports has it.
const LONGEST: usize = 16 << 10;

/// A text of lines: a registry, a table of suppliers, an index, a renewal.
pub fn text(bytes: &[u8]) {
    let (mut heading, mut suppliers, mut renewal) = (None, None, Renewal::default());
    for line in Lines::new(bytes, LONGEST).flatten() {
        assert!(line.text.len() <= LONGEST && line.text.len() <= bytes.len());
        if line.number == 1 {
            heading = Heading::read(&line.text).ok();
            suppliers = Suppliers::read(&line.text).ok();
        }
        if let Some(Ok(Some(meter))) = heading.as_ref().map(|heading| heading.row(&line.text)) {
            assert!(!meter.link.is_empty());
        }
        let _ = suppliers.map(|suppliers| suppliers.row(&line.text));
        if let Ok(Some(one)) = openssl_index::row(&line.text) {
            assert!(one.serial.first() != Some(&0));
        }
        renewal.add(&line.text);
    }
}

/// A dump of Redis.
pub fn dump(bytes: &[u8]) {
    let Ok(mut dump) = Rdb::new(bytes) else { return };
    while let Ok(Some(found)) = dump.next_key() {
        assert!(found.at < bytes.len() as u64);
        if let (Held::Hash(fields), Some(key)) = (&found.held, &found.key) {
            let _ = Counted::read(key, fields);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            super::text(&bytes);
            super::dump(&bytes);
            super::dump(&[&b"REDIS0011"[..], &bytes].concat());
        }

        #[test]
        fn a_dump_with_a_byte_changed_is_read_or_refused(place in any::<prop::sample::Index>(), byte: u8, cut in any::<prop::sample::Index>()) {
            let mut bytes = super::super::rdb::sample();
            let place = place.index(bytes.len());
            bytes[place] = byte;
            super::dump(&bytes);
            super::dump(&bytes[..cut.index(bytes.len())]);
        }
    }
}
