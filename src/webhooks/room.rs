//! The room: a worker for each target, and what is known of them.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::config::Entry;
use super::error::{ReplayError, WebhooksError};
use super::ledger::{self, Delivery, Place, State};
use super::shown::{DeliveryShown, TargetShown, TargetState};
use super::target::{LANE, Target, reader};
use super::waiting;
use crate::store::{FollowError, ReadError, Store, WriteError};

/// The room.
pub struct Webhooks {
    store: Store,
    targets: Vec<(Entry, Arc<Notify>)>,
}

/// Until when a target wants to be left alone.
fn left_alone_until(deliveries: &[(Place, Delivery)]) -> Option<Timestamp> {
    let told = deliveries.iter().filter_map(|(_, delivery)| delivery.not_before);
    told.filter(|until| *until > Timestamp::now()).max()
}

impl Webhooks {
    /// The room on this book; nothing runs yet.
    #[must_use]
    pub fn new(entries: &[Entry], store: Store) -> Arc<Webhooks> {
        let targets = entries.iter().map(|entry| (entry.clone(), Arc::default())).collect();
        Arc::new(Webhooks { store, targets })
    }

    /// Tells the targets until it is told to stop.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), WebhooksError> {
        let mut workers = self.begin().await?;
        let ended = tokio::select! {
            () = stop.cancelled() => Ok(Ok(())),
            Some(ended) = workers.join_next() => ended,
        };
        // Whoever follows takes their places in the journal.
        workers.shutdown().await;
        Ok(ended??)
    }

    /// A worker for each target.
    async fn begin(&self) -> Result<JoinSet<Result<(), FollowError>>, FollowError> {
        self.prepare().await?;
        let known = ledger::targets(&self.store)?;
        let mut workers = JoinSet::new();
        for (entry, bell) in &self.targets {
            let since = known
                .iter()
                .find(|(name, _)| *name == entry.name)
                .map(|(_, since)| *since);
            let since = since.unwrap_or_else(Timestamp::now);
            let lane = self.store.subscribe_from_oldest(&reader(&entry.name), LANE)?;
            let target = Target {
                entry: entry.clone(),
                store: self.store.clone(),
                bell: Arc::clone(bell),
                since,
            };
            workers.spawn(target.run(lane));
        }
        Ok(workers)
    }

    /// Writes down since when each target is told. To be called before anybody else writes: a new cursor is on disk only
    /// a moment after it was taken, and what comes first is not lost to a box that is killed meanwhile.
    pub async fn prepare(&self) -> Result<(), FollowError> {
        let now = Timestamp::now();
        for (entry, _) in &self.targets {
            let name = entry.name.clone();
            self.store
                .write_patiently(move |page| ledger::begin_on(page, &name, now))
                .await?;
        }
        Ok(())
    }

    /// Targets that are no more hold no cursor, and nothing of them is kept. To be called once it is sure that they are
    /// no more: what waited for them goes.
    ///
    /// # Errors
    /// When the book cannot be read or written.
    pub async fn forget_others(&self) -> Result<(), FollowError> {
        for (name, _) in ledger::targets(&self.store)? {
            if self.targets.iter().any(|(entry, _)| entry.name == name) {
                continue;
            }
            self.store.retire(&reader(&name));
            loop {
                let name = name.clone();
                if self
                    .store
                    .write_patiently(move |page| ledger::forget_on(page, &name))
                    .await?
                {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Every target, and how it goes with it. Reads the disk, as far as the targets are behind.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn targets(&self) -> Result<Vec<TargetShown>, ReadError> {
        let begun = ledger::targets(&self.store)?;
        let shown = self.targets.iter().map(|(entry, _)| {
            let since = begun.iter().find(|(name, _)| *name == entry.name);
            let since = since.map_or_else(Timestamp::now, |(_, since)| *since);
            let mut deliveries = ledger::deliveries(&self.store, &entry.name)?;
            let waiting = waiting::count(&self.store, entry, since, &deliveries)?;
            let count = |state| {
                deliveries
                    .iter()
                    .filter(|(_, delivery)| delivery.state == state)
                    .count() as u64
            };
            Ok(TargetShown {
                name: entry.name.clone(),
                to: entry.origin().map(|origin| origin.to_string()).unwrap_or_default(),
                waiting,
                delivered: count(State::Delivered),
                dead: count(State::Dead),
                not_before: left_alone_until(&deliveries),
                last: deliveries
                    .pop()
                    .map(|(_, delivery)| DeliveryShown::of(&entry.name, delivery)),
            })
        });
        shown.collect()
    }

    /// Whether every target takes what it is told, for the box's own status, which is asked every second.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn states(&self) -> Result<Vec<TargetState>, ReadError> {
        let states = self.targets.iter().map(|(entry, _)| {
            let deliveries = ledger::deliveries(&self.store, &entry.name)?;
            let tried = deliveries.iter().map(|(_, delivery)| delivery);
            let tried = tried.filter(|delivery| delivery.attempts > 0);
            let newest = tried.max_by_key(|delivery| delivery.tried);
            Ok(TargetState {
                name: entry.name.clone(),
                not_before: left_alone_until(&deliveries),
                failing: newest
                    .filter(|delivery| delivery.state != State::Delivered)
                    .map(|delivery| delivery.outcome.clone()),
            })
        });
        states.collect()
    }

    /// The latest deliveries, newest first; only those to `target`, only those in `state`.
    pub fn deliveries(&self, target: Option<&str>, state: Option<State>) -> Result<Vec<DeliveryShown>, ReadError> {
        let mut found = Vec::new();
        for (entry, _) in &self.targets {
            if target.is_none_or(|target| target == entry.name) {
                let all = ledger::deliveries(&self.store, &entry.name)?.into_iter();
                let wanted = all.filter(|(_, delivery)| state.is_none_or(|state| state == delivery.state));
                found.extend(wanted.map(|(_, delivery)| DeliveryShown::of(&entry.name, delivery)));
            }
        }
        found.sort_by_key(|one| std::cmp::Reverse(one.at));
        Ok(found)
    }

    /// Asks for a delivery to be sent once more, as one try.
    pub async fn replay(&self, target: &str, id: &str) -> Result<(), ReplayError> {
        let (entry, bell) = self
            .targets
            .iter()
            .find(|(entry, _)| entry.name == target)
            .ok_or_else(|| ReplayError::Target(target.to_owned()))?;
        let known = || ledger::deliveries(&self.store, &entry.name);
        let unknown = || ReplayError::Delivery(id.to_owned());
        let all = known().map_err(|error| ReplayError::Write(WriteError::Refused(error.into())))?;
        let place: Place = all
            .iter()
            .find(|(_, delivery)| delivery.id == id)
            .map(|(place, _)| *place)
            .ok_or_else(unknown)?;
        let name = entry.name.clone();
        let asked = self
            .store
            .write(move |page| ledger::again_on(page, &name, place))
            .await?;
        if !asked {
            return Err(unknown());
        }
        bell.notify_one();
        Ok(())
    }
}
