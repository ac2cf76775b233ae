//! Permissions, grants and codes: written and found again (PER §4.1). What must not happen twice happens in one change.

mod consent;
mod ending;
mod fetches;
mod forgetting;
mod later;
mod redeem;
mod withdrawals;

pub(super) use consent::{Consent, consent_on};
pub(super) use ending::{revoke_access_token_on, revoke_on};
pub use fetches::RecordRow;
pub(super) use fetches::{
    FetchRow, Signed, each_record, fetch_days, fetched_on, fetches, forget_records_on, record, record_signer,
    record_steps, signed_on,
};
pub(super) use forgetting::{disown_on, forget_on, sweep_codes_on, sweep_refresh_tokens_on};
pub(super) use later::{LaterEnd, end_later_on, ends_in};
pub(super) use redeem::{NotRedeemed, Presented, REFRESH_PREFIX, Redeemed, redeem_on};
pub(super) use withdrawals::{Telling, WithdrawalRow, put_on as put_withdrawal_on, waiting, withdrawal};

use data_encoding::HEXLOWER;
use jiff::Timestamp;

use super::filter::Filter;
use super::rows::{CodeRow, GrantRow, Happened, HistoryRow, PermissionRow};
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

fn id() -> String {
    HEXLOWER.encode(&random::<16>())
}

fn under(first: &str) -> Vec<u8> {
    [first.as_bytes(), &[0]].concat()
}

fn beside(first: &str, second: &[u8]) -> Vec<u8> {
    [&under(first), second].concat()
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
