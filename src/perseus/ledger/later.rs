//! What ended in a book that was put aside, and is to hold here too (PER §4.6).

use jiff::Timestamp;

use super::ending::{end_grant_on, revoke_on};
use super::{FILTERS, GRANTS, PERMISSIONS, under};
use crate::perseus::rows::{GrantEnd, Revoked};
use crate::store::{KeptBook, Page, ReadError, RowError};

/// Something that ended in a book that was put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::perseus) enum LaterEnd {
    /// A permission was taken back.
    Revoked(String, Revoked),
    /// It was given again, for less: until then, of these data sources.
    Narrowed {
        permission: String,
        renewed: Timestamp,
        expires: Timestamp,
        sources: Vec<String>,
    },
    /// A grant ended.
    Grant(String, (Timestamp, GrantEnd)),
}

/// All that ended in a book that was put aside.
pub(in crate::perseus) fn ends_in(book: &KeptBook) -> Result<Vec<LaterEnd>, ReadError> {
    let filters = FILTERS.of_kept(book)?;
    let mut ends = Vec::new();
    for (_, row) in PERMISSIONS.of_kept(book)? {
        let theirs = under(&row.id);
        let sources = filters.iter().filter(|(key, _)| key.starts_with(&theirs));
        ends.push(match row.revoked {
            Some(revoked) => LaterEnd::Revoked(row.id, revoked),
            None => LaterEnd::Narrowed {
                sources: sources.map(|(_, filter)| filter.source.clone()).collect(),
                permission: row.id,
                renewed: row.renewed,
                expires: row.expires,
            },
        });
    }
    for (_, grant) in GRANTS.of_kept(book)? {
        ends.extend(grant.ended.map(|ended| LaterEnd::Grant(grant.id, ended)));
    }
    Ok(ends)
}

/// Has one of them hold here too; the permission, when that changed anything.
pub(in crate::perseus) fn end_later_on(
    page: &mut Page,
    end: LaterEnd,
    now: Timestamp,
) -> Result<Option<String>, RowError> {
    match end {
        LaterEnd::Revoked(permission, Revoked { at, by }) => {
            Ok(revoke_on(page, &permission, by, at)?.map(|row| row.id))
        }
        LaterEnd::Narrowed {
            permission,
            renewed,
            expires,
            sources,
        } => narrow_on(page, &permission, (renewed, expires), &sources),
        LaterEnd::Grant(grant, (at, why)) => {
            let Some(row) = GRANTS.get_on(page, grant.as_bytes())? else {
                return Ok(None);
            };
            let ended = end_grant_on(page, &grant, why, at.min(now))?;
            Ok(ended.then_some(row.permission))
        }
    }
}

fn narrow_on(
    page: &mut Page,
    permission: &str,
    (renewed, expires): (Timestamp, Timestamp),
    sources: &[String],
) -> Result<Option<String>, RowError> {
    let row = PERMISSIONS.get_on(page, permission.as_bytes())?;
    let Some(mut row) = row.filter(|row| row.revoked.is_none() && row.renewed < renewed) else {
        return Ok(None);
    };
    let mut changed = row.expires > expires;
    row.expires = row.expires.min(expires);
    for (key, mut filter) in FILTERS.scan_on(page, &under(permission), None, usize::MAX)? {
        if !sources.contains(&filter.source) {
            FILTERS.delete_on(page, &key);
            changed = true;
        } else if filter.until > expires {
            filter.until = expires;
            FILTERS.put_on(page, &key, &filter)?;
        }
    }
    PERMISSIONS.put_on(page, permission.as_bytes(), &row)?;
    Ok(changed.then_some(row.id))
}
