//! Which authorities the box has had: an authority that is gone is never replaced in silence, since every certificate
//! that it issued would be worthless from then on.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Hierarchy, PkiError, register};
use crate::store::{Ledger, Store, schema};

/// By the hierarchy's name.
const AUTHORITIES: Ledger<Known> = Ledger::new(schema::AUTHORITIES);

/// An authority that stood here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// SHA-256 of its root certificate, lower-case hex.
    root: String,
    /// When it was first seen.
    since: Timestamp,
}

/// The hierarchies that have stood here: noted, or told by a certificate that one of them issued.
pub(super) fn hierarchies(store: &Store) -> Result<BTreeSet<Hierarchy>, PkiError> {
    // What another system issued says nothing of our own authorities.
    let ours = register::rows(store)?.into_iter().filter(|row| !row.foreign);
    let mut known: BTreeSet<Hierarchy> = ours.map(|row| row.hierarchy).collect();
    for hierarchy in Hierarchy::ALL {
        if AUTHORITIES.get(store, hierarchy.name().as_bytes())?.is_some() {
            known.insert(hierarchy);
        }
    }
    Ok(known)
}

/// Notes the authorities that stand here now, by the SHA-256 of their roots. Says which are others than before.
pub(super) async fn note(
    store: &Store,
    standing: Vec<(Hierarchy, String)>,
    now: Timestamp,
) -> Result<Vec<Hierarchy>, PkiError> {
    let mut changed = Vec::new();
    let mut rows = Vec::new();
    for (hierarchy, root) in standing {
        let before = AUTHORITIES.get(store, hierarchy.name().as_bytes())?;
        if before.as_ref().is_some_and(|before| before.root == root) {
            continue;
        }
        if before.is_some() {
            changed.push(hierarchy);
        }
        rows.push((hierarchy, Known { root, since: now }));
    }
    if !rows.is_empty() {
        let noted = store.write(move |page| {
            rows.iter()
                .try_for_each(|(hierarchy, row)| AUTHORITIES.put_on(page, hierarchy.name().as_bytes(), row))
        });
        noted.await?;
    }
    Ok(changed)
}
