//! Claims: from where on the log must be there, as the snapshots and cursors on disk say.
//!
//! Segments go only when the older snapshot and every cursor are past them (`book.md` promise 9),
//! so a log that begins later than that has lost its beginning.

use super::FileError;
use super::cursors;
use super::files::{self, Disk};
use super::record::Record;
use super::schema::CURSORS;
use super::segment;
use super::snapshot::{self, Overlay, Rows};
use super::survey::{FoundSegment, FoundSnapshot};
use crate::domain::Seq;

/// The first sequence that the log must have, when it began with `begins`.
pub(super) fn first_needed(
    disk: &dyn Disk,
    begins: Seq,
    snapshots: &[FoundSnapshot],
    segments: &[FoundSegment],
) -> Result<Seq, FileError> {
    let Some(oldest) = snapshots.first() else {
        return Ok(begins);
    };
    let mut rows = Overlay::new();
    let base = snapshots.iter().rev().find(|snapshot| snapshot.whole());
    if let Some(base) = base {
        cursor_rows(disk, base, &mut rows)?;
    }
    let after = base.map_or(Seq::ZERO, |base| base.seq);
    for found in segments.iter().filter(|found| found.walk.last > after) {
        let bytes = files::read_path(disk, &found.path)?.unwrap_or_default();
        segment::walk(&bytes, &found.effective_header(), |_, record| {
            if let Record::Change(change) = record
                && change.head.seq > after
            {
                for (key, row) in change.rows.iter().filter(|(key, _)| is_cursor(key)) {
                    rows.insert(key.to_vec(), row.map(<[u8]>::to_vec));
                }
            }
        });
    }
    let floor = rows.values().flatten().filter_map(|row| cursors::place_in(row)).min();
    let claimed = floor.map_or(oldest.seq, |floor| floor.min(oldest.seq));
    Ok(claimed.next().max(begins))
}

/// Cursors stand before all other rows.
fn cursor_rows(disk: &dyn Disk, base: &FoundSnapshot, rows: &mut Overlay) -> Result<(), FileError> {
    let mut blocks = Rows::open(disk, &base.path)?;
    while let Some(block) = blocks.next_block()? {
        for (key, row) in snapshot::block_rows(&block).unwrap_or_default() {
            if !is_cursor(key) {
                return Ok(());
            }
            rows.insert(key.to_vec(), Some(row.to_vec()));
        }
    }
    Ok(())
}

fn is_cursor(key: &[u8]) -> bool {
    key.first() == Some(&CURSORS.prefix)
}
