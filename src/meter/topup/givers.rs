//! Top-ups by who gave them: for whoever takes their data, and without a name once somebody is erased (PRIV §2.2).

use super::ledger::{TOPUPS, get_on, of_meter};
use super::row::TopupRow;
use super::shown::{Around, TopupShown};
use crate::accounts::Sight;
use crate::domain::{MeterId, Seq};
use crate::store::{Page, ReadError, RowError, Store, WriteError};

/// What stands in the place of a name.
const NOBODY: &str = "somebody who was erased";
/// Rows that one change writes.
const AT_ONCE: usize = 24;

/// The top-ups of a meter that were made in somebody's time, the newest first.
///
/// # Errors
///
/// When the book cannot be read.
pub(in crate::meter) fn within(store: &Store, meter: &MeterId, sight: &Sight) -> Result<Vec<TopupShown>, ReadError> {
    let around = Around {
        wants_the_code: false,
        served: true,
        behind: false,
        now: store.now(),
    };
    let rows = of_meter(store, meter, None, usize::MAX)?.into_iter();
    let theirs = rows.filter(|row| sight.holds(row.made));
    Ok(theirs.map(|row| TopupShown::of(row, &around)).collect())
}

/// Takes a name out of the top-ups of a meter.
///
/// # Errors
///
/// When the book cannot be read, or takes nothing.
pub(in crate::meter) async fn disown(store: &Store, meter: &MeterId, name: &str) -> Result<(), WriteError<RowError>> {
    let (reader, of, by) = (store.clone(), meter.clone(), format!("person {name}"));
    let sought = by.clone();
    let found = tokio::task::spawn_blocking(move || {
        let rows = of_meter(&reader, &of, None, usize::MAX)?;
        let theirs = rows.into_iter().filter(|row| names(row, &sought));
        Ok::<_, ReadError>(theirs.map(|row| row.seq).collect::<Vec<Seq>>())
    });
    let found = found.await.expect("looking for rows does not panic");
    let seqs = found.map_err(|error| WriteError::Refused(error.into()))?;
    for some in seqs.chunks(AT_ONCE) {
        let (some, by) = (some.to_vec(), by.clone());
        store.write_bulk(move |page| disown_on(page, &some, &by)).await?;
    }
    Ok(())
}

fn names(row: &TopupRow, by: &str) -> bool {
    row.origin.by == by || row.by_hand.as_ref().is_some_and(|hand| hand.by == by)
}

fn disown_on(page: &mut Page, seqs: &[Seq], by: &str) -> Result<(), RowError> {
    for seq in seqs {
        let Some(mut row) = get_on(page, *seq)? else {
            continue;
        };
        if row.origin.by == by {
            row.origin.by = NOBODY.to_owned();
        }
        if let Some(hand) = row.by_hand.as_mut().filter(|hand| hand.by == by) {
            hand.by = NOBODY.to_owned();
        }
        TOPUPS.put_on(page, &seq.0.to_be_bytes(), &row)?;
    }
    Ok(())
}
