//! What people do about their own account: another password, and the end of sessions elsewhere.

use std::net::IpAddr;

use jiff::Timestamp;

use super::secret::Secret;
use super::session::OwnSession;
use super::who::Who;
use super::{AUDIT, Accounts, AccountsError, password, session};
use crate::store::ReadError;

impl Accounts {
    /// Gives somebody who knows their password another one. All their sessions end, and one begins, whose cookie this is.
    /// A wrong old password counts as one at sign-in.
    ///
    /// # Errors
    ///
    /// When the new one is not taken, the old one is wrong or not looked at now, or the book does not take it.
    pub async fn change_password(
        &self,
        name: &str,
        (old, new): (Secret, Secret),
        (from, now): (IpAddr, Timestamp),
    ) -> Result<Secret, AccountsError> {
        password::check(&new)?;
        self.sign_in(name, old, (from, now)).await?;
        self.set_password(name, new.clone()).await?;
        tracing::info!(target: AUDIT, person = name, "a person changed their password themselves");
        self.sign_in(name, new, (from, now)).await
    }

    /// The sessions of somebody that live, the newest first.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn own_sessions(&self, who: &Who) -> Result<Vec<OwnSession>, ReadError> {
        let Who::Person { name, proof, .. } = who else {
            return Ok(Vec::new());
        };
        let mut own = session::living(&self.store, (name, *proof), &self.store.time())?;
        own.sort_by_key(|session| std::cmp::Reverse(session.created));
        Ok(own)
    }

    /// Ends every session of somebody but the one that asks; answers how many there were.
    ///
    /// # Errors
    ///
    /// When the book does not take it.
    pub async fn end_other_sessions(&self, who: &Who) -> Result<usize, AccountsError> {
        let Who::Person { name, proof, .. } = who else {
            return Ok(0);
        };
        let (person, proof) = (name.clone(), *proof);
        let ended = self
            .write(move |page| Ok(session::end_others(page, &person, proof)?))
            .await?;
        self.ring();
        tracing::info!(target: AUDIT, person = name, ended, "a person ended their sessions elsewhere");
        Ok(ended)
    }
}
