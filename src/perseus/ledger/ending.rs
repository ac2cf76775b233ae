//! What ends: permissions, grants, single access tokens (PER §4.4).

use jiff::Timestamp;

use super::withdrawals::{unseal_on, withdraw_on};
use super::{ACCESS_TOKENS, GRANTS, PERMISSIONS, tell_on};
use crate::perseus::rows::{GrantEnd, Happened, PermissionRow, Revoked, Revoker};
use crate::store::{Page, RowError};

/// Takes a permission back, once: who was first stays. Says whether it stood. `tell`: the application is told.
pub(in crate::perseus) fn revoke_on(
    page: &mut Page,
    permission: &str,
    (by, tell): (Revoker, bool),
    now: Timestamp,
) -> Result<Option<PermissionRow>, RowError> {
    let Some(mut row) = PERMISSIONS
        .get_on(page, permission.as_bytes())?
        .filter(|row| row.revoked.is_none())
    else {
        return Ok(None);
    };
    row.revoked = Some(Revoked { at: now, by });
    PERMISSIONS.put_on(page, row.id.as_bytes(), &row)?;
    tell_on(page, &row.id, Happened::Revoked { by }, now)?;
    if tell {
        withdraw_on(page, &row, now)?;
    }
    Ok(Some(row))
}

/// Has one access token be none any more until it ends.
pub(in crate::perseus) fn revoke_access_token_on(page: &mut Page, jti: &str, ends: Timestamp) -> Result<(), RowError> {
    ACCESS_TOKENS.put_on(page, jti.as_bytes(), &ends)
}

/// Ends a grant; says whether it stood.
pub(super) fn end_grant_on(page: &mut Page, grant: &str, why: GrantEnd, now: Timestamp) -> Result<bool, RowError> {
    let Some(mut row) = GRANTS.get_on(page, grant.as_bytes())?.filter(|row| row.ended.is_none()) else {
        return Ok(false);
    };
    // None is told of a grant that a newer one took the place of.
    unseal_on(page, grant);
    row.ended = Some((now, why));
    GRANTS.put_on(page, grant.as_bytes(), &row)?;
    Ok(true)
}
