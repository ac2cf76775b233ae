//! What people and tokens are managed by, and where the links lead that are handed on.

use axum::http::{HeaderMap, Uri};
use jiff::Timestamp;

use super::super::reach::Reach;
use crate::accounts::{INVITATION_LIFE, Secret};
use crate::admin::AdminState;

/// What stands behind the pages and the API of people.
pub(super) struct PeopleDesk {
    /// The same as commands manage people by.
    pub(super) admin: AdminState,
    /// How others reach the box.
    pub(super) reach: Reach,
}

impl PeopleDesk {
    /// The whole link of a one-time code, and until when it is good.
    pub(super) fn link(&self, code: &Secret, (uri, headers): (&Uri, &HeaderMap)) -> (String, Timestamp) {
        let until = self.admin.accounts.now().checked_add(INVITATION_LIFE);
        let link = format!("{}/welcome/{}", self.reach.base(uri, headers), code.reveal());
        (link, until.unwrap_or(Timestamp::MAX))
    }
}
