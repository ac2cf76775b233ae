//! How permissions stand, and what ends them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::filter::Filter;
use super::ledger::{self, RecordRow};
use super::refusal::Refusal;
use super::room::Perseus;
use super::rows::{PermissionRow, Revoker};
use super::signing::SigningShown;
use super::token_keys::TokenKeysError;
use crate::accounts::{AUDIT, Link};
use crate::store::ReadError;

impl Perseus {
    /// The links of the person who gave a permission, while that person is known.
    pub(super) fn links_of(&self, permission: &PermissionRow) -> Result<Option<Vec<Link>>, ReadError> {
        let person = self.accounts.person(&permission.person)?;
        let same = person.filter(|person| person.created == permission.person_since);
        Ok(same.map(|person| person.links))
    }

    /// Whether the person who gave a permission is known.
    pub(super) fn is_known(&self, permission: &PermissionRow) -> bool {
        self.links_of(permission).is_ok_and(|links| links.is_some())
    }

    /// Takes a permission back. All that rests on it is refused from the moment on at which this is answered.
    pub(super) async fn revoke(&self, permission: &str, by: Revoker) -> Result<Option<PermissionRow>, Refusal> {
        let (id, now) = (permission.to_owned(), self.store.now());
        let client = ledger::permission(&self.store, permission)
            .ok()
            .flatten()
            .map(|row| row.client);
        let client = client.and_then(|client| self.client_called(&client));
        let tell = client.is_some_and(|client| client.message_url.is_some());
        let written = self
            .store
            .write(move |page| ledger::revoke_on(page, &id, (by, tell), now))
            .await;
        let revoked = written.map_err(|error| {
            tracing::warn!(%error, "a permission was not taken back");
            Refusal::Unavailable
        })?;
        if let Some(row) = &revoked {
            self.to_tell.notify_one();
            tracing::info!(target: AUDIT, permission = row.id, client = row.client, by = by.words(), "a permission was taken back");
        }
        Ok(revoked)
    }

    /// What a permission lets out at `now`, of what is the person's and is offered then.
    pub(super) fn open_filters(
        &self,
        permission: &PermissionRow,
        links: &[Link],
        now: Timestamp,
    ) -> Result<Vec<Filter>, ReadError> {
        let mut filters = ledger::filters(&self.store, &permission.id)?;
        filters.retain(|filter| filter.is_open(links, now));
        self.still_offered(filters)
    }

    /// How a permission stands, and what of it goes out now.
    pub(super) fn standing_of(&self, row: &PermissionRow) -> Result<(Standing, Vec<Filter>), ReadError> {
        let now = self.store.now();
        if row.revoked.is_some() {
            return Ok((Standing::Stopped, Vec::new()));
        }
        let Some(links) = self.links_of(row)?.filter(|_| row.is_live(now)) else {
            return Ok((Standing::Over, Vec::new()));
        };
        let open = self.open_filters(row, &links, now)?;
        let standing = if open.is_empty() {
            Standing::Idle
        } else {
            Standing::Allowed
        };
        Ok((standing, open))
    }

    /// When the last of a permission's meters was the person's no more, if none is now.
    pub(super) fn left(&self, row: &PermissionRow) -> Result<Option<Timestamp>, ReadError> {
        let (links, now) = (self.links_of(row)?.unwrap_or_default(), self.store.now());
        let filters = ledger::filters(&self.store, &row.id)?;
        let theirs = links
            .iter()
            .filter(|link| filters.iter().any(|filter| filter.meter == link.meter));
        if theirs.clone().any(|link| link.in_force(now)) {
            return Ok(None);
        }
        Ok(theirs.filter_map(|link| link.until).filter(|until| *until <= now).max())
    }
}

/// How a permission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It lets something out.
    Allowed,
    /// It was not ended, and lets nothing out: none of its meters is the person's now, or is offered any more.
    Idle,
    /// Somebody took it back.
    Stopped,
    /// Its time is over, or the person is not known any more.
    Over,
}

impl Standing {
    /// In words, for pages.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Standing::Allowed => "allowed",
            Standing::Idle => "sees nothing now",
            Standing::Stopped => "stopped",
            Standing::Over => "over",
        }
    }

    /// Whether it may let something out, now or later.
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(self, Standing::Allowed | Standing::Idle)
    }
}

/// A permission as whoever runs the box sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PermissionShown {
    pub id: String,
    /// Whose data it is.
    pub person: String,
    /// The application's URL.
    pub client: String,
    /// What people call it.
    pub name: String,
    /// The licence's URL.
    pub licence: String,
    /// The data sources' ids.
    pub sources: Vec<String>,
    /// Those of them of which anything goes out now.
    #[serde(default)]
    pub open: Vec<String>,
    /// How it stands.
    pub state: Standing,
    /// When it was last given.
    pub granted: Timestamp,
    /// The first instant at which it is over.
    pub expires: Timestamp,
    /// Whether the application was told that it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
    /// Since when it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
}

impl Perseus {
    /// Every permission, the one given last first.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn permissions(&self) -> Result<Vec<PermissionShown>, ReadError> {
        let mut rows = ledger::all(&self.store)?;
        rows.sort_by_key(|row| std::cmp::Reverse(row.renewed));
        rows.into_iter().map(|row| self.permission_shown(row)).collect()
    }

    fn permission_shown(&self, row: PermissionRow) -> Result<PermissionShown, ReadError> {
        let sources = ledger::filters(&self.store, &row.id)?;
        let (state, open) = self.standing_of(&row)?;
        Ok(PermissionShown {
            open: open.into_iter().map(|filter| filter.source).collect(),
            state,
            name: self.name_of(&row),
            told: self.told(&row)?,
            sources: sources.into_iter().map(|filter| filter.source).collect(),
            revoked: row.revoked.as_ref().map(|revoked| revoked.at),
            id: row.id,
            person: row.person,
            client: row.client,
            licence: row.licence,
            granted: row.renewed,
            expires: row.expires,
        })
    }

    /// What people call the application of a permission.
    pub(super) fn name_of(&self, row: &PermissionRow) -> String {
        let client = self.client_called(&row.client);
        client.map_or_else(|| row.client.clone(), |client| client.name.clone())
    }

    /// Stops a permission for whoever runs the box.
    ///
    /// # Errors
    ///
    /// When there is none of that id, or the book takes nothing.
    pub async fn stop_permission(&self, id: &str) -> Result<PermissionShown, Refusal> {
        self.revoke(id, Revoker::Operator).await?;
        let row = ledger::permission(&self.store, id)
            .map_err(|_| Refusal::Ours)?
            .ok_or(Refusal::RefreshToken)?;
        self.permission_shown(row).map_err(|_| Refusal::Ours)
    }

    /// The certificate that signs records; `None`: there is none that can be used.
    #[must_use]
    pub fn signing_certificate(&self) -> Option<SigningShown> {
        self.signing.shown(self.store.now())
    }

    /// What stands behind a record, by the id of its origin step.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn record(&self, origin: &str) -> Result<Option<RecordRow>, ReadError> {
        ledger::record(&self.store, origin)
    }

    /// Has the next key sign tokens from now on; answers its name.
    ///
    /// # Errors
    ///
    /// When that key was published too lately, or the file cannot be written.
    pub fn rotate_token_keys(&self) -> Result<String, TokenKeysError> {
        self.keys.rotate(self.store.now())?;
        let kid = self.keys.signing().kid;
        tracing::info!(target: AUDIT, kid, "the keys that sign tokens were changed by command");
        Ok(kid)
    }
}
