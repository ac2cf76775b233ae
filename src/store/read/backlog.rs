//! How far a reader of the journal is behind, for status and metrics.

use crate::domain::{Lane, Seq};
use crate::store::read::reader::{Reader, Step};
use crate::store::{Delivery, ReadError, Store};

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

    /// What `reader` has not acknowledged of a lane, oldest first, up to what the journal holds now; without a cursor,
    /// all of it. It takes nothing from the reader's subscription. Reads the disk, as far as the reader is behind.
    pub fn unacknowledged(
        &self,
        reader: &str,
        lane: Lane,
    ) -> impl Iterator<Item = Result<Delivery, ReadError>> + use<> {
        let shared = self.shared();
        let before = Seq(self.oldest().0.saturating_sub(1));
        let after = self.acknowledged(reader, lane).unwrap_or(before);
        let until = *shared.bell.borrow();
        let mut place = Some(Reader::new(shared.segments.clone(), after, Some(lane)));
        std::iter::from_fn(move || {
            loop {
                match place.as_mut()?.step(until) {
                    Ok(Step::Entry(entry)) => return Some(Ok(Delivery::Entry(entry))),
                    Ok(Step::Gap(gap)) => return Some(Ok(Delivery::Gap(gap))),
                    Ok(Step::Further) => {}
                    Ok(Step::End) => place = None,
                    Err(error) => {
                        place = None;
                        return Some(Err(error));
                    }
                }
            }
        })
    }
}
