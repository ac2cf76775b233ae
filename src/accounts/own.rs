//! What the box holds of somebody as a person: their account, and what its audit says of them.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::holding::{Done, Erasing, Held, Holder, Subject, TakeError, Taking, kept_for};
use super::{Accounts, AccountsError, Link, audit, people, person, session, tries};
use crate::domain::units::Span;
use crate::store::{Page, ReadError, RowError, Store};
use crate::texts::Texts;

/// Accounts and the audit, as far as they are somebody's own.
pub struct OwnAccount {
    store: Store,
    /// The folder with the months of the audit.
    audit: PathBuf,
    /// How long a month of it stays.
    audit_stays: Span,
}

impl OwnAccount {
    /// Those of this book; the audit lies in that folder, and its months stay so long.
    #[must_use]
    pub fn new(store: Store, audit: PathBuf, audit_stays: Span) -> OwnAccount {
        OwnAccount {
            store,
            audit,
            audit_stays,
        }
    }

    /// Hands each line of the audit that names somebody to `each`.
    fn lines(
        &self,
        (name, since): (&str, Timestamp),
        mut each: impl FnMut(&str) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let months = match audit::months(&self.audit) {
            Ok(months) => months,
            // Nothing was audited yet.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for month in months {
            let file = std::fs::File::open(audit::file_of(&self.audit, &month))?;
            for line in BufReader::new(file).lines() {
                let line = line?;
                if names(&line, name, since) {
                    each(&line)?;
                }
            }
        }
        Ok(())
    }
}

/// Whether a line of the audit has somebody in one of its fields, and is of the time since they are known.
fn names(line: &str, name: &str, since: Timestamp) -> bool {
    let Ok(Value::Object(fields)) = serde_json::from_str(line) else {
        return false;
    };
    let text = |field: &str| fields.get(field).and_then(Value::as_str).unwrap_or_default();
    if text("at").parse::<Timestamp>().is_ok_and(|at| at < since) {
        return false;
    }
    // Some lines name who did it as they name programs and the command line.
    let by = text("by");
    let did = by.strip_prefix("person ").unwrap_or(match by {
        "operator" => "",
        by => by,
    });
    text("person") == name || did == name
}

#[async_trait]
impl Holder for OwnAccount {
    fn held(&self, of: &Subject, t: Texts) -> Result<Vec<Held>, ReadError> {
        let sessions = session::of_person(&self.store, &of.name)?.len();
        let meters = of.meters().len();
        Ok(vec![
            Held::goes(&t.say2("held-account", ("name", &of.name), ("count", meters))),
            Held::goes(&t.say1("held-sessions", "count", sessions)),
            Held::stays(
                &t.say("held-audit"),
                &t.say1("held-audit-why", "long", kept_for(t, self.audit_stays).text()),
            ),
        ])
    }

    fn steps(&self, _: &Subject) -> Result<u32, ReadError> {
        Ok(2)
    }

    fn take(&self, of: &Subject, into: &mut dyn Taking) -> Result<(), TakeError> {
        let found = person::find(&self.store, &of.name)?;
        let Some((row, links)) = found else { return Ok(()) };
        let account = json!({
            "name": row.name, "role": row.role, "created": row.created, "password_set": row.password.is_some(), "links": links,
            "spaces": row.spaces,
            "sessions": session::of_person(&self.store, &of.name)?,
            "one_time_link_until": people::invited_until(&self.store, &of.name)?,
            "places_signed_in_from": tries::places_of(&self.store, &of.name)?,
        });
        serde_json::to_writer_pretty(&mut *into.begin("account.json")?, &account).map_err(std::io::Error::from)?;
        into.step()?;
        let file = into.begin("audit.ndjson")?;
        self.lines((&of.name, of.created), |line| writeln!(file, "{line}"))?;
        into.step()
    }

    fn begin_on(&self, page: &mut Page, erasing: &Erasing) -> Result<(), RowError> {
        people::remove_on(page, &erasing.name)
    }

    async fn erase(&self, _: &Erasing, _: Done) -> Result<(), String> {
        Ok(())
    }
}

impl Accounts {
    /// Whether somebody is known, and is who they were: another may have the name since.
    ///
    /// # Errors
    ///
    /// When rows cannot be read.
    pub fn is_known_on(page: &Page, name: &str, created: Timestamp) -> Result<bool, RowError> {
        let row = person::PEOPLE.get_on(page, name.as_bytes())?;
        Ok(row.is_some_and(|row| row.created == created))
    }

    /// Whether there is somebody of that name.
    ///
    /// # Errors
    ///
    /// When rows cannot be read.
    pub fn is_named_on(page: &Page, name: &str) -> Result<bool, RowError> {
        Ok(person::PEOPLE.get_on(page, name.as_bytes())?.is_some())
    }

    /// Somebody, with what is theirs and whom they share it with.
    ///
    /// # Errors
    ///
    /// When there is nobody of that name, or the book cannot be read.
    pub fn subject(&self, name: &str) -> Result<Subject, AccountsError> {
        let now = self.now();
        let people = self.people()?.into_iter();
        let all = people
            .map(|person| (person.name, person.created, person.links))
            .collect();
        among(all, name, now).ok_or_else(|| AccountsError::Unknown(name.to_owned()))
    }

    /// The same as this change and those before it leave it; `None`: there is nobody of that name.
    ///
    /// # Errors
    ///
    /// When rows cannot be read.
    pub fn subject_on(page: &Page, name: &str, now: Timestamp) -> Result<Option<Subject>, RowError> {
        let mut all = Vec::new();
        for (_, row) in person::PEOPLE.scan_on(page, &[], None, usize::MAX)? {
            let links = person::links_on(page, &row)?;
            all.push((row.name, row.created, links));
        }
        Ok(among(all, name, now))
    }
}

/// Somebody among all people, with the links of others that overlap theirs.
fn among(all: Vec<(String, Timestamp, Vec<Link>)>, name: &str, now: Timestamp) -> Option<Subject> {
    let (theirs, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(known, ..)| known == name);
    let (name, created, links) = theirs.into_iter().next()?;
    let others = others.into_iter().flat_map(|(.., links)| links);
    let shared = others.filter(|link| links.iter().any(|own| own.overlaps(link)));
    Some(Subject {
        shared: shared.collect(),
        name,
        created,
        links,
        now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_theirs_that_has_them_in_a_field() {
        for (line, theirs) in [
            (r#"{"n":1,"what":"signed in","person":"clara"}"#, true),
            (r#"{"n":1,"what":"a code was given","by":"person clara"}"#, true),
            (r#"{"n":1,"what":"a person allowed an application","by":"clara"}"#, true),
            (r#"{"n":1,"what":"signed in","person":"clara2"}"#, false),
            (r#"{"n":1,"what":"clara","person":"ben"}"#, false),
            ("clara", false),
        ] {
            assert_eq!(names(line, "clara", Timestamp::UNIX_EPOCH), theirs, "{line}");
        }
        let before = r#"{"n":1,"at":"2026-01-01T00:00:00Z","what":"signed in","person":"clara"}"#;
        for (since, theirs) in [("2025-12-31T00:00:00Z", true), ("2026-01-02T00:00:00Z", false)] {
            assert_eq!(
                names(before, "clara", since.parse().unwrap()),
                theirs,
                "another of that name"
            );
        }
        assert!(!names(r#"{"by":"operator"}"#, "operator", Timestamp::UNIX_EPOCH));
    }
}
