//! Withdrawals of which applications are told, each once, and the refresh tokens that lie sealed until then (PER §8).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{GRANTS, GRANTS_OF, under};
use crate::accounts::Sealed;
use crate::perseus::rows::PermissionRow;
use crate::store::{KeptBook, Ledger, Page, ReadError, RowError, Store, schema};

const SEALED: Ledger<Sealed> = Ledger::new(schema::SEALED_REFRESH_TOKENS);
const WITHDRAWALS: Ledger<WithdrawalRow> = Ledger::new(schema::WITHDRAWALS);

/// What became of telling an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::perseus) enum Telling {
    /// It is to be told.
    Waiting,
    /// It took it.
    Told,
    /// It did not, for as long as it was tried.
    GivenUp,
}

/// A withdrawal that an application is told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::perseus) struct WithdrawalRow {
    pub(in crate::perseus) permission: String,
    /// The application's URL.
    pub(in crate::perseus) client: String,
    /// When it was withdrawn.
    pub(in crate::perseus) at: Timestamp,
    pub(in crate::perseus) telling: Telling,
    pub(in crate::perseus) attempts: u32,
    /// When it was last tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::perseus) tried: Option<Timestamp>,
    /// How that went, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(in crate::perseus) outcome: String,
    /// The refresh token that is none any more, until it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::perseus) token: Option<Sealed>,
}

/// Keeps a refresh token, sealed, by its grant.
pub(super) fn seal_on(page: &mut Page, grant: &str, token: &Sealed) -> Result<(), RowError> {
    SEALED.put_on(page, grant.as_bytes(), token)
}

/// Forgets the sealed token of a grant that ended otherwise.
pub(super) fn unseal_on(page: &mut Page, grant: &str) {
    SEALED.delete_on(page, grant.as_bytes());
}

/// Has the application of a permission be told that it was withdrawn.
pub(super) fn withdraw_on(page: &mut Page, permission: &PermissionRow, now: Timestamp) -> Result<(), RowError> {
    let mut token = None;
    for (key, ()) in GRANTS_OF.scan_on(page, &under(&permission.id), None, usize::MAX)? {
        let grant = &key[permission.id.len() + 1..];
        let stands = GRANTS.get_on(page, grant)?.is_some_and(|row| row.ended.is_none());
        if let Some(sealed) = SEALED.get_on(page, grant)?.filter(|_| stands) {
            token = Some(sealed);
        }
        SEALED.delete_on(page, grant);
    }
    let row = WithdrawalRow {
        permission: permission.id.clone(),
        client: permission.client.clone(),
        at: now,
        telling: Telling::Waiting,
        attempts: 0,
        tried: None,
        outcome: String::new(),
        token,
    };
    put_on(page, &row)
}

/// Writes what became of it.
pub(in crate::perseus) fn put_on(page: &mut Page, row: &WithdrawalRow) -> Result<(), RowError> {
    WITHDRAWALS.put_on(page, row.permission.as_bytes(), row)
}

/// Writes one of a book that was put aside, unless there is one.
pub(super) fn put_absent_on(page: &mut Page, row: &WithdrawalRow) -> Result<(), RowError> {
    match WITHDRAWALS.get_on(page, row.permission.as_bytes())? {
        Some(_) => Ok(()),
        None => put_on(page, row),
    }
}

/// Forgets what a permission's application was told.
pub(super) fn forget_withdrawal_on(page: &mut Page, permission: &str) {
    WITHDRAWALS.delete_on(page, permission.as_bytes());
}

/// All of a book that was put aside.
pub(super) fn in_kept(book: &KeptBook) -> Result<Vec<WithdrawalRow>, ReadError> {
    Ok(WITHDRAWALS.of_kept(book)?.into_iter().map(|(_, row)| row).collect())
}

/// What became of telling of a permission's withdrawal.
pub(in crate::perseus) fn withdrawal(store: &Store, permission: &str) -> Result<Option<WithdrawalRow>, ReadError> {
    WITHDRAWALS.get(store, permission.as_bytes())
}

/// Those of which somebody is still to be told.
pub(in crate::perseus) fn waiting(store: &Store) -> Result<Vec<WithdrawalRow>, ReadError> {
    let all = WITHDRAWALS.all(store)?.into_iter().map(|(_, row)| row);
    Ok(all.filter(|row| row.telling == Telling::Waiting).collect())
}
