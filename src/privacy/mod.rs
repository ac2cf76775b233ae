#![doc = include_str!("README.md")]

mod archive;
mod contents;
mod download;
mod erasure;
mod pages;
mod restored;
mod rows;
mod taking;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::accounts::{AUDIT, Accounts, AccountsError, Fate, Held, Holder, Subject};
use crate::store::{ReadError, Store};
use archive::Progress;
use erasure::UnderWay;
use taking::{Archives, Stand};

pub use erasure::ErasureShown;
pub use pages::router;
pub use rows::AskedBy;
pub use taking::ArchiveShown;

/// How often an erasure is tried again that something held up.
const AGAIN: Duration = Duration::from_secs(60);
/// How often it is looked what stayed for a time that is over.
const LET_GO: Duration = Duration::from_secs(24 * 3_600);
/// Archives that may be wanted at once.
const WANTED: usize = 32;

/// What is told of what was handed out, wrapped up or written elsewhere before somebody was erased.
pub type Elsewhere = Arc<dyn Fn(Timestamp) -> Vec<String> + Send + Sync>;

/// An archive that is wanted.
type Order = (Subject, (Arc<Progress>, CancellationToken));

/// What the box holds of people, handed out and erased.
pub struct PersonalData {
    accounts: Accounts,
    store: Store,
    holders: Vec<Arc<dyn Holder>>,
    archives: Arc<Archives>,
    orders: mpsc::Sender<Order>,
    ordered: tokio::sync::Mutex<mpsc::Receiver<Order>>,
    under_way: Mutex<HashMap<String, UnderWay>>,
    wake: Notify,
    elsewhere: Elsewhere,
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
            archives: Arc::new(Archives::new(deps.folder, deps.holders.clone())),
            accounts: deps.accounts,
            store,
            holders: deps.holders,
            orders,
            ordered: tokio::sync::Mutex::new(ordered),
            under_way: Mutex::default(),
            wake: Notify::new(),
            elsewhere: deps.elsewhere,
        }
    }

    /// What the box holds of somebody.
    ///
    /// # Errors
    ///
    /// When there is nobody of that name, or the book cannot be read.
    pub fn account(&self, name: &str) -> Result<Account, AccountsError> {
        let subject = self.accounts.subject(name)?;
        let mut account = Account {
            name: name.to_owned(),
            goes: Vec::new(),
            stays: Vec::new(),
            elsewhere: (self.elsewhere)(subject.now),
        };
        for Held { what, fate } in self.held(&subject)? {
            match fate {
                Fate::Goes => account.goes.push(what),
                Fate::Stays(how_long) => account.stays.push((what, how_long)),
            }
        }
        Ok(account)
    }

    fn held(&self, of: &Subject) -> Result<Vec<Held>, ReadError> {
        let mut held = Vec::new();
        for holder in &self.holders {
            held.extend(holder.held(of)?);
        }
        Ok(held)
    }

    /// Has an archive be made of what is held of somebody; `false`: too many are wanted just now.
    ///
    /// # Errors
    ///
    /// When there is nobody of that name, or the book cannot be read.
    pub fn order(&self, name: &str) -> Result<bool, AccountsError> {
        let subject = self.accounts.subject(name)?;
        tracing::info!(target: AUDIT, person = name, "an archive of what is held of a person is made");
        Ok(self.take(subject))
    }

    /// How the archive of somebody stands.
    ///
    /// # Errors
    ///
    /// When there is nobody of that name, or the book cannot be read.
    pub fn archive(&self, name: &str) -> Result<ArchiveShown, AccountsError> {
        let subject = self.accounts.subject(name)?;
        Ok(ArchiveShown::of(self.archives.stand(&subject).as_ref()))
    }

    /// The archive of somebody, once it is there.
    ///
    /// # Errors
    ///
    /// When there is nobody of that name, or the book cannot be read.
    pub fn archive_body(&self, name: &str) -> Result<Option<axum::body::Body>, AccountsError> {
        let subject = self.accounts.subject(name)?;
        Ok(match self.archives.stand(&subject) {
            Some(Stand::Ready(ready)) => Some(download::whole(&ready)),
            Some(Stand::Making(_) | Stand::Failed) | None => None,
        })
    }

    /// Has an archive be made for somebody, in the place of what was there. `false`: too many are wanted just now.
    fn take(&self, of: Subject) -> bool {
        let Ok(place) = self.orders.try_reserve() else {
            return false;
        };
        let wanted = self.archives.want(&of);
        place.send((of, wanted));
        true
    }

    /// Makes archives that are wanted, and carries out erasures, until it is to stop.
    ///
    /// # Errors
    ///
    /// When the book cannot be read or written at the beginning.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> anyhow::Result<()> {
        self.settle().await?;
        let mut ordered = self.ordered.lock().await;
        let mut making = JoinSet::new();
        let (mut again, mut let_go) = (tokio::time::interval(AGAIN), tokio::time::interval(LET_GO));
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                order = ordered.recv() => if let Some((subject, wanted)) = order {
                    making.spawn(Arc::clone(&self.archives).make(subject, wanted));
                },
                Some(_) = making.join_next() => {}
                () = self.wake.notified() => self.carry_out_until(&stop).await,
                _ = again.tick() => {
                    self.archives.sweep(self.store.now());
                    self.carry_out_until(&stop).await;
                }
                _ = let_go.tick() => self.let_go().await,
            }
        }
        self.archives.stop();
        while making.join_next().await.is_some() {}
        Ok(())
    }

    async fn carry_out_until(&self, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            _ = self.carry_out() => {}
        }
    }

    /// Lets go of what stayed of erased stretches until its time was over.
    async fn let_go(&self) {
        let spans = match rows::erased(&self.store) {
            Ok(spans) => spans,
            Err(error) => return tracing::error!(%error, "erasures cannot be read"),
        };
        for holder in self.holders.iter().filter(|_| !spans.is_empty()) {
            if let Err(error) = holder.let_go(&spans).await {
                tracing::warn!(
                    error,
                    "what stayed of somebody who was erased was not let go; it is tried again tomorrow"
                );
            }
        }
    }
}
