//! Claims: what else must be there, as the book's own rows in snapshots and log say.
//!
//! Segments go only when the older snapshot and every cursor are past them (BOOK P9),
//! so a log that begins later than that has lost its beginning. Rows name the month files that count
//! (BOOK P17).

use crate::domain::Seq;
use crate::store::FileError;
use crate::store::files::{self, Disk};
use crate::store::keep::snapshot::{self, Overlay, Rows};
use crate::store::log::record::Record;
use crate::store::log::segment;
use crate::store::open::found::{FoundSegment, FoundSnapshot};
use crate::store::read::cursors;
use crate::store::schema::{CURSORS, MONTH_FILES};

/// The book's own rows, as far as they can be read.
pub(in crate::store) fn own_rows(
    disk: &dyn Disk,
    snapshots: &[FoundSnapshot],
    segments: &[FoundSegment],
) -> Result<Overlay, FileError> {
    let mut rows = Overlay::new();
    let base = snapshots.iter().rev().find(|snapshot| snapshot.whole());
    if let Some(base) = base {
        own_rows_in(disk, base, &mut rows)?;
    }
    let after = base.map_or(Seq::ZERO, |base| base.seq);
    for found in segments.iter().filter(|found| found.walk.last > after) {
        let bytes = files::read_path(disk, &found.path)?.unwrap_or_default();
        segment::walk(&bytes, &found.effective_header(), |_, record| {
            if let Record::Change(change) = record
                && change.head.seq > after
            {
                for (key, row) in change.rows.iter().filter(|(key, _)| is_own(key)) {
                    rows.insert(key.to_vec(), row.map(<[u8]>::to_vec));
                }
            }
        });
    }
    Ok(rows)
}

/// The first sequence that the log must have, when it began with `begins`.
pub(in crate::store) fn first_needed(begins: Seq, snapshots: &[FoundSnapshot], rows: &Overlay) -> Seq {
    let Some(oldest) = snapshots.first() else {
        return begins;
    };
    let cursors = rows.iter().filter(|(key, _)| is_of(key, CURSORS.prefix));
    let floor = cursors.filter_map(|(_, row)| cursors::place_in(row.as_deref()?)).min();
    let claimed = floor.map_or(oldest.seq, |floor| floor.min(oldest.seq));
    claimed.next().max(begins)
}

/// The book's own rows stand before all others.
fn own_rows_in(disk: &dyn Disk, base: &FoundSnapshot, rows: &mut Overlay) -> Result<(), FileError> {
    let mut blocks = Rows::open(disk, &base.path)?;
    while let Some(block) = blocks.next_block()? {
        for (key, row) in snapshot::block_rows(&block).unwrap_or_default() {
            if key.first().is_some_and(|prefix| *prefix > MONTH_FILES.prefix) {
                return Ok(());
            }
            rows.insert(key.to_vec(), Some(row.to_vec()));
        }
    }
    Ok(())
}

fn is_own(key: &[u8]) -> bool {
    is_of(key, CURSORS.prefix) || is_of(key, MONTH_FILES.prefix)
}

fn is_of(key: &[u8], prefix: u8) -> bool {
    key.first() == Some(&prefix)
}
