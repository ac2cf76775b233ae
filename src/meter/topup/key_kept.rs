//! By which key codes are known again, and since when: when the one of before is lost, codes that were taken before are not
//! known any more, which is said once and shown for a while (EMOP §21.1).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ledger;
use crate::meter::room::Meters;
use crate::store::{Ledger, ReadError, RowError, Store, schema};

const KEYS: Ledger<KeyRow> = Ledger::new(schema::TOPUP_KEY);
/// The one row.
const CURRENT: &[u8] = b"current";
/// How long people are told of a key that was lost: longer than anybody waits to give a code again.
const TOLD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The key that codes are marked with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeyRow {
    /// Its name, which does not say it.
    name: String,
    since: Timestamp,
    /// Whether codes were marked with another one before.
    follows_another: bool,
}

/// What the row becomes with this key; `None`: it stays. Pure.
fn next(known: Option<&KeyRow>, (name, is_new): (&str, bool), has_topups: bool, now: Timestamp) -> Option<KeyRow> {
    if known.is_some_and(|known| known.name == name) {
        return None;
    }
    // A book of an earlier build does not say which key it had; one that was just made is not it.
    let is_another = known.is_some() || is_new;
    Some(KeyRow {
        name: name.to_owned(),
        since: now,
        follows_another: is_another && has_topups,
    })
}

impl Meters {
    /// Looks whether the key is the one of before, when there are codes that it should know; says so when it is not.
    pub(super) async fn look_at_the_key(&self) {
        if ledger::is_empty(&self.store).is_ok_and(|empty| !empty) {
            self.follow_the_key().await;
        }
    }

    /// The same before a code is given, be it the first.
    pub(super) async fn follow_the_key(&self) {
        match self.key_followed().await {
            Ok(Some(row)) if row.follows_another => tracing::warn!(
                "the key that codes are known again by is another one than before ({} in the folder of keys was lost): \
                 codes given before {} are not known again, and codes that wait are asked for again",
                "seal.key",
                row.since
            ),
            Ok(_) => {}
            Err(why) => tracing::warn!(%why, "whether the key of codes is the one of before is not known"),
        }
    }

    async fn key_followed(&self) -> Result<Option<KeyRow>, String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        let has_topups = !ledger::is_empty(&self.store).map_err(|error| said(&error))?;
        let key = self.topups.key().map_err(|error| said(&error))?;
        let known = KEYS.get(&self.store, CURRENT).map_err(|error| said(&error))?;
        let row = next(known.as_ref(), (key.name(), key.is_new()), has_topups, self.store.now());
        if let Some(row) = row.clone() {
            let written = self.store.write(move |page| {
                KEYS.put_on(page, CURRENT, &row)?;
                Ok::<_, RowError>(())
            });
            written.await.map_err(|error| said(&error))?;
        }
        Ok(row)
    }

    /// Before when codes were given that are not known again, as long as people are told so.
    pub(in crate::meter) fn codes_unknown_before(&self) -> Option<Timestamp> {
        unknown_before(&self.store, self.store.now()).ok()?
    }
}

fn unknown_before(store: &Store, now: Timestamp) -> Result<Option<Timestamp>, ReadError> {
    let row = KEYS.get(store, CURRENT)?;
    let told = row.filter(|row| row.follows_another && now.duration_since(row.since) < TOLD);
    Ok(told.map(|row| row.since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_another_one_is_told_of_once() {
        let now: Timestamp = "2026-11-30T18:22:00Z".parse().unwrap();
        let follows = |known: Option<&KeyRow>, name, is_new, has| {
            next(known, (name, is_new), has, now).map(|row| row.follows_another)
        };
        assert_eq!(
            follows(None, "a", false, true),
            Some(false),
            "a book of an earlier build"
        );
        assert_eq!(follows(None, "a", true, true), Some(true), "its key was lost");
        assert_eq!(follows(None, "a", true, false), Some(false), "the first code");
        let known = next(None, ("a", false), true, now);
        assert_eq!(follows(known.as_ref(), "a", false, true), None);
        assert_eq!(follows(known.as_ref(), "b", false, true), Some(true));
    }
}
