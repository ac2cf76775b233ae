//! What ended in a book that was put aside, and is to hold here too (PER §4.6).

use jiff::Timestamp;

use super::ending::{end_grant_on, revoke_on};
use super::withdrawals::{WithdrawalRow, in_kept, put_absent_on};
use super::{CODES, FILTERS, GRANTS, PERMISSIONS, tell_on, under};
use crate::accounts::{Accounts, Person};
use crate::domain::MeterId;
use crate::perseus::filter::Filter;
use crate::perseus::rows::{GrantEnd, Happened, PermissionRow, Revoked, Revoker};
use crate::store::{KeptBook, Page, ReadError, RowError};

/// Something that ended in a book that was put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::perseus) enum LaterEnd {
    /// A permission was taken back.
    Revoked(String, Revoked),
    /// Whoever gave it is not known any more.
    Gone(String),
    /// It was given again, for no more than this.
    Narrowed {
        permission: String,
        renewed: Timestamp,
        expires: Timestamp,
        filters: Vec<Filter>,
    },
    /// A meter of it was left.
    Left {
        permission: String,
        meter: MeterId,
        until: Timestamp,
    },
    /// A grant ended.
    Grant(String, (Timestamp, GrantEnd)),
    /// A code was redeemed, rightly or not.
    Code(Vec<u8>, Timestamp),
    /// An application was told of a withdrawal, or is to be.
    Told(Box<WithdrawalRow>),
}

/// All that ended in a book that was put aside.
pub(in crate::perseus) fn ends_in(book: &KeptBook, now: Timestamp) -> Result<Vec<LaterEnd>, ReadError> {
    let filters = FILTERS.of_kept(book)?;
    let people = Accounts::people_in(book, now)?;
    let mut ends = Vec::new();
    for (_, row) in PERMISSIONS.of_kept(book)? {
        let theirs = under(&row.id);
        let theirs = filters.iter().filter(|(key, _)| key.starts_with(&theirs));
        let theirs: Vec<Filter> = theirs.map(|(_, filter)| filter.clone()).collect();
        let person = people
            .iter()
            .find(|one| one.name == row.person && one.created == row.person_since);
        match (row.revoked.clone(), person) {
            (Some(revoked), _) => ends.push(LaterEnd::Revoked(row.id, revoked)),
            (None, None) => ends.push(LaterEnd::Gone(row.id)),
            (None, Some(person)) => {
                ends.extend(theirs.iter().filter_map(|filter| left(&row, person, filter, now)));
                ends.push(LaterEnd::Narrowed {
                    permission: row.id,
                    renewed: row.renewed,
                    expires: row.expires,
                    filters: theirs,
                });
            }
        }
    }
    for (_, grant) in GRANTS.of_kept(book)? {
        ends.extend(grant.ended.map(|ended| LaterEnd::Grant(grant.id, ended)));
    }
    ends.extend(in_kept(book)?.into_iter().map(|row| LaterEnd::Told(Box::new(row))));
    for (place, code) in CODES.of_kept(book)? {
        ends.extend(code.used.map(|used| LaterEnd::Code(place, used)));
    }
    Ok(ends)
}

/// When somebody left the meter of a filter; `None`: it is theirs.
fn left(row: &PermissionRow, person: &Person, filter: &Filter, now: Timestamp) -> Option<LaterEnd> {
    let theirs = person.links.iter().filter(|link| link.meter == filter.meter);
    if theirs.clone().any(|link| link.in_force(now)) {
        return None;
    }
    let until = theirs.filter_map(|link| link.until).filter(|until| *until <= now).max();
    Some(LaterEnd::Left {
        permission: row.id.clone(),
        meter: filter.meter.clone(),
        until: until.unwrap_or(filter.from),
    })
}

/// Has one of them hold here too; the permission, when that changed anything.
pub(in crate::perseus) fn end_later_on(
    page: &mut Page,
    end: LaterEnd,
    now: Timestamp,
) -> Result<Option<String>, RowError> {
    match end {
        LaterEnd::Revoked(permission, Revoked { at, by }) => {
            Ok(revoke_on(page, &permission, (by, false), at)?.map(|row| row.id))
        }
        LaterEnd::Gone(permission) => {
            Ok(revoke_on(page, &permission, (Revoker::Operator, false), now)?.map(|row| row.id))
        }
        LaterEnd::Narrowed {
            permission,
            renewed,
            expires,
            filters,
        } => narrow_on(page, &permission, (renewed, expires, now), &filters),
        LaterEnd::Left {
            permission,
            meter,
            until,
        } => leave_on(page, &permission, (&meter, until), now),
        LaterEnd::Grant(grant, (at, why)) => {
            let Some(row) = GRANTS.get_on(page, grant.as_bytes())? else {
                return Ok(None);
            };
            if !end_grant_on(page, &grant, why, at)? {
                return Ok(None);
            }
            if why == GrantEnd::CodeReplayed {
                tell_on(page, &row.permission, Happened::CodeReplayed, at)?;
            }
            Ok(Some(row.permission))
        }
        LaterEnd::Told(row) => {
            put_absent_on(page, &row)?;
            Ok(None)
        }
        LaterEnd::Code(place, used) => {
            let Some(mut code) = CODES.get_on(page, &place)?.filter(|code| code.used.is_none()) else {
                return Ok(None);
            };
            code.used = Some(used);
            CODES.put_on(page, &place, &code)?;
            Ok(None)
        }
    }
}

/// What of a filter was agreed to later too.
fn common(here: Filter, later: &[Filter]) -> Option<Filter> {
    let same = |one: &&Filter| one.source == here.source && one.meter == here.meter && one.element == here.element;
    let later = later.iter().find(same)?;
    let mut common = Filter {
        from: here.from.max(later.from),
        until: here.until.min(later.until),
        ..here
    };
    common.measures.retain(|measure| later.measures.contains(measure));
    (!common.measures.is_empty()).then_some(common)
}

fn narrow_on(
    page: &mut Page,
    permission: &str,
    (renewed, expires, now): (Timestamp, Timestamp, Timestamp),
    later: &[Filter],
) -> Result<Option<String>, RowError> {
    let row = PERMISSIONS.get_on(page, permission.as_bytes())?;
    let Some(mut row) = row.filter(|row| row.revoked.is_none() && row.renewed < renewed) else {
        return Ok(None);
    };
    let mut changed = row.expires > expires;
    row.expires = row.expires.min(expires);
    let mut sources = Vec::new();
    for (key, filter) in FILTERS.scan_on(page, &under(permission), None, usize::MAX)? {
        let was = filter.clone();
        match common(filter, later) {
            Some(narrow) => {
                changed |= narrow.measures != was.measures || narrow.from != was.from || narrow.until != was.until;
                sources.push(narrow.source.clone());
                FILTERS.put_on(page, &key, &narrow)?;
            }
            None => {
                FILTERS.delete_on(page, &key);
                changed = true;
            }
        }
    }
    if !changed {
        return Ok(None);
    }
    PERMISSIONS.put_on(page, permission.as_bytes(), &row)?;
    let expires = row.expires;
    tell_on(page, permission, Happened::NarrowedAgain { sources, expires }, now)?;
    Ok(Some(row.id))
}

/// Ends what one meter's filter lets out with the day on which it was left.
fn leave_on(
    page: &mut Page,
    permission: &str,
    (meter, until): (&MeterId, Timestamp),
    now: Timestamp,
) -> Result<Option<String>, RowError> {
    let row = PERMISSIONS.get_on(page, permission.as_bytes())?;
    let Some(row) = row.filter(|row| row.revoked.is_none()) else {
        return Ok(None);
    };
    let mut changed = false;
    let mut sources = Vec::new();
    for (key, mut filter) in FILTERS.scan_on(page, &under(permission), None, usize::MAX)? {
        if filter.meter == *meter && filter.until > until {
            filter.until = until;
            FILTERS.put_on(page, &key, &filter)?;
            changed = true;
        } else {
            sources.push(filter.source);
        }
    }
    if !changed {
        return Ok(None);
    }
    let expires = row.expires;
    tell_on(page, permission, Happened::NarrowedAgain { sources, expires }, now)?;
    Ok(Some(row.id))
}
