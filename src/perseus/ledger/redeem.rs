//! A code is redeemed once, and what comes of it (PER §4.1).

use jiff::{SignedDuration, Timestamp};

use super::ending::end_grant_on;
use super::withdrawals::seal_on;
use super::{CODES, GRANTS, GRANTS_OF, PERMISSIONS, REFRESH_TOKENS, beside, id, tell_on, under};
use crate::accounts::{Sealed, Secret};
use crate::perseus::pkce::Challenge;
use crate::perseus::refusal::Refusal;
use crate::perseus::rows::{GrantEnd, GrantRow, Happened, PermissionRow};
use crate::store::{Page, RowError};

/// A code is good for less than this (FAPI 2.0 §5.3.2.1: at most 60 s).
const CODE_LIFE: SignedDuration = SignedDuration::from_secs(45);
/// What refresh tokens begin with, for people and scanners.
pub(in crate::perseus) const REFRESH_PREFIX: &str = "prt_";

/// A code as it is presented.
pub(in crate::perseus) struct Presented {
    pub(in crate::perseus) code: Secret,
    /// The application that presents it.
    pub(in crate::perseus) client: String,
    pub(in crate::perseus) redirect_uri: Option<String>,
    pub(in crate::perseus) verifier: Option<String>,
    /// The refresh token that comes of it, and the same sealed, for the day on which it is withdrawn.
    pub(in crate::perseus) refresh: (Secret, Option<Sealed>),
}

/// What came of a code.
pub(in crate::perseus) struct Redeemed {
    pub(in crate::perseus) grant: GrantRow,
    pub(in crate::perseus) permission: PermissionRow,
    pub(in crate::perseus) refresh: Secret,
}

/// A code that was not redeemed, and the permission of which something ended by that.
pub(in crate::perseus) struct NotRedeemed {
    pub(in crate::perseus) refusal: Refusal,
    pub(in crate::perseus) ended: Option<String>,
}

impl From<Refusal> for NotRedeemed {
    fn from(refusal: Refusal) -> NotRedeemed {
        NotRedeemed { refusal, ended: None }
    }
}

/// Redeems a code. Whoever is not its owner consumes nothing; the owner's first try does, right or wrong; a second one ends
/// all that came of the first (RFC 6749 §4.1.2). What that changed is kept, so the refusal is no error of the change.
pub(in crate::perseus) fn redeem_on(
    page: &mut Page,
    presented: &Presented,
    now: Timestamp,
) -> Result<Result<Redeemed, NotRedeemed>, RowError> {
    let place = presented.code.hash();
    let Some(mut code) = CODES
        .get_on(page, &place)?
        .filter(|code| code.client == presented.client)
    else {
        return Ok(Err(Refusal::Code.into()));
    };
    if code.used.is_some() {
        let mut refused = NotRedeemed::from(Refusal::Code);
        if let Some(grant) = &code.grant
            && end_grant_on(page, grant, GrantEnd::CodeReplayed, now)?
        {
            tell_on(page, &code.permission, Happened::CodeReplayed, now)?;
            refused.ended = Some(code.permission);
        }
        return Ok(Err(refused));
    }
    let permission = PERMISSIONS.get_on(page, code.permission.as_bytes())?;
    code.used = Some(now);
    let late = now.duration_since(code.made) >= CODE_LIFE;
    // The code of an older consent is none any more.
    let is_newest = |row: &PermissionRow| row.renewed <= code.made;
    let right = match permission.filter(|row| row.is_live(now) && is_newest(row) && !late) {
        None => Err(Refusal::Code),
        Some(_) if presented.redirect_uri.as_deref() != Some(&code.redirect_uri.to_string()) => {
            Err(Refusal::CodeRedirectUri)
        }
        Some(row) => {
            let challenge = Challenge::read(&code.challenge);
            let verifier = presented.verifier.as_deref().unwrap_or_default();
            let fits = challenge.is_some_and(|challenge| challenge.fits(verifier));
            if fits { Ok(row) } else { Err(Refusal::Verifier) }
        }
    };
    let permission = match right {
        Ok(permission) => permission,
        Err(refusal) => {
            CODES.put_on(page, &place, &code)?;
            return Ok(Err(refusal.into()));
        }
    };
    for (key, ()) in GRANTS_OF.scan_on(page, &under(&permission.id), None, usize::MAX)? {
        let older = String::from_utf8_lossy(&key[permission.id.len() + 1..]).into_owned();
        end_grant_on(page, &older, GrantEnd::Renewed, now)?;
    }
    let grant = GrantRow {
        id: id(),
        permission: permission.id.clone(),
        client: code.client.clone(),
        scope: code.scope.clone(),
        issued: now,
        ended: None,
    };
    let (refresh, sealed) = presented.refresh.clone();
    if let Some(sealed) = &sealed {
        seal_on(page, &grant.id, sealed)?;
    }
    code.grant = Some(grant.id.clone());
    CODES.put_on(page, &place, &code)?;
    GRANTS.put_on(page, grant.id.as_bytes(), &grant)?;
    GRANTS_OF.put_on(page, &beside(&permission.id, grant.id.as_bytes()), &())?;
    REFRESH_TOKENS.put_on(page, &refresh.hash(), &grant.id)?;
    tell_on(page, &permission.id, Happened::Redeemed, now)?;
    Ok(Ok(Redeemed {
        grant,
        permission,
        refresh,
    }))
}
