//! What a request may see, and whether it still may: looked at before the first byte, and again while the answer goes out
//! (PER §6.1).

use std::ops::Range;

use jiff::Timestamp;

use super::filter::Filter;
use super::ledger;
use super::period::Period;
use super::room::Perseus;
use super::rows::{GrantRow, PermissionRow};
use crate::accounts::Link;
use crate::domain::Measure;
use crate::store::ReadError;

/// A token that was let in, and what it rests on.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    pub(super) permission: String,
    pub(super) grant: String,
    /// Of the access token.
    pub(super) jti: String,
    /// The application's URL.
    pub(super) client: String,
}

/// What a pass is good for at one moment.
#[derive(Clone, Debug)]
pub(super) struct Allowance {
    pub(super) permission: PermissionRow,
    pub(super) filters: Vec<Filter>,
    /// The person's.
    links: Vec<Link>,
}

impl Pass {
    /// What it is good for at `now`; `None`: nothing any more.
    pub(super) fn allowance(&self, room: &Perseus, now: Timestamp) -> Result<Option<Allowance>, ReadError> {
        let permission = ledger::permission(&room.store, &self.permission)?;
        let permission = permission.filter(|row| row.is_live(now) && row.client == self.client);
        let Some(permission) = permission else { return Ok(None) };
        let grant = ledger::grant(&room.store, &self.grant)?;
        let stands = |grant: &GrantRow| grant.ended.is_none() && grant.permission == permission.id;
        if !grant.as_ref().is_some_and(stands) || ledger::is_revoked(&room.store, &self.jti)? {
            return Ok(None);
        }
        let Some(links) = room.links_of(&permission)? else {
            return Ok(None);
        };
        let filters = room.open_filters(&permission, &links, now)?;
        Ok(Some(Allowance {
            permission,
            filters,
            links,
        }))
    }
}

impl Allowance {
    /// What it lets out of a data source's measure.
    pub(super) fn filter(&self, source: &str, measure: Measure) -> Option<&Filter> {
        let mut filters = self.filters.iter();
        filters.find(|filter| filter.source == source && filter.shares(measure))
    }

    /// The stretches of a period that a filter lets out at `now`.
    pub(super) fn stretches(&self, filter: &Filter, period: Period, now: Timestamp) -> Vec<Range<Timestamp>> {
        filter.within(&self.links, now, &(period.from..period.to))
    }
}
