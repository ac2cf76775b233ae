//! How far a reader of the journal is behind, for status and metrics.

use crate::domain::Seq;
use crate::store::Store;

/// What a reader has not acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Everything up to here is acknowledged, in all lanes.
    pub after: Seq,
    /// Changes that come after it, of whatever kind.
    pub changes: u64,
    /// About so many bytes of the journal come after it: whole segments are counted, and the part of one by sequence.
    pub bytes: u64,
}

impl Store {
    /// How far `reader` is behind; `None` when it has no cursor.
    #[must_use]
    pub fn backlog(&self, reader: &str) -> Option<Backlog> {
        let after = self.shared().cursors.reached(reader)?;
        let until = *self.shared().bell.borrow();
        let behind = self
            .shared()
            .segments
            .all()
            .into_iter()
            .filter(|segment| segment.last() > after);
        let bytes = behind.map(|segment| {
            let (first, last) = (segment.header.first.0, segment.last().0.min(until.0));
            let whole = last.saturating_sub(first) + 1;
            let part = last.saturating_sub(after.0.max(first.saturating_sub(1)));
            let bytes = u128::from(segment.shown()) * u128::from(part) / u128::from(whole);
            u64::try_from(bytes).unwrap_or(u64::MAX)
        });
        Some(Backlog {
            after,
            changes: until.0.saturating_sub(after.0),
            bytes: bytes.sum(),
        })
    }
}
