//! What is over is forgotten in steps, so that nobody waits long (PER §4.1).

use jiff::{SignedDuration, Timestamp};

use super::fetches::forget_fetches_on;
use super::withdrawals::{forget_withdrawal_on, unseal_on};
use super::{
    ACCESS_TOKENS, CODES, EVIDENCE, FILTERS, GRANTS, GRANTS_OF, HISTORY, OF_PEOPLE, PERMISSIONS, REFRESH_TOKENS,
};
use super::{beside, under};
use crate::perseus::rows::PermissionRow;
use crate::store::{Page, RowError};

/// A code is known again for a day: longer than the access tokens that came of it live.
const CODE_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Forgets codes and revoked access tokens that matter no more; answers where to go on, or that it is done.
pub(in crate::perseus) fn sweep_codes_on(
    page: &mut Page,
    after: Option<&[u8]>,
    now: Timestamp,
    limit: usize,
) -> Result<Option<Vec<u8>>, RowError> {
    if after.is_none() {
        for (jti, ends) in ACCESS_TOKENS.scan_on(page, &[], None, limit)? {
            if ends < now {
                ACCESS_TOKENS.delete_on(page, &jti);
            }
        }
    }
    let found = CODES.scan_on(page, &[], after, limit)?;
    let last = found.last().map(|(place, _)| place.clone());
    let whole = found.len() == limit;
    for (place, code) in found {
        // A code that comes again while its tokens may live ends them.
        if now.duration_since(code.made) > CODE_KEPT {
            CODES.delete_on(page, &place);
        }
    }
    Ok(last.filter(|_| whole))
}

/// Forgets a permission with all that hangs on it.
pub(in crate::perseus) fn forget_on(page: &mut Page, row: &PermissionRow) -> Result<(), RowError> {
    for (key, ()) in GRANTS_OF.scan_on(page, &under(&row.id), None, usize::MAX)? {
        GRANTS.delete_on(page, &key[row.id.len() + 1..]);
        unseal_on(page, &String::from_utf8_lossy(&key[row.id.len() + 1..]));
        GRANTS_OF.delete_on(page, &key);
    }
    for (key, _) in FILTERS.scan_on(page, &under(&row.id), None, usize::MAX)? {
        FILTERS.delete_on(page, &key);
    }
    for (key, _) in HISTORY.scan_on(page, &under(&row.id), None, usize::MAX)? {
        HISTORY.delete_on(page, &key);
    }
    forget_fetches_on(page, &row.id)?;
    forget_withdrawal_on(page, &row.id);
    OF_PEOPLE.delete_on(page, &beside(&row.person, row.id.as_bytes()));
    EVIDENCE.delete_on(page, row.evidence.as_bytes());
    PERMISSIONS.delete_on(page, row.id.as_bytes());
    Ok(())
}

/// Takes the name from a permission: what stays is evidence (PRIV §2.2).
pub(in crate::perseus) fn disown_on(page: &mut Page, id: &str) -> Result<(), RowError> {
    let Some(mut row) = PERMISSIONS.get_on(page, id.as_bytes())? else {
        return Ok(());
    };
    OF_PEOPLE.delete_on(page, &beside(&row.person, row.id.as_bytes()));
    row.person.clear();
    row.person_since = row.granted;
    PERMISSIONS.put_on(page, id.as_bytes(), &row)
}

/// Forgets refresh tokens whose grants are forgotten; answers where to go on, or that it is done.
pub(in crate::perseus) fn sweep_refresh_tokens_on(
    page: &mut Page,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Option<Vec<u8>>, RowError> {
    let found = REFRESH_TOKENS.scan_on(page, &[], after, limit)?;
    let last = found.last().map(|(hash, _)| hash.clone());
    let whole = found.len() == limit;
    for (hash, grant) in found {
        if GRANTS.get_on(page, grant.as_bytes())?.is_none() {
            REFRESH_TOKENS.delete_on(page, &hash);
        }
    }
    Ok(last.filter(|_| whole))
}
