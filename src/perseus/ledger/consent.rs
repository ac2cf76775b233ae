//! A consent as it is written down, with the code that answers it (PER §4.1).

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;

use super::{CODES, EVIDENCE, FILTERS, OF_PEOPLE, PERMISSIONS, beside, id, of_person_on, tell_on, under};
use crate::accounts::{Accounts, Secret, random};
use crate::perseus::filter::Filter;
use crate::perseus::rows::{CodeRow, Happened, PermissionRow};
use crate::store::{Page, RowError};

/// What a person decided.
#[derive(Clone, Debug)]
pub(in crate::perseus) struct Consent {
    pub(in crate::perseus) person: String,
    pub(in crate::perseus) person_since: Timestamp,
    pub(in crate::perseus) account: String,
    pub(in crate::perseus) expires: Timestamp,
    pub(in crate::perseus) filters: Vec<Filter>,
    /// SHA-256 of the words, hex.
    pub(in crate::perseus) text: String,
    /// The tag of their language.
    pub(in crate::perseus) language: String,
    pub(in crate::perseus) agent: String,
    pub(in crate::perseus) proved: Timestamp,
    /// What it answers.
    pub(in crate::perseus) code: CodeRow,
}

/// Keeps a consent and the code that answers it; one that stands already is renewed. `None`: whoever gave it is not known any
/// more, and nothing was kept.
pub(in crate::perseus) fn consent_on(
    page: &mut Page,
    consent: Consent,
    code: &Secret,
    now: Timestamp,
) -> Result<Option<PermissionRow>, RowError> {
    if !Accounts::is_known_on(page, &consent.person, consent.person_since)? {
        return Ok(None);
    }
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
        language: String::new(),
        revoked: None,
    });
    (row.renewed, row.expires, row.data_from) = (now, consent.expires, data_from);
    (row.text, row.language) = (consent.text.clone(), consent.language.clone());
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
        language: consent.language,
        agent: consent.agent,
        proved: consent.proved,
        again,
    };
    tell_on(page, &row.id, happened, now)?;
    Ok(Some(row))
}
