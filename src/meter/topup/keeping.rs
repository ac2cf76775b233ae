//! Gives every meter with open top-ups a worker, and lets go what is over: codes that waited too long, and what was
//! settled long ago (EMOP §21.1).

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use super::WRITE_AGAIN;
use super::row::TopupRow;
use super::tending::Tending;
use super::watching::Pauses;
use super::{forgetting, ledger};
use crate::domain::{MeterId, Seq, TopupState};
use crate::meter::room::Meters;
use crate::store::ReadError;

/// How long a code is tried to be sent.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How often it is looked whether codes waited too long.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How often those are let go that were settled long ago.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);

impl Meters {
    /// Gives every meter with open top-ups a worker, for ever.
    pub(in crate::meter) async fn tend_topups(self: &Arc<Self>) -> ReadError {
        let mut changed = self.topups.changed.subscribe();
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let mut sweeps = tokio::time::interval(SWEEP_EVERY);
        if let Err(error) = self.name_the_homeless() {
            return error;
        }
        self.look_at_the_key().await;
        loop {
            changed.mark_unchanged();
            match ledger::all_open(&self.store) {
                Ok(open) => self.give_workers(open).await,
                Err(error) => return error,
            }
            tokio::select! {
                _ = changed.changed() => {}
                _ = looks.tick() => {}
                _ = sweeps.tick() => self.forget_old_topups().await,
            }
        }
    }

    /// Says which codes are of meters that the registry has no more.
    fn name_the_homeless(&self) -> Result<(), ReadError> {
        for row in ledger::all_open(&self.store)? {
            if self.served(&row.meter).is_none() {
                tracing::warn!(topup = row.id, meter.id = %row.meter, state = row.state.name(), "a code is not settled, and the registry has its meter no more: add the meter again, or `gatelodge prepay cancel` or `settle` it");
            }
        }
        Ok(())
    }

    /// Forgets what was settled longer ago than `retention.money`.
    async fn forget_old_topups(&self) {
        let time = self.store.time();
        let kept = SignedDuration::try_from(self.topups.kept.0).unwrap_or(SignedDuration::MAX);
        if self.topups.kept.is_zero() || !time.is_settled() {
            return;
        }
        let before = time.now.saturating_sub(kept).unwrap_or(Timestamp::MIN);
        loop {
            let swept = self
                .store
                .write_bulk(move |page| forgetting::forget_on(page, before))
                .await;
            match swept {
                Ok(0) => return,
                Ok(count) => tracing::info!(count, "top-ups older than retention.money were let go"),
                Err(error) => {
                    tracing::warn!(%error, "old top-ups could not be let go; it is tried again");
                    return;
                }
            }
        }
    }

    async fn give_workers(self: &Arc<Self>, open: Vec<TopupRow>) {
        let time = self.store.time();
        for row in open {
            if row.state == TopupState::Waiting && time.has_passed(LIFE, row.made) {
                let now = self.store.now();
                self.change_row(row.seq, move |row| {
                    let waits = row.state == TopupState::Waiting;
                    if waits {
                        row.becomes(TopupState::NotSent, now);
                    }
                    waits
                })
                .await;
                continue;
            }
            let Some(served) = self.served(&row.meter) else {
                continue;
            };
            if self.topups.tended().insert(row.meter.clone()) {
                let room = Arc::clone(self);
                self.topups.workers.spawn(async move {
                    let meter = served.meter.serial.clone();
                    // Free again however the work ends, a panic among it.
                    let _place = Place(Arc::clone(&room), meter);
                    Tending::new(room, served).run().await;
                });
            }
        }
    }

    /// Changes a row that is not settled, and does not give up before it is written or the room ends. `None`: there was
    /// nothing to change.
    pub(super) async fn change_row(
        &self,
        seq: Seq,
        change: impl Fn(&mut TopupRow) -> bool + Clone + Send + 'static,
    ) -> Option<TopupRow> {
        loop {
            let change = change.clone();
            let written = self.store.write(move |page| ledger::change_on(page, seq, change));
            match written.await {
                Ok(row) => return row,
                Err(error) => tracing::warn!(%error, "what became of a top-up was not written down; it is tried again"),
            }
            tokio::select! {
                () = sleep(WRITE_AGAIN) => {}
                () = self.stopped() => return None,
            }
        }
    }

    /// How long looks wait after a code's last byte.
    pub(super) fn proof_pauses(&self) -> Pauses {
        let rules = self.config.rules();
        Pauses {
            first: rules.timeout + rules.gap,
            pause: self.config.proof_pause.0,
        }
    }
}

/// A meter's place among those that have a worker.
struct Place(Arc<Meters>, MeterId);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.topups.tended().remove(&self.1);
        // Whatever came while it went is looked at.
        self.0.topups.tell();
    }
}
