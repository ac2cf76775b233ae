//! Permissions, grants and codes: written and found again (PER §4.1). What must not happen twice happens in one change.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use jiff::{SignedDuration, Timestamp};

use super::filter::Filter;
use super::pkce::Challenge;
use super::refusal::Refusal;
use super::rows::{CodeRow, GrantEnd, GrantRow, Happened, HistoryRow, PermissionRow, Revoked, Revoker};
use crate::accounts::{Secret, random};
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

const PERMISSIONS: Ledger<PermissionRow> = Ledger::new(schema::PERMISSIONS);
const OF_PEOPLE: Ledger<()> = Ledger::new(schema::PERMISSIONS_OF_PEOPLE);
const FILTERS: Ledger<Filter> = Ledger::new(schema::PERMISSION_FILTERS);
const CODES: Ledger<CodeRow> = Ledger::new(schema::AUTHORIZATION_CODES);
const GRANTS: Ledger<GrantRow> = Ledger::new(schema::GRANTS);
const GRANTS_OF: Ledger<()> = Ledger::new(schema::GRANTS_OF_PERMISSIONS);
const REFRESH_TOKENS: Ledger<String> = Ledger::new(schema::REFRESH_TOKENS);
const HISTORY: Ledger<HistoryRow> = Ledger::new(schema::PERMISSION_HISTORY);
const EVIDENCE: Ledger<String> = Ledger::new(schema::EVIDENCE);
const ACCESS_TOKENS: Ledger<Timestamp> = Ledger::new(schema::REVOKED_ACCESS_TOKENS);

/// A code is good for less than this (FAPI 2.0 §5.3.2.1: at most 60 s).
pub(super) const CODE_LIFE: SignedDuration = SignedDuration::from_secs(45);
/// A code is known again for a day: longer than the access tokens that came of it live.
const CODE_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// What refresh tokens begin with, for people and scanners.
const REFRESH_PREFIX: &str = "prt_";

fn id() -> String {
    HEXLOWER.encode(&random::<16>())
}

fn under(first: &str) -> Vec<u8> {
    [first.as_bytes(), &[0]].concat()
}

fn beside(first: &str, second: &[u8]) -> Vec<u8> {
    [&under(first), second].concat()
}

/// What a person decided.
#[derive(Clone, Debug)]
pub(super) struct Consent {
    pub(super) person: String,
    pub(super) person_since: Timestamp,
    pub(super) account: String,
    pub(super) expires: Timestamp,
    pub(super) filters: Vec<Filter>,
    /// SHA-256 of the words, hex.
    pub(super) text: String,
    pub(super) agent: String,
    pub(super) proved: Timestamp,
    /// What it answers.
    pub(super) code: CodeRow,
}

/// Keeps a consent and the code that answers it; one that stands already is renewed.
pub(super) fn consent_on(
    page: &mut Page,
    consent: Consent,
    code: &Secret,
    now: Timestamp,
) -> Result<PermissionRow, RowError> {
    let mut answer = consent.code;
    let standing = of_person_on(page, &consent.person)?.into_iter().find(|row| {
        row.is_live(now)
            && row.client == answer.client
            && row.licence == answer.scope.licence
            && row.person_since == consent.person_since
    });
    let again = standing.is_some();
    let data_from = consent.filters.iter().map(|filter| filter.from).min().unwrap_or(now);
    let mut row = standing.unwrap_or_else(|| PermissionRow {
        id: id(),
        evidence: BASE64URL_NOPAD.encode(&random::<24>()),
        person: consent.person.clone(),
        person_since: consent.person_since,
        account: consent.account,
        client: answer.client.clone(),
        licence: answer.scope.licence.clone(),
        granted: now,
        renewed: now,
        expires: consent.expires,
        data_from,
        text: String::new(),
        revoked: None,
    });
    (row.renewed, row.expires, row.data_from) = (now, consent.expires, data_from);
    row.text = consent.text.clone();
    for (key, _) in FILTERS.scan_on(page, &under(&row.id), None, usize::MAX)? {
        FILTERS.delete_on(page, &key);
    }
    for filter in &consent.filters {
        FILTERS.put_on(page, &beside(&row.id, filter.source.as_bytes()), filter)?;
    }
    PERMISSIONS.put_on(page, row.id.as_bytes(), &row)?;
    OF_PEOPLE.put_on(page, &beside(&row.person, row.id.as_bytes()), &())?;
    EVIDENCE.put_on(page, row.evidence.as_bytes(), &row.id)?;
    answer.permission = row.id.clone();
    CODES.put_on(page, &code.hash(), &answer)?;
    let happened = Happened::Granted {
        sources: consent.filters.iter().map(|filter| filter.source.clone()).collect(),
        expires: consent.expires,
        text: consent.text,
        agent: consent.agent,
        proved: consent.proved,
        again,
    };
    tell_on(page, &row.id, happened, now)?;
    Ok(row)
}

/// A code as it is presented.
pub(super) struct Presented {
    pub(super) code: Secret,
    /// The application that presents it.
    pub(super) client: String,
    pub(super) redirect_uri: Option<String>,
    pub(super) verifier: Option<String>,
}

/// What came of a code.
pub(super) struct Redeemed {
    pub(super) grant: GrantRow,
    pub(super) permission: PermissionRow,
    pub(super) refresh: Secret,
}

/// A code that was not redeemed, and the permission of which something ended by that.
pub(super) struct NotRedeemed {
    pub(super) refusal: Refusal,
    pub(super) ended: Option<String>,
}

impl From<Refusal> for NotRedeemed {
    fn from(refusal: Refusal) -> NotRedeemed {
        NotRedeemed { refusal, ended: None }
    }
}

/// Redeems a code. Whoever is not its owner consumes nothing; the owner's first try does, right or wrong; a second one ends
/// all that came of the first (RFC 6749 §4.1.2). What that changed is kept, so the refusal is no error of the change.
pub(super) fn redeem_on(
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
    let refresh = Secret::random(REFRESH_PREFIX);
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

/// Takes a permission back, once: who was first stays. Says whether it stood.
pub(super) fn revoke_on(
    page: &mut Page,
    permission: &str,
    by: Revoker,
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
    Ok(Some(row))
}

/// Has one access token be none any more until it ends.
pub(super) fn revoke_access_token_on(page: &mut Page, jti: &str, ends: Timestamp) -> Result<(), RowError> {
    ACCESS_TOKENS.put_on(page, jti.as_bytes(), &ends)
}

/// Forgets codes and revoked access tokens that matter no more; answers where to go on, or that it is done.
pub(super) fn sweep_codes_on(
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
pub(super) fn forget_on(page: &mut Page, row: &PermissionRow) -> Result<(), RowError> {
    for (key, ()) in GRANTS_OF.scan_on(page, &under(&row.id), None, usize::MAX)? {
        GRANTS.delete_on(page, &key[row.id.len() + 1..]);
        GRANTS_OF.delete_on(page, &key);
    }
    for (key, _) in FILTERS.scan_on(page, &under(&row.id), None, usize::MAX)? {
        FILTERS.delete_on(page, &key);
    }
    for (key, _) in HISTORY.scan_on(page, &under(&row.id), None, usize::MAX)? {
        HISTORY.delete_on(page, &key);
    }
    OF_PEOPLE.delete_on(page, &beside(&row.person, row.id.as_bytes()));
    EVIDENCE.delete_on(page, row.evidence.as_bytes());
    PERMISSIONS.delete_on(page, row.id.as_bytes());
    Ok(())
}

/// Forgets refresh tokens whose grants are forgotten; answers where to go on, or that it is done.
pub(super) fn sweep_refresh_tokens_on(
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

/// Ends a grant; says whether it stood.
fn end_grant_on(page: &mut Page, grant: &str, why: GrantEnd, now: Timestamp) -> Result<bool, RowError> {
    let Some(mut row) = GRANTS.get_on(page, grant.as_bytes())?.filter(|row| row.ended.is_none()) else {
        return Ok(false);
    };
    row.ended = Some((now, why));
    GRANTS.put_on(page, grant.as_bytes(), &row)?;
    Ok(true)
}

fn tell_on(page: &mut Page, permission: &str, what: Happened, now: Timestamp) -> Result<(), RowError> {
    // Of one change, several things may be told.
    let before = HISTORY.scan_on(page, &under(permission), None, usize::MAX)?.len();
    let place = u32::try_from(before).unwrap_or(u32::MAX).to_be_bytes();
    HISTORY.put_on(page, &beside(permission, &place), &HistoryRow { at: now, what })
}

fn of_person_on(page: &Page, person: &str) -> Result<Vec<PermissionRow>, RowError> {
    let mut rows = Vec::new();
    for (key, ()) in OF_PEOPLE.scan_on(page, &under(person), None, usize::MAX)? {
        rows.extend(PERMISSIONS.get_on(page, &key[person.len() + 1..])?);
    }
    Ok(rows)
}

/// A permission.
pub(super) fn permission(store: &Store, id: &str) -> Result<Option<PermissionRow>, ReadError> {
    PERMISSIONS.get(store, id.as_bytes())
}

/// Everybody's.
pub(super) fn all(store: &Store) -> Result<Vec<PermissionRow>, ReadError> {
    Ok(PERMISSIONS.all(store)?.into_iter().map(|(_, row)| row).collect())
}

/// A person's, the one given last first.
pub(super) fn of_person(store: &Store, person: &str) -> Result<Vec<PermissionRow>, ReadError> {
    let mut rows = Vec::new();
    for (key, ()) in OF_PEOPLE.scan(store, &under(person), None, usize::MAX)? {
        rows.extend(PERMISSIONS.get(store, &key[person.len() + 1..])?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.renewed));
    Ok(rows)
}

/// What a permission lets out, by data source.
pub(super) fn filters(store: &Store, permission: &str) -> Result<Vec<Filter>, ReadError> {
    let rows = FILTERS.scan(store, &under(permission), None, usize::MAX)?;
    Ok(rows.into_iter().map(|(_, filter)| filter).collect())
}

/// What happened to a permission, in order.
pub(super) fn history(store: &Store, permission: &str) -> Result<Vec<HistoryRow>, ReadError> {
    let rows = HISTORY.scan(store, &under(permission), None, usize::MAX)?;
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// The permission that a page proves.
pub(super) fn by_evidence(store: &Store, evidence: &str) -> Result<Option<PermissionRow>, ReadError> {
    match EVIDENCE.get(store, evidence.as_bytes())? {
        Some(id) => permission(store, &id),
        None => Ok(None),
    }
}

/// A grant.
pub(super) fn grant(store: &Store, id: &str) -> Result<Option<GrantRow>, ReadError> {
    GRANTS.get(store, id.as_bytes())
}

/// The grant of a refresh token, and its permission.
pub(super) fn by_refresh_token(store: &Store, token: &Secret) -> Result<Option<(GrantRow, PermissionRow)>, ReadError> {
    let Some(id) = REFRESH_TOKENS.get(store, &token.hash())? else {
        return Ok(None);
    };
    let Some(grant) = grant(store, &id)? else {
        return Ok(None);
    };
    let permission = permission(store, &grant.permission)?;
    Ok(permission.map(|permission| (grant, permission)))
}

/// Whether this access token was revoked by itself.
pub(super) fn is_revoked(store: &Store, jti: &str) -> Result<bool, ReadError> {
    Ok(ACCESS_TOKENS.get(store, jti.as_bytes())?.is_some())
}
