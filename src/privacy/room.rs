//! What the part is, and what is asked of it without changing anything.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, mpsc};

use super::download;
use super::rows::AskedBy;
use super::taking::{ArchiveShown, Archives, Stand, Wanted};
use super::under_way::AllUnderWay;
use crate::accounts::{AUDIT, Accounts, AccountsError, Fate, Held, Holder, Subject};
use crate::store::{ReadError, Store};
use crate::texts::Texts;

/// Archives that may be wanted at once.
const WANTED: usize = 32;
/// One that is not older is not made anew.
const LATELY: SignedDuration = SignedDuration::from_secs(60);

/// What is told of what was handed out, wrapped up or written elsewhere before somebody was erased.
pub type Elsewhere = Arc<dyn Fn(Timestamp, Texts) -> Vec<String> + Send + Sync>;

/// An archive that is wanted.
pub(super) type Order = (Subject, Wanted);

/// What the box holds of people, handed out and erased.
pub struct PersonalData {
    pub(super) accounts: Accounts,
    pub(super) store: Store,
    pub(super) holders: Vec<Arc<dyn Holder>>,
    pub(super) archives: Arc<Archives>,
    orders: mpsc::Sender<Order>,
    pub(super) ordered: tokio::sync::Mutex<mpsc::Receiver<Order>>,
    pub(super) under_way: AllUnderWay,
    pub(super) wake: Notify,
    pub(super) elsewhere: Elsewhere,
}

/// What it is built with.
pub struct Deps {
    /// The people.
    pub accounts: Accounts,
    /// Whoever holds something of them.
    pub holders: Vec<Arc<dyn Holder>>,
    /// On whose disk archives are made.
    pub folder: PathBuf,
    /// What backups and books that were put aside go on holding, until when, in words.
    pub elsewhere: Elsewhere,
}

/// What the box holds of somebody, and what becomes of it when they are erased.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Account {
    /// Whose.
    pub name: String,
    /// What goes.
    pub goes: Vec<String>,
    /// What stays, for how long and why.
    pub stays: Vec<(String, String)>,
    /// What lies elsewhere, and until when.
    pub elsewhere: Vec<String>,
}

impl PersonalData {
    /// Over this book.
    #[must_use]
    pub fn new(store: Store, deps: Deps) -> PersonalData {
        let (orders, ordered) = mpsc::channel(WANTED);
        PersonalData {
            archives: Arc::new(Archives::new(store.clone(), deps.folder, deps.holders.clone())),
            accounts: deps.accounts,
            store,
            holders: deps.holders,
            orders,
            ordered: tokio::sync::Mutex::new(ordered),
            under_way: AllUnderWay::default(),
            wake: Notify::new(),
            elsewhere: deps.elsewhere,
        }
    }

    /// What the box holds of somebody, in words of a language.
    ///
    /// # Errors
    ///
    /// When there is nobody of that name, or the book cannot be read.
    pub fn account(&self, name: &str, t: Texts) -> Result<Account, AccountsError> {
        let subject = self.accounts.subject(name)?;
        let mut account = Account {
            name: name.to_owned(),
            goes: Vec::new(),
            stays: Vec::new(),
            elsewhere: (self.elsewhere)(subject.now, t),
        };
        for Held { what, fate } in self.held(&subject, t)? {
            match fate {
                Fate::Goes => account.goes.push(what),
                Fate::Stays(how_long) => account.stays.push((what, how_long)),
            }
        }
        Ok(account)
    }

    fn held(&self, of: &Subject, t: Texts) -> Result<Vec<Held>, ReadError> {
        let mut held = Vec::new();
        for holder in &self.holders {
            held.extend(holder.held(of, t)?);
        }
        Ok(held)
    }

    /// Has an archive be made of what is held of somebody; `false`: too many are wanted just now.
    ///
    /// # Errors
    ///
    /// When there is nobody of that name, or the book cannot be read.
    pub fn order(&self, name: &str, by: AskedBy) -> Result<bool, AccountsError> {
        let subject = self.accounts.subject(name)?;
        // One that is on its way, or was made just now, is as good as another.
        match self.archives.stand(&subject, by) {
            Some(Stand::Making(_)) => return Ok(true),
            Some(Stand::Ready(ready)) if subject.now.duration_since(ready.made).abs() < LATELY => return Ok(true),
            Some(Stand::Ready(_) | Stand::Failed) | None => {}
        }
        let Ok(place) = self.orders.try_reserve() else {
            return Ok(false);
        };
        let asked_by = by.words();
        tracing::info!(target: AUDIT, person = name, asked_by, "an archive of what is held of a person is made");
        let wanted = self.archives.want(&subject, by);
        place.send((subject, wanted));
        Ok(true)
    }

    /// How the archive of somebody stands.
    ///
    /// # Errors
    ///
    /// When there is nobody of that name, or the book cannot be read.
    pub fn archive(&self, name: &str, by: AskedBy) -> Result<ArchiveShown, AccountsError> {
        let subject = self.accounts.subject(name)?;
        Ok(ArchiveShown::of(self.archives.stand(&subject, by).as_ref()))
    }

    /// The archive of somebody, once it is there.
    ///
    /// # Errors
    ///
    /// When there is nobody of that name, or the book cannot be read.
    pub fn archive_body(&self, name: &str, by: AskedBy) -> Result<Option<axum::body::Body>, AccountsError> {
        let subject = self.accounts.subject(name)?;
        Ok(match self.archives.stand(&subject, by) {
            Some(Stand::Ready(ready)) => Some(download::whole(&ready)),
            Some(Stand::Making(_) | Stand::Failed) | None => None,
        })
    }
}
