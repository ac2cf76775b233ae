//! Replay: the rows that changes of the log put and deleted, in the order they were made.

use std::ops::RangeInclusive;
use std::path::Path;

use crate::domain::Seq;
use crate::store::FileError;
use crate::store::files::{self, Disk};
use crate::store::keep::snapshot::Overlay;
use crate::store::log::record::Record;
use crate::store::log::segment::{self, Header, Walk};

/// Everything after `seq`.
pub(in crate::store) fn after(seq: Seq) -> RangeInclusive<Seq> {
    seq.next()..=Seq(u64::MAX)
}

/// Lays the changes of `seqs` that stand in the segment at `path` over `rows`.
///
/// Gives what was found in the file, for the caller to judge: nothing is laid over that is not whole.
pub(in crate::store) fn replay(
    disk: &dyn Disk,
    path: &Path,
    header: &Header,
    seqs: RangeInclusive<Seq>,
    rows: &mut Overlay,
) -> Result<Walk, FileError> {
    let bytes = files::read_path(disk, path)?.unwrap_or_default();
    Ok(segment::walk(&bytes, header, |_, record| {
        if let Record::Change(change) = record
            && seqs.contains(&change.head.seq)
        {
            for (key, row) in &change.rows {
                rows.insert(key.to_vec(), row.map(<[u8]>::to_vec));
            }
        }
    }))
}
