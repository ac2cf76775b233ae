//! After a restore permissions stand as they did when the backup was made. What was taken back since is taken back again,
//! from the book that the restore put aside; where that cannot be read, how many may stand again is said (PER §4.6).

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::build_error::BuildError;
use super::ledger::{self, LaterEnd};
use super::naming::{ACCOUNTS, NAMING_KEY};
use crate::accounts::{AUDIT, Accounts};
use crate::domain::Epoch;
use crate::store::{ClockState, OpenError, ReadError, RowError, Store, schema};

/// In which life of the book the room last stood.
const EPOCH: &[u8] = b"epoch";
/// Ends that are written in one change.
const AT_A_TIME: usize = 8;

/// What the books that were put aside say.
#[derive(Default)]
struct Later {
    ends: Vec<LaterEnd>,
    /// Whether all of them are there and can be read.
    vouched: bool,
}

/// Has what was decided after the backup was made hold in the book that came of it, once.
///
/// # Errors
///
/// When the book cannot be read or written.
pub(super) async fn settle(store: &Store) -> Result<(), BuildError> {
    let epoch = store.epoch();
    let before = NAMING_KEY.get(store, EPOCH)?;
    if before.as_deref() == Some(&epoch.0.to_string()) {
        return Ok(());
    }
    if let Some(before) = before.and_then(|before| before.parse().ok()) {
        let (reader, now) = (store.clone(), store.now());
        let read = tokio::task::spawn_blocking(move || later(&reader, Epoch(before), now));
        let later = read.await.map_err(|error| BuildError::Write(error.to_string()))?;
        let later = later.unwrap_or_else(|error| {
            tracing::warn!(%error, "the books that were put aside cannot be looked for");
            Later::default()
        });
        let mut ends = Vec::new();
        for end in later.ends {
            if is_new_here(store, &end, now)? {
                ends.push(end);
            }
        }
        end(store, ends, now).await?;
        if !later.vouched {
            say_what_may_stand_again(store, now)?;
        }
    }
    let written = store.write(move |page| NAMING_KEY.put_on(page, EPOCH, &epoch.0.to_string()));
    written.await.map_err(|error| BuildError::Write(error.to_string()))
}

/// Nobody but people knows what was taken back meanwhile.
fn say_what_may_stand_again(store: &Store, now: Timestamp) -> Result<(), ReadError> {
    let standing = ledger::all(store)?;
    // By a clock that is ahead all would be over.
    let believed = store.clock() == ClockState::Trusted;
    let live = standing
        .iter()
        .filter(|row| row.revoked.is_none() && (!believed || row.is_live(now)));
    let live = live.count();
    if live > 0 {
        tracing::warn!(
            target: AUDIT, live,
            "permissions stand as they did when the backup was made that was restored, or as far as a damaged book could be \
             read: what was taken back since may stand again; `gatelodge consent list` shows them, and `gatelodge consent revoke` ends one"
        );
    }
    Ok(())
}

/// What the books say that come after the life `since`, in which the backup was made.
fn later(store: &Store, since: Epoch, now: Timestamp) -> Result<Later, OpenError> {
    let places = [
        schema::PERSEUS_KEYS,
        schema::PERMISSIONS,
        schema::PERMISSION_FILTERS,
        schema::GRANTS,
        schema::AUTHORIZATION_CODES,
        schema::WITHDRAWALS,
        schema::PEOPLE,
        schema::LINKS,
    ];
    let ours = NAMING_KEY.get(store, ACCOUNTS).ok().flatten();
    let kept = store.kept_since(since, &places)?;
    let mut later = Later {
        ends: Vec::new(),
        vouched: kept.complete,
    };
    for book in kept.books {
        // Another box's book, on whose disk the backup was restored, knows nothing of these permissions.
        let theirs = NAMING_KEY.of_kept(&book).unwrap_or_default();
        if !theirs
            .into_iter()
            .any(|(name, key)| name == ACCOUNTS && Some(&key) == ours.as_ref())
        {
            later.vouched = false;
            continue;
        }
        match ledger::ends_in(&book, now) {
            Ok(ends) => later.ends.extend(ends),
            Err(error) => {
                tracing::warn!(%error, folder = %book.folder.display(), "permissions there cannot be read");
                later.vouched = false;
            }
        }
    }
    Ok(later)
}

/// Whether that was not so here already: a meter that had been left when the backup was made was not left since, and what
/// was allowed of it counts again when it is theirs again.
fn is_new_here(store: &Store, end: &LaterEnd, now: Timestamp) -> Result<bool, ReadError> {
    let LaterEnd::Left { permission, meter, .. } = end else {
        return Ok(true);
    };
    let Some(row) = ledger::permission(store, permission)? else {
        return Ok(false);
    };
    let person = Accounts::new(store.clone()).person(&row.person)?;
    let links = person.map(|person| person.links).unwrap_or_default();
    Ok(links.iter().any(|link| link.meter == *meter && link.in_force(now)))
}

/// Ends what stands, and says so with each step: whoever is killed in between has said what was done.
async fn end(store: &Store, ends: Vec<LaterEnd>, now: Timestamp) -> Result<(), BuildError> {
    for some in ends.chunks(AT_A_TIME) {
        let some = some.to_vec();
        let written = store.write_bulk(move |page| {
            let mut changed = BTreeSet::new();
            for end in some {
                changed.extend(ledger::end_later_on(page, end, now)?);
            }
            Ok::<_, RowError>(changed)
        });
        let changed = written.await.map_err(|error| BuildError::Write(error.to_string()))?;
        if !changed.is_empty() {
            let permissions = changed.into_iter().collect::<Vec<_>>().join(" ");
            tracing::info!(
                target: AUDIT, permissions,
                "what had been taken back after the backup was made is taken back again, as the book before the restore has it"
            );
        }
    }
    Ok(())
}
