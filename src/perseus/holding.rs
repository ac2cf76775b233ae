//! What people allowed whom: theirs to have, and evidence without a name once they are erased (PRIV §1, §2).

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::ledger;
use super::rows::{PermissionRow, Revoker};
use super::words;
use crate::accounts::{AUDIT, Done, Erasing, Held, Holder, Subject, TakeError, Taking, kept_for};
use crate::domain::units::Span;
use crate::store::{ReadError, RowError, Store};
use crate::texts::Texts;

/// What this room holds of people. It needs no room to be open.
pub struct PerseusHolding {
    store: Store,
    /// The folder with the words that people agreed to.
    words: PathBuf,
    /// Applications that are told of withdrawals, by their URLs.
    told: BTreeSet<String>,
    /// How long what stands behind records stays.
    records_stay: Span,
}

impl PerseusHolding {
    /// Of this book; the words that were agreed to lie in that folder.
    #[must_use]
    pub fn new(store: Store, words: PathBuf, told: BTreeSet<String>, records_stay: Span) -> PerseusHolding {
        PerseusHolding {
            store,
            words,
            told,
            records_stay,
        }
    }

    fn permissions(&self, of: &Subject) -> Result<Vec<PermissionRow>, ReadError> {
        let rows = ledger::of_person(&self.store, &of.name)?;
        Ok(rows.into_iter().filter(|row| row.person_since == of.created).collect())
    }

    fn whole(&self, row: &PermissionRow) -> Result<Value, ReadError> {
        let days = ledger::fetch_days(&self.store, &row.id)?;
        Ok(json!({
            "permission": row,
            "filters": ledger::filters(&self.store, &row.id)?,
            "history": ledger::history(&self.store, &row.id)?,
            "fetches_by_day": days.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            "fetches": ledger::fetches(&self.store, &row.id)?,
            "withdrawal": ledger::withdrawal(&self.store, &row.id)?.map(|told| json!({
                "at": told.at, "telling": told.telling, "attempts": told.attempts, "outcome": told.outcome,
            })),
        }))
    }

    async fn revoke(&self, row: &PermissionRow) -> Result<(), String> {
        let (id, tell, now) = (row.id.clone(), self.told.contains(&row.client), self.store.now());
        let revoke = move |page: &mut crate::store::Page| {
            Ok::<_, RowError>(ledger::revoke_on(page, &id, (Revoker::Person, tell), now)?.is_some())
        };
        let revoked = self.store.write(revoke).await.map_err(|error| error.to_string())?;
        if revoked {
            tracing::info!(
                target: AUDIT, permission = row.id, client = row.client, by = "the person, with all that is kept of them",
                "a permission was taken back"
            );
        }
        Ok(())
    }
}

#[async_trait]
impl Holder for PerseusHolding {
    fn held(&self, of: &Subject, t: Texts) -> Result<Vec<Held>, ReadError> {
        let rows = self.permissions(of)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let (live, all) = (rows.iter().filter(|row| row.is_live(of.now)).count(), rows.len());
        let mut held = Vec::new();
        if live > 0 {
            held.push(Held::goes(&t.say1("held-permissions", "count", live)));
        }
        held.push(Held::stays(
            &t.say1("held-evidence", "count", all),
            &t.say("held-evidence-why"),
        ));
        held.push(Held::stays(
            &t.say("held-records"),
            &t.say1("held-records-why", "long", kept_for(t, self.records_stay).text()),
        ));
        Ok(held)
    }

    fn steps(&self, _: &Subject) -> Result<u32, ReadError> {
        Ok(2)
    }

    fn take(&self, of: &Subject, into: &mut dyn Taking) -> Result<(), TakeError> {
        let rows = self.permissions(of)?;
        if !rows.is_empty() {
            let whole: Result<Vec<Value>, ReadError> = rows.iter().map(|row| self.whole(row)).collect();
            serde_json::to_writer_pretty(into.begin("sharing/permissions.json")?, &whole?).map_err(io::Error::from)?;
        }
        let texts: BTreeSet<&String> = rows.iter().map(|row| &row.text).collect();
        for text in texts {
            if let Some(words) = words::agreed_to(&self.words, text) {
                into.begin(&format!("sharing/words/{text}.txt"))?
                    .write_all(words.as_bytes())?;
            }
        }
        into.step()?;
        let ids: BTreeSet<&String> = rows.iter().map(|row| &row.id).collect();
        if !ids.is_empty() {
            let mut file = None;
            ledger::each_record(&self.store, |origin, record| {
                if !ids.contains(&record.permission) {
                    return Ok(());
                }
                let mut line =
                    serde_json::to_vec(&json!({ "origin": origin, "record": record })).map_err(io::Error::from)?;
                line.push(b'\n');
                file.get_or_insert_with(Vec::new).extend(line);
                Ok::<(), TakeError>(())
            })?;
            if let Some(lines) = file {
                into.begin("sharing/records.ndjson")?.write_all(&lines)?;
            }
        }
        into.step()
    }

    async fn erase(&self, erasing: &Erasing, _: Done) -> Result<(), String> {
        // Of nobody there is nothing: those without a name are evidence already.
        if erasing.name.is_empty() {
            return Ok(());
        }
        let rows = ledger::of_person(&self.store, &erasing.name).map_err(|error| error.to_string())?;
        for row in rows.into_iter().filter(|row| row.person_since == erasing.created) {
            if row.revoked.is_none() && row.is_live(self.store.now()) {
                self.revoke(&row).await?;
            }
            let nameless = self.store.write(move |page| ledger::disown_on(page, &row.id));
            nameless.await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}
