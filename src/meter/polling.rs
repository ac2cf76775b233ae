//! The room's own work: asks each meter for what is due, and writes down what it says.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::driver::{DriverError, Findings, Rank, SyncError, Syncer};
use super::emop::identity::Hardware;
use super::reads::{self, Asking, ReadError};
use super::room::Meters;
use super::served::{Questions, Served};
use super::timetable::Timetable;
use crate::domain::{Doubt, Duty, Quantity};
use crate::store::ClockState;

/// A poll that had to make way is tried again after this.
const AGAIN: Duration = Duration::from_secs(5);
/// While another meter answers, it is asked who it is after this.
const ANOTHER: Duration = Duration::from_secs(300);
/// First readings of a fleet are spread so that one meter more costs this.
const SPREAD: Duration = Duration::from_millis(60);
/// And over no longer than this.
const SPREAD_LIMIT: Duration = Duration::from_secs(600);

/// The room's own work broke, which is a fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum PollingError {
    /// A poll panicked.
    #[error("a poll broke: {0}")]
    Poll(#[from] JoinError),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] crate::store::ReadError),
}

/// Who is polled when.
struct Round {
    table: Timetable<u64>,
    fleet: HashMap<u64, Arc<Served>>,
    /// One task for each meter that is being polled, which is then not in the table.
    polls: JoinSet<u64>,
    polled: std::collections::HashSet<u64>,
}

impl Meters {
    /// Polls until it is told to stop; then nobody may ask any more, and what was learnt is written down.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), PollingError> {
        let mut round = Round {
            table: Timetable::new(),
            fleet: HashMap::new(),
            polls: JoinSet::new(),
            polled: std::collections::HashSet::new(),
        };
        self.begin(&mut round);
        let ended = {
            let keeping = self.notes.keep(&self.writer, &*self);
            tokio::pin!(keeping);
            tokio::select! {
                () = stop.cancelled() => Ok(()),
                () = &mut keeping => Ok(()),
                error = self.turn(&mut round) => Err(error),
                error = self.follow() => Err(error.into()),
                () = self.forget_old() => Ok(()),
                error = self.tend_topups() => Err(error.into()),
                error = self.keep_jobs() => Err(error.into()),
            }
        };
        self.notes.close();
        // Nothing is added to the feed any more; listeners come back to the room that follows.
        self.hall.close();
        if ended.is_ok() {
            self.close();
            while round.polls.join_next().await.is_some() {}
            // What became of a code on its way is written down before the box goes.
            self.topups.workers.close();
            self.topups.workers.wait().await;
            self.tariffs.workers.close();
            self.tariffs.workers.wait().await;
            // A token on its way may take longer than the box has: what is known is written first.
            self.notes.write(&self.writer, &*self).await;
            self.workers.close();
            self.workers.wait().await;
            if !self.notes.write(&self.writer, &*self).await {
                tracing::warn!("what meters said last was not written down; they are asked again");
            }
        }
        ended
    }

    /// Everybody's first turn.
    fn begin(&self, round: &mut Round) {
        let fleet = self.all();
        let window = window(fleet.len());
        for served in fleet {
            self.enlist(round, &served, window);
        }
    }

    fn enlist(&self, round: &mut Round, served: &Arc<Served>, window: Duration) {
        round.fleet.insert(served.number, Arc::clone(served));
        if let Some(first) = served.plan(&self.config.polling, window) {
            round.table.set(served.number, first);
        }
    }

    /// Gives each its turn, for ever.
    async fn turn(self: &Arc<Self>, round: &mut Round) -> PollingError {
        loop {
            let next = round.table.next();
            tokio::select! {
                Some(done) = round.polls.join_next() => match done {
                    Ok(number) => self.next_turn(round, number),
                    Err(error) => return error.into(),
                },
                () = self.changed.notified() => self.take_changes(round),
                () = until(next) => {
                    let now = Instant::now();
                    while let Some(number) = round.table.pop(now) {
                        self.start(round, number);
                    }
                }
            }
        }
    }

    fn start(self: &Arc<Self>, round: &mut Round, number: u64) {
        let Some(served) = round.fleet.get(&number).cloned() else {
            return;
        };
        round.polled.insert(number);
        let room = Arc::clone(self);
        round.polls.spawn(async move {
            // The semaphore is never closed; without a permit there is no poll.
            if let Ok(_permit) = room.permits.acquire().await {
                room.poll(&served).await;
            }
            number
        });
    }

    fn next_turn(&self, round: &mut Round, number: u64) {
        round.polled.remove(&number);
        let Some(served) = round.fleet.get(&number) else { return };
        let live = served.live();
        if let (Duty::Polled, Some(next)) = (live.duty, live.plan.next()) {
            round.table.set(number, next);
        }
    }

    /// Meters that came, went, or whose duty or plan changed.
    fn take_changes(&self, round: &mut Round) {
        for served in self.changes() {
            let number = served.number;
            let is_ours = self
                .served(&served.meter.serial)
                .is_some_and(|now| now.number == number);
            if !is_ours {
                round.fleet.remove(&number);
                round.table.forget(number);
                continue;
            }
            if round.polled.contains(&number) {
                continue;
            }
            let (duty, next) = {
                let live = served.live();
                (live.duty, live.plan.next())
            };
            match (duty, next) {
                (Duty::Polled, Some(next)) if round.fleet.contains_key(&number) => round.table.set(number, next),
                (Duty::Polled, _) => self.enlist(round, &served, window(1)),
                (Duty::Served | Duty::Off, _) => round.table.forget(number),
            }
        }
    }

    /// Asks one meter for what is due, until it is silent.
    async fn poll(&self, served: &Arc<Served>) {
        let due = served.live().plan.due(Instant::now());
        for syncer in due {
            let silent = {
                let live = served.live();
                if live.duty != Duty::Polled {
                    return;
                }
                live.plan.is_silent()
            };
            // Whoever was silent is tried once, not five times over two minutes.
            let limit = if silent { self.one_try() } else { self.all_tries() };
            let meter = Questions {
                served,
                rank: Rank::Polling,
                limit,
            };
            if served.must_say_who(Instant::now()) {
                let goes_on = match self.identify(&meter).await {
                    Ok(right) => right,
                    Err(error) => self.failed(served, None, error),
                };
                if served.live().state.is_another() {
                    served.live().plan.put_off(Instant::now() + ANOTHER);
                }
                if !goes_on {
                    return;
                }
            }
            let before = served.live().state.clone();
            let Err(error) = self.sync(&meter, syncer, &before).await else {
                continue;
            };
            if !self.failed(served, Some(syncer), error) {
                return;
            }
        }
    }

    /// Something could not be read. Answers whether the meter can be asked something else.
    fn failed(&self, served: &Served, syncer: Option<Syncer>, error: SyncError) -> bool {
        let name = syncer.map_or("serial", Syncer::name);
        match error {
            ReadError::Asked(error) if Questions::is_refusal(&error) => {
                syncer.inspect(|syncer| self.refused(served, *syncer, Doubt::Absent));
                true
            }
            ReadError::Asked(DriverError::Busy | DriverError::Yielded) => {
                served.live().plan.put_off(Instant::now() + AGAIN);
                false
            }
            ReadError::Asked(DriverError::Stopping) => false,
            ReadError::Asked(DriverError::Session(error)) => {
                tracing::debug!(meter.id = %served.meter.serial, syncer = name, %error, "a meter was silent");
                self.notes.add(&served.meter.serial, served.silent(&error));
                false
            }
            ReadError::Blank { object } => {
                tracing::debug!(meter.id = %served.meter.serial, object, "an answer stands for no value");
                syncer.inspect(|syncer| self.refused(served, *syncer, Doubt::NoValue));
                true
            }
            ReadError::Payload { object, source } => {
                tracing::debug!(meter.id = %served.meter.serial, object, error = %source, "an answer cannot be read");
                syncer.inspect(|syncer| self.refused(served, *syncer, Doubt::Unreadable));
                true
            }
        }
    }

    /// Reads one thing and takes it over.
    async fn sync(
        &self,
        meter: &Questions<'_>,
        syncer: Syncer,
        before: &crate::domain::MeterState,
    ) -> Result<(), SyncError> {
        let served = meter.served;
        let hardware = match served.hardware() {
            Some(hardware) => hardware,
            None => self.learn_hardware(meter).await?,
        };
        if syncer == Syncer::HalfHours {
            let goes_on = self.fetch_half_hours(meter, hardware).await?;
            let mut live = served.live();
            live.plan.done(syncer, &self.config.polling, Instant::now());
            if let Some(pause) = goes_on {
                live.plan.goes_on(syncer, Instant::now() + pause);
            }
            return Ok(());
        }
        if syncer == Syncer::Serial {
            // Unless it was asked when this poll began.
            let due = served.live().plan.is_due(syncer, Instant::now());
            if due {
                self.identify(meter).await?;
            }
        } else if !hardware.is_three_phase() || syncer.is_for_three_phases() {
            self.read_one(meter, (syncer, hardware), before).await?;
        }
        served.live().plan.done(syncer, &self.config.polling, Instant::now());
        Ok(())
    }

    /// Reads one thing of a meter of this kind and takes it over.
    pub(super) async fn read_one(
        &self,
        meter: &Questions<'_>,
        (syncer, hardware): (Syncer, Hardware),
        before: &crate::domain::MeterState,
    ) -> Result<(), SyncError> {
        // Beside a clock that stands wrong the meter's is neither right nor wrong.
        if syncer == Syncer::ClockDiff && self.store.clock() == ClockState::Wrong {
            return Ok(());
        }
        let findings = syncer.read(meter, hardware, before).await?;
        let served = meter.served;
        let news = served.found(findings, self.store.now(), &self.config.polling);
        self.notes.add(&served.meter.serial, news);
        Ok(())
    }

    async fn learn_hardware(&self, meter: &Questions<'_>) -> Result<Hardware, SyncError> {
        let hardware = reads::hardware(meter).await?;
        let served = meter.served;
        let news = served.found(hardware_found(hardware), self.store.now(), &self.config.polling);
        self.notes.add(&served.meter.serial, news);
        Ok(hardware)
    }

    /// The meter answered, but it has no such value.
    fn refused(&self, served: &Served, syncer: Syncer, why: Doubt) {
        let quantity = syncer.told_by().map(|quantity| (quantity, Err(why)));
        let findings = Findings::of(quantity.into_iter().collect());
        let news = served.found(findings, self.store.now(), &self.config.polling);
        self.notes.add(&served.meter.serial, news);
        served.live().plan.done(syncer, &self.config.polling, Instant::now());
    }

    /// How long one try of one question may take.
    pub(super) fn one_try(&self) -> Duration {
        let rules = self.config.rules();
        rules.gap + rules.timeout * 2 + Duration::from_millis(500)
    }

    /// How long all tries of one question may take.
    pub(super) fn all_tries(&self) -> Duration {
        let rules = self.config.rules();
        rules.gap + (rules.timeout * 2 + rules.pause) * rules.attempts
    }
}

/// What kind of meter it is.
pub(super) fn hardware_found(hardware: Hardware) -> Findings {
    Findings::one(Quantity::Hardware, hardware.code())
}

/// Over how long the first readings of so many meters are spread.
fn window(meters: usize) -> Duration {
    let meters = u32::try_from(meters).unwrap_or(u32::MAX);
    SPREAD.saturating_mul(meters).min(SPREAD_LIMIT)
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
