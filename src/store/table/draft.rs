//! Rows that lie over the table: written, or deleted, and not carried there yet.

use std::collections::BTreeMap;
use std::ops::Bound;

use sled::IVec;

/// A key and its row.
pub(in crate::store) type Row = (IVec, IVec);

/// What stands under a key now, or that nothing does any more.
pub(in crate::store) type Draft = BTreeMap<IVec, Option<IVec>>;

/// What `layers` say of keys from `from` on that begin with `prefix`; later layers win.
pub(in crate::store) fn within(layers: &[&Draft], prefix: &[u8], from: &[u8]) -> Draft {
    let range = (Bound::Included(IVec::from(from)), Bound::Unbounded);
    let mut found = Draft::new();
    for layer in layers {
        let rows = layer.range(range.clone());
        found.extend(
            rows.take_while(|(key, _)| key.starts_with(prefix))
                .map(|(key, row)| (key.clone(), row.clone())),
        );
    }
    found
}

/// The first `limit` rows of `standing`, which come in key order, with `draft` laid over them.
pub(in crate::store) fn overlaid<E>(
    standing: impl Iterator<Item = Result<Row, E>>,
    draft: Draft,
    limit: usize,
) -> Result<Vec<Row>, E> {
    let mut draft = draft.into_iter().peekable();
    let mut rows = Vec::new();
    for row in standing {
        if rows.len() >= limit {
            break;
        }
        let (key, row) = row?;
        let mut hidden = false;
        while let Some((changed, row)) = draft.next_if(|(changed, _)| *changed <= key) {
            hidden |= changed == key;
            rows.extend(row.map(|row| (changed, row)));
        }
        if !hidden {
            rows.push((key, row));
        }
    }
    if rows.len() < limit {
        rows.extend(draft.filter_map(|(key, row)| Some((key, row?))));
    }
    rows.truncate(limit);
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layer() -> impl Strategy<Value = BTreeMap<Vec<u8>, Option<u8>>> {
        prop::collection::btree_map(prop::collection::vec(0..3_u8, 1..4), any::<Option<u8>>(), 0..12)
    }

    fn draft(rows: &BTreeMap<Vec<u8>, Option<u8>>) -> Draft {
        let row = |(key, row): (&Vec<u8>, &Option<u8>)| (key.as_slice().into(), row.map(|row| vec![row].into()));
        rows.iter().map(row).collect()
    }

    proptest! {
        #[test]
        fn layers_over_rows_are_as_if_written_in_turn(
            standing in layer(), lower in layer(), upper in layer(),
            prefix in prop::collection::vec(0..3_u8, 0..2),
            limit in 0..15_usize,
        ) {
            let mut whole = standing.clone();
            whole.extend(lower.clone());
            whole.extend(upper.clone());
            let expected: Vec<Row> = draft(&whole)
                .into_iter()
                .filter(|(key, _)| key.starts_with(&prefix))
                .filter_map(|(key, row)| Some((key, row?)))
                .take(limit)
                .collect();
            let changed = within(&[&draft(&lower), &draft(&upper)], &prefix, &prefix);
            let standing = draft(&standing).into_iter().filter(|(key, _)| key.starts_with(&prefix));
            let standing = standing.filter_map(|(key, row)| Some(Ok::<_, ()>((key, row?))));
            prop_assert_eq!(overlaid(standing, changed, limit).unwrap(), expected);
        }
    }
}
