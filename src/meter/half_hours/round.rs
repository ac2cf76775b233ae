//! One round with one meter: what is open is asked for, stored, and only then counted as settled.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::log::{Log, LogExtract, Record};
use super::window;
use crate::domain::{HalfHour, HalfHoursAsked, MeterId, Quality, Reading, Register, Total, WattHours};
use crate::meter::driver::SyncError;
use crate::meter::emop::identity::Hardware;
use crate::meter::reads::{Asking, ReadError};
use crate::meter::room::Meters;
use crate::meter::said::rating;
use crate::meter::served::Questions;
use crate::store::readings::{Batch, Erased, Expired, Readings};

/// Windows that one round asks for until one brings something; then other questions to the same meter have their turn.
const WINDOWS: usize = 3;
/// After this the next round of a meter with more to fetch begins.
const NEXT: Duration = Duration::from_millis(100);
/// How often old half-hours are looked for.
const FORGET: Duration = Duration::from_secs(3_600);
/// What was doubted is asked for again as often as this.
const DOUBTED: Duration = Duration::from_secs(24 * 3_600);
/// And after this, when the book took nothing.
const LATER: Duration = Duration::from_secs(60);

impl Meters {
    /// Fetches what is open, the newest first. Answers after what time to go on, if there is more to be had now.
    pub(in crate::meter) async fn fetch_half_hours(
        &self,
        meter: &Questions<'_>,
        hardware: Hardware,
    ) -> Result<Option<Duration>, SyncError> {
        let logs = Log::all(hardware);
        let now = HalfHour::of(self.store.now());
        let horizon = self.horizon(self.store.now());
        let mut asked = self.account(meter, &logs, horizon).await;
        let mut before = now.later(1);
        let mut probe = window::first(&asked, horizon);
        for _ in 0..WINDOWS {
            let probing = probe.is_some();
            let Some(window) = probe.take().or_else(|| window::next(&asked, horizon, before)) else {
                return Ok(None);
            };
            let told = ask(&logs, meter, (&window, self.store.now())).await?;
            if told.is_empty() {
                return Ok(None);
            }
            if leaps(&told, hardware) && !self.identify(meter).await? {
                return Ok(None);
            }
            if !self.record(meter, &told).await {
                return Ok(Some(LATER));
            }
            if !probing {
                before = window::below(&window, &told);
            }
            if window::settle(&mut asked, &window, &told, now) {
                let more = window::next(&asked, horizon, before).is_some();
                meter.served.live().change().half_hours = asked;
                self.notes.add(&meter.served.meter.serial, Vec::new());
                return Ok(more.then_some(NEXT));
            }
        }
        // Nothing new, wherever one looks: a meter whose clock stands still, or is far behind.
        Ok(None)
    }

    /// Files half-hours that somebody else asked a meter for; of how far its memory was read they say nothing.
    pub(in crate::meter) async fn file(&self, meter: &MeterId, records: &[Record]) {
        let batches = batches(meter, records.iter(), self.store.now());
        if let Err(error) = self.readings.record(batches).await {
            tracing::debug!(meter.id = %meter, %error, "half-hours that somebody read were not stored; they are asked for in their turn");
        }
    }

    /// Stretches of a meter that were erased.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub(in crate::meter) fn erased(&self, meter: &MeterId) -> Result<Vec<Erased>, crate::store::ReadError> {
        Readings::new(self.store.clone()).erased(meter)
    }

    /// Which half-hours a meter was asked for, and what of them it does not hold or nobody can believe.
    pub(in crate::meter) fn half_hours_asked(&self, meter: &MeterId) -> HalfHoursAsked {
        let served = self.served(meter);
        served
            .map(|served| served.live().shown.half_hours.clone())
            .unwrap_or_default()
    }

    /// The oldest half-hour that is fetched: no older than a new meter's, nor than what is kept.
    pub(in crate::meter) fn horizon(&self, now: Timestamp) -> HalfHour {
        let kept = if self.kept.is_zero() {
            self.config.backfill
        } else {
            self.config.backfill.min(self.kept)
        };
        HalfHour::of(now.saturating_sub(kept.0).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// Lets old half-hours go, for ever.
    pub(in crate::meter) async fn forget_old(&self) {
        if self.kept.is_zero() {
            return std::future::pending().await;
        }
        let mut looks = tokio::time::interval(FORGET);
        loop {
            looks.tick().await;
            let time = self.store.time();
            if !time.is_settled() {
                continue;
            }
            let cutoff = time.now.saturating_sub(self.kept.0).unwrap_or(Timestamp::UNIX_EPOCH);
            match self.readings.forget_before(cutoff).await {
                Ok(expired) if expired == Expired::default() => {}
                Ok(expired) => tracing::info!(
                    months = expired.months,
                    rows = expired.rows,
                    "half-hours older than retention.readings were let go"
                ),
                Err(error) => {
                    tracing::warn!(%error, "old half-hours could not be let go; it is tried again in an hour")
                }
            }
            // Without half-hours no balance of their time can be explained (EMOP §23.1).
            match self.writer.forget_money_before(cutoff).await {
                Ok(0) => {}
                Ok(days) => tracing::info!(days, "balances older than retention.readings were let go"),
                Err(error) => {
                    tracing::warn!(%error, "old balances could not be let go; it is tried again in an hour")
                }
            }
        }
    }

    /// What is settled; in another life of the book, what it has lost is not.
    async fn account(&self, meter: &Questions<'_>, logs: &[Log], horizon: HalfHour) -> HalfHoursAsked {
        let serial = &meter.served.meter.serial;
        let mut asked = meter.served.live().state.half_hours.clone();
        let epoch = self.store.epoch();
        let again = {
            let mut live = meter.served.live();
            let lately = live.doubted_again.is_some_and(|at| at.elapsed() < DOUBTED);
            if !lately {
                live.doubted_again = Some(Instant::now());
            }
            !lately
        };
        if again {
            window::doubt(&mut asked, HalfHour::of(self.store.now()));
        }
        if asked.epoch == Some(epoch) {
            return asked;
        }
        if !asked.settled.is_empty() {
            let Some(stored) = self.stored(serial, logs, horizon).await else {
                return asked;
            };
            let lost = window::reopen(&mut asked, |one| stored.contains(&one), horizon);
            if lost > 0 {
                tracing::info!(meter.id = %serial, half_hours = lost, "the book no longer has half-hours that were read once: the meter is asked for them again");
            }
        }
        asked.epoch = Some(epoch);
        asked
    }

    /// The half-hours that the book has of every log; `None`: it cannot be read now.
    async fn stored(&self, serial: &MeterId, logs: &[Log], horizon: HalfHour) -> Option<HashSet<HalfHour>> {
        let (readings, serial) = (Readings::new(self.store.clone()), serial.clone());
        let registers: Vec<Register> = logs.iter().map(|log| log.witness()).collect();
        let look = move || {
            let mut common: Option<HashSet<HalfHour>> = None;
            for register in registers {
                let mut found = HashSet::new();
                for reading in readings.between(&serial, register, horizon.start(), Timestamp::MAX) {
                    let at = reading?.at;
                    let half_hour = HalfHour::of(at);
                    if half_hour.start() == at {
                        found.insert(half_hour);
                    }
                }
                common = Some(match common {
                    Some(common) => common.intersection(&found).copied().collect(),
                    None => found,
                });
            }
            Ok::<_, crate::store::ReadError>(common.unwrap_or_default())
        };
        match tokio::task::spawn_blocking(look).await {
            Ok(Ok(found)) => Some(found),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the half-hours in the book cannot be read; what is lost is not looked for now");
                None
            }
            // The box stops.
            Err(_) => None,
        }
    }

    /// Writes what was told into the book. Answers whether it has it.
    async fn record(&self, meter: &Questions<'_>, told: &[LogExtract]) -> bool {
        let serial = &meter.served.meter.serial;
        let records = told.iter().flat_map(|told| &told.records);
        let batches = batches(serial, records, self.store.now());
        match self.readings.record(batches).await {
            Ok(recorded) => {
                tracing::debug!(meter.id = %serial, added = recorded.added, replaced = recorded.replaced, "half-hours were stored");
                true
            }
            Err(error) => {
                tracing::debug!(meter.id = %serial, %error, "half-hours were not stored; they are asked for again");
                false
            }
        }
    }
}

/// What each log says of a window. A log that the meter refuses is one that it does not have: nothing is said of
/// it, and the others decide.
async fn ask(
    logs: &[Log],
    meter: &Questions<'_>,
    (window, now): (&Range<HalfHour>, Timestamp),
) -> Result<Vec<LogExtract>, SyncError> {
    let mut told = Vec::with_capacity(logs.len());
    for log in logs {
        match log.ask(meter, window.clone(), now).await {
            Ok(said) => told.push(said),
            Err(ReadError::Asked(error)) if Questions::is_refusal(&error) => {
                tracing::debug!(meter.id = %meter.served.meter.serial, ?log, %error, "a meter has no such log");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(told)
}

/// Whether a register falls or leaps between two records of a window: perhaps the meter was exchanged meanwhile.
fn leaps(told: &[LogExtract], hardware: Hardware) -> bool {
    let rating = rating(Some(hardware));
    let mut last: BTreeMap<Register, Total> = BTreeMap::new();
    let records = told.iter().flat_map(|told| &told.records);
    let totals = records.flat_map(|record| {
        record
            .values
            .iter()
            .map(|(register, count)| (*register, Total(*count, record.at.moment())))
    });
    let mut leaps = false;
    for (register, total) in totals {
        leaps |= last
            .insert(register, total)
            .is_some_and(|before| before.doubt(total, rating).is_some());
    }
    leaps
}

/// Readings by register.
fn batches<'r>(meter: &MeterId, records: impl Iterator<Item = &'r Record>, taken: Timestamp) -> Vec<Batch> {
    let mut by_register: BTreeMap<Register, Vec<Reading>> = BTreeMap::new();
    for record in records {
        for (register, count) in &record.values {
            by_register.entry(*register).or_default().push(Reading {
                at: record.at.moment(),
                value: WattHours(*count),
                taken,
                // The meter itself says that it is not sure of it.
                quality: if record.valid {
                    Quality::Measured
                } else {
                    Quality::Estimated
                },
            });
        }
    }
    let batches = by_register.into_iter().map(|(register, readings)| Batch {
        meter: meter.clone(),
        register,
        readings,
    });
    batches.collect()
}
