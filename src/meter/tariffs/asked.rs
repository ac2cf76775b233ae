//! A tariff to come is asked for: what is judged, what the meter is asked first, and how far its writing is (EMOP §22.2).

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::{Instant, timeout_at};

use super::compared::{begins, own_clock};
use super::error::TariffError;
use super::frames::FrameShown;
use super::ledger::{self, TariffRow, WriteState};
use super::shown::TariffWriteShown;
use super::wanted::{NewTariff, Wanted, must_be_right, must_not_be_imminent, own};
use super::work::Writing;
use crate::accounts::AUDIT;
use crate::domain::{Duty, MeterId, Quantity};
use crate::meter::driver::Rank;
use crate::meter::emop::identity::Hardware;
use crate::meter::emop::tariff::{FutureTariff, Which};
use crate::meter::emop::{MeterTime, Money, Value};
use crate::meter::own_time::OwnTime;
use crate::meter::reads::{self, Asking, ReadError};
use crate::meter::room::Meters;
use crate::meter::served::{Questions, Served};
use crate::meter::topup::Origin;
use crate::store::{ClockState, RowError};

/// A meter's place among those to which a tariff is written.
struct Place(Arc<Meters>, MeterId);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.tariffs.at_work().remove(&self.1);
        self.0.tariffs.tell();
    }
}

impl Meters {
    /// Begins to write a tariff to come, or goes on with the same one that ended half-way. What is wrong with it is told
    /// before anything is written; how far it is, [`Meters::tariff_write`] says.
    pub async fn write_tariff(
        self: &Arc<Self>,
        meter: &MeterId,
        new: &NewTariff,
        origin: &Origin,
    ) -> Result<TariffWriteShown, TariffError> {
        self.write_tariff_within(meter, new, origin, None).await
    }

    /// The same, when the meter answers within `limit` what it is asked first; else nothing is written.
    pub async fn write_tariff_within(
        self: &Arc<Self>,
        meter: &MeterId,
        new: &NewTariff,
        origin: &Origin,
        limit: Option<Duration>,
    ) -> Result<TariffWriteShown, TariffError> {
        new.must_be_readable()?;
        let served = self.tariffed(meter)?;
        let wanted = new.wanted(own_time(&served))?;
        self.must_be_possible(&served, &wanted)?;
        if !self.tariffs.at_work().insert(meter.clone()) {
            return Err(TariffError::UnderWay(meter.clone()));
        }
        let place = Place(Arc::clone(self), meter.clone());
        let asking = Questions {
            served: &served,
            rank: Rank::People,
            limit: self.one_try() * 2,
        };
        let (tariff, older, follows_summer) = in_time(meter, limit, self.asked_first(&asking, new)).await?;
        let writes = tariff.writes(self.dialect().catalogue())?;
        let row = TariffRow {
            meter: meter.clone(),
            epoch: self.store.epoch(),
            tariff,
            origin: origin.clone(),
            why: new.why.clone(),
            made: self.store.now(),
            state: WriteState::Writing,
            since: self.store.now(),
            written: 0,
            older,
            trouble: None,
            differs: Vec::new(),
        };
        let begun = self
            .store
            .write(move |page| Ok::<_, TariffError>(ledger::begin_on(page, row)?));
        let row = begun.await?;
        tracing::info!(
            target: AUDIT, by = origin.by, meter.id = %meter, through = ?origin.through, why = new.why,
            unit_rate = %tariff.unit_rate, standing_charge = %tariff.standing_charge, begins = own_clock(tariff.activation),
            written = row.written, "a tariff to come is written to a meter"
        );
        let shown = TariffWriteShown::of(row.clone(), true);
        let writing = Writing::new(self, (served, follows_summer), row, writes);
        self.tariffs.workers.spawn(async move {
            let _place = place;
            writing.run().await;
        });
        Ok(shown)
    }

    /// What would be sent, without asking the meter anything: what the box knows of it decides.
    pub fn plan_tariff(&self, meter: &MeterId, new: &NewTariff) -> Result<Vec<FrameShown>, TariffError> {
        new.must_be_readable()?;
        let served = self.tariffed(meter)?;
        let wanted = new.wanted(own_time(&served))?;
        self.must_be_possible(&served, &wanted)?;
        self.must_be_free(&served)?;
        let known = served.live().state.value(Quantity::TariffsActive).cloned();
        let in_force = Which::PREPAY_KEYS.map(|key| known.as_ref()?.get(key)?.as_str()?.parse().ok());
        let prepays = match flag(&served, Quantity::PrepayEnabled) {
            Some(prepays) => {
                wanted.must_suit(meter, prepays)?;
                prepays
            }
            // Nobody knows: nothing is made up.
            None => true,
        };
        let tariff = wanted.with(meter, in_force, prepays)?;
        let writes = tariff.writes(self.dialect().catalogue())?;
        Ok(writes
            .iter()
            .map(|write| FrameShown::of_tariff(write, self.dialect()))
            .collect())
    }

    /// Waits until nothing is being written to a meter, at most until `until`.
    pub async fn settled_tariff_write(
        &self,
        meter: &MeterId,
        until: Instant,
    ) -> Result<Option<TariffWriteShown>, TariffError> {
        let mut bell = self.tariffs.changed.subscribe();
        loop {
            bell.mark_unchanged();
            let write = self.tariff_write(meter)?;
            let runs = write.as_ref().is_some_and(|write| write.state == WriteState::Writing);
            let heard = runs && timeout_at(until, bell.changed()).await.is_ok_and(|rung| rung.is_ok());
            if !heard {
                return Ok(write);
            }
        }
    }

    /// Forgets what was written to a meter that goes.
    pub(in crate::meter) async fn forget_tariff_write(&self, meter: &MeterId) {
        self.tariffs.switches().remove(meter);
        let gone = meter.clone();
        let forgotten = self.store.write(move |page| {
            ledger::forget_on(page, &gone);
            Ok::<_, RowError>(())
        });
        if let Err(error) = forgotten.await {
            tracing::warn!(meter.id = %meter, %error, "what was written to a meter that went is still in the book");
        }
    }

    /// A meter that may have a tariff and may be asked, as far as the box knows.
    pub(super) fn tariffed(&self, meter: &MeterId) -> Result<Arc<Served>, TariffError> {
        let served = self
            .served(meter)
            .ok_or_else(|| TariffError::UnknownMeter(meter.clone()))?;
        {
            let live = served.live();
            if live.duty == Duty::Off {
                return Err(TariffError::Off(meter.clone()));
            }
            if let Some(identity) = live.state.identity.as_ref().filter(|identity| identity.another) {
                return Err(TariffError::Another {
                    expected: meter.clone(),
                    says: identity.says.clone().unwrap_or_default(),
                });
            }
        }
        if served.hardware().is_some_and(Hardware::is_three_phase) {
            return Err(TariffError::ThreePhases(meter.clone()));
        }
        Ok(served)
    }

    /// What is known without asking the meter.
    fn must_be_possible(&self, served: &Served, wanted: &Wanted) -> Result<(), TariffError> {
        if self.store.clock() == ClockState::Wrong {
            return Err(TariffError::ClockWrong);
        }
        wanted.must_be_to_come(self.store.now(), follows_summer(served))
    }

    /// Refuses what a write would be refused for by what the meter said last: that another tariff is being written, that one
    /// begins soon, that its clock is off.
    fn must_be_free(&self, served: &Served) -> Result<(), TariffError> {
        let meter = &served.meter.serial;
        if self.tariffs.is_at_work(meter) {
            return Err(TariffError::UnderWay(meter.clone()));
        }
        let live = served.live();
        let drift = live
            .state
            .value(Quantity::ClockDrift)
            .and_then(serde_json::Value::as_f64);
        if let Some(drift) = drift {
            must_be_right(meter, SignedDuration::from_secs_f64(drift))?;
        }
        let held = live
            .state
            .value(Quantity::TariffsFuture)
            .and_then(|held| held.as_object());
        let begins = held.and_then(begins).and_then(|at| at.parse().ok());
        let begins = begins.and_then(|at| MeterTime::shown(at).ok());
        drop(live);
        must_not_be_imminent(meter, begins, (self.store.now(), follows_summer(served)))
    }

    /// Asks a meter who and what it is.
    pub(super) async fn right_single_phase(&self, asking: &Questions<'_>) -> Result<Hardware, TariffError> {
        let meter = &asking.served.meter.serial;
        if !self.identify(asking).await? {
            self.tariffed(meter)?;
        }
        let hardware = match asking.served.hardware() {
            Some(hardware) => hardware,
            None => reads::hardware(asking).await?,
        };
        match hardware.is_three_phase() {
            true => Err(TariffError::ThreePhases(meter.clone())),
            false => Ok(hardware),
        }
    }

    /// What the meter is asked before anything is written to it: what is to be written, the moment of an older tariff to
    /// come that lies ahead, and whether its own clock follows summer time.
    async fn asked_first(
        &self,
        asking: &Questions<'_>,
        new: &NewTariff,
    ) -> Result<(FutureTariff, Option<MeterTime>, bool), TariffError> {
        let meter = &asking.served.meter.serial;
        self.right_single_phase(asking).await?;
        let follows_summer = match flag(asking.served, Quantity::DaylightSavings) {
            Some(follows) => follows,
            None => {
                let says = may_be_refused(asking, "daylight_savings_correction_flag").await?;
                says == Some(Value::Flag(true))
            }
        };
        let wanted = new.wanted(OwnTime::of(follows_summer))?;
        wanted.must_be_to_come(self.store.now(), follows_summer)?;
        match reads::known(asking, "time").await? {
            Some(Value::Clock(shown)) => must_be_right(meter, shown.moment.duration_since(self.store.now()))?,
            _ => return Err(TariffError::Unreadable("the meter's clock shows nothing".to_owned())),
        }
        let prepays = match may_be_refused(asking, "prepay_enabled_flag").await? {
            Some(Value::Flag(prepays)) => prepays,
            _ => false,
        };
        wanted.must_suit(meter, prepays)?;
        let held = match may_be_refused(asking, "tariff_future_activation_datetime").await? {
            Some(Value::Moment(held)) => Some(held),
            _ => None,
        };
        let now = (self.store.now(), follows_summer);
        must_not_be_imminent(meter, held, now)?;
        let mut in_force: [Option<Money>; 3] = [None; 3];
        if wanted.keeps_some() {
            for (place, key) in Which::PREPAY_KEYS.into_iter().enumerate() {
                let object = format!("tariff_active_{key}");
                if let Some(Value::Money(amount)) = may_be_refused(asking, &object).await? {
                    in_force[place] = Some(amount);
                }
            }
        }
        let older = held.filter(|held| held.moment() > own(now.0, now.1));
        Ok((wanted.with(meter, in_force, prepays)?, older, follows_summer))
    }
}

/// Waits for what a meter is asked first, and no longer than `limit`.
async fn in_time<T>(
    meter: &MeterId,
    limit: Option<Duration>,
    asking: impl Future<Output = Result<T, TariffError>>,
) -> Result<T, TariffError> {
    let Some(limit) = limit else { return asking.await };
    let late = |_| TariffError::TooLate {
        meter: meter.clone(),
        limit_s: limit.as_secs(),
    };
    tokio::time::timeout(limit, asking).await.map_err(late)?
}

fn flag(served: &Served, quantity: Quantity) -> Option<bool> {
    served.live().state.value(quantity)?.as_bool()
}

/// Whether a meter's own clock is an hour ahead in summer, as far as anybody knows.
fn follows_summer(served: &Served) -> bool {
    flag(served, Quantity::DaylightSavings).unwrap_or(false)
}

/// A meter's own clock, as far as anybody knows.
fn own_time(served: &Served) -> OwnTime {
    OwnTime::of(follows_summer(served))
}

async fn may_be_refused(asking: &Questions<'_>, object: &str) -> Result<Option<Value>, TariffError> {
    match reads::known(asking, object).await {
        Ok(value) => Ok(value),
        Err(ReadError::Asked(error)) if Questions::is_refusal(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
