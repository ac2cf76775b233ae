//! A tariff to come, written as one operation: what is asked first, eleven writes, and what the meter holds then (EMOP
//! §22.2, §22.3).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::compared::{Held, differences};
use super::error::TariffError;
use super::ledger::{self, TariffRow};
use super::shown::{FrameShown, TariffWriteShown, WriteState};
use super::wanted::{NewTariff, Wanted, must_be_right, must_not_be_imminent, own};
use crate::accounts::AUDIT;
use crate::domain::{Duty, MeterId, Quantity};
use crate::meter::driver::{DriverError, Findings, Rank};
use crate::meter::emop::blank::is_blank;
use crate::meter::emop::dialect::Request;
use crate::meter::emop::identity::Hardware;
use crate::meter::emop::tariff::{FutureTariff, TariffWrite, Which};
use crate::meter::emop::{Money, Value};
use crate::meter::reads::{self, Asking, ReadError};
use crate::meter::room::Meters;
use crate::meter::said::tariff;
use crate::meter::served::{Questions, Served};
use crate::meter::topup::Origin;
use crate::store::{ClockState, RowError};

/// Objects of a tariff to come.
pub(super) const OBJECTS: u8 = 11;
/// How often a change is tried again that the book did not take.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

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
        let wanted = new.wanted()?;
        let served = self.tariffed(meter)?;
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
        let tariff = self.asked_first(&asking, &wanted).await?;
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
            trouble: None,
            differs: Vec::new(),
        };
        let begun = self
            .store
            .write(move |page| Ok::<_, TariffError>(ledger::begin_on(page, row)?));
        let row = begun.await?;
        tracing::info!(
            target: AUDIT, by = origin.by, meter.id = %meter, through = ?origin.through, why = new.why,
            unit_rate = %tariff.unit_rate, standing_charge = %tariff.standing_charge, begins = %tariff.activation.moment(),
            written = row.written, "a tariff to come is written to a meter"
        );
        let shown = TariffWriteShown::of(row.clone(), OBJECTS, true);
        let writing = Writing {
            room: Arc::clone(self),
            served,
            row,
            writes,
        };
        self.tariffs.workers.spawn(async move {
            let _place = place;
            writing.run().await;
        });
        Ok(shown)
    }

    /// What would be sent, without asking the meter anything: what the box knows of it decides.
    pub fn plan_tariff(&self, meter: &MeterId, new: &NewTariff) -> Result<Vec<FrameShown>, TariffError> {
        let wanted = new.wanted()?;
        let served = self.tariffed(meter)?;
        self.must_be_possible(&served, &wanted)?;
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

    /// What the meter is asked before anything is written to it.
    async fn asked_first(&self, asking: &Questions<'_>, wanted: &Wanted) -> Result<FutureTariff, TariffError> {
        let meter = &asking.served.meter.serial;
        self.right_single_phase(asking).await?;
        match reads::known(asking, "time").await? {
            Some(Value::Clock(shown)) => must_be_right(meter, shown.moment, self.store.now())?,
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
        let now = (self.store.now(), follows_summer(asking.served));
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
        wanted.with(meter, in_force, prepays)
    }
}

fn flag(served: &Served, quantity: Quantity) -> Option<bool> {
    served.live().state.value(quantity)?.as_bool()
}

/// Whether a meter's own clock is an hour ahead in summer, as far as anybody knows.
fn follows_summer(served: &Served) -> bool {
    flag(served, Quantity::DaylightSavings).unwrap_or(false)
}

async fn may_be_refused(asking: &Questions<'_>, object: &str) -> Result<Option<Value>, TariffError> {
    match reads::known(asking, object).await {
        Ok(value) => Ok(value),
        Err(ReadError::Asked(error)) if Questions::is_refusal(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A writing at its work.
struct Writing {
    room: Arc<Meters>,
    served: Arc<Served>,
    row: TariffRow,
    writes: Vec<TariffWrite>,
}

/// How a writing ends that the box does not end with.
enum Ended {
    /// The meter holds something else, or refused an object.
    Differs(Option<String>, Held),
    /// The meter holds all of it.
    Done(Held),
    /// It did not answer.
    Halted(String),
    /// The box stops: the row says how far it came.
    Stopped,
}

impl From<DriverError> for Ended {
    fn from(error: DriverError) -> Ended {
        match error {
            DriverError::Stopping => Ended::Stopped,
            other => Ended::Halted(other.to_string()),
        }
    }
}

impl Writing {
    async fn run(mut self) {
        let ended = match self.write().await {
            Ok(held) => {
                let differs = differences(&self.writes, &held, self.room.dialect());
                match differs.is_empty() {
                    true => Ended::Done(held),
                    false => Ended::Differs(None, held),
                }
            }
            Err(ended) => ended,
        };
        let (state, trouble) = match ended {
            Ended::Stopped => return,
            Ended::Halted(why) => (WriteState::Halted, Some(why)),
            Ended::Differs(why, held) => {
                self.row.differs = differences(&self.writes, &held, self.room.dialect());
                self.learn(&held).await;
                (WriteState::Differs, why)
            }
            Ended::Done(held) => {
                self.learn(&held).await;
                (WriteState::Done, None)
            }
        };
        self.row.becomes(state, trouble.as_deref(), self.room.store.now());
        tracing::info!(
            target: AUDIT, by = self.row.origin.by, meter.id = %self.row.meter, state = state.name(), written = self.row.written,
            differs = self.row.differs.len(), trouble = trouble.unwrap_or_default(), "the writing of a tariff ended"
        );
        self.keep().await;
    }

    /// Writes what is not written yet. The moment of activation only follows when the meter holds the rest, so that no
    /// part of a tariff is put in force.
    async fn write(&mut self) -> Result<Held, Ended> {
        let last = self.writes.len() - 1;
        for place in usize::from(self.row.written)..self.writes.len() {
            if place == last {
                let held = self.held().await?;
                let rest = &self.writes[..last];
                if !differences(rest, &held, self.room.dialect()).is_empty() {
                    return Err(Ended::Differs(None, held));
                }
                if own(self.room.store.now(), follows_summer(&self.served)) >= self.row.tariff.activation.moment() {
                    let passed = "the moment at which it was to begin passed while it was written";
                    return Err(Ended::Halted(passed.to_owned()));
                }
            }
            let write = &self.writes[place];
            let (object, name) = (write.object, write.name);
            let asked = self
                .questions()
                .ask(Request::Write(object, write.payload.clone()))
                .await;
            match asked {
                Ok(_) => {}
                Err(error) if Questions::is_refusal(&error) => {
                    let why = format!("{name}: {error}");
                    return Err(Ended::Differs(Some(why), self.held().await?));
                }
                Err(error) => return Err(error.into()),
            }
            self.row.written = u8::try_from(place + 1).unwrap_or(OBJECTS);
            if !self.keep().await {
                return Err(Ended::Stopped);
            }
        }
        self.held().await
    }

    /// What the meter holds now.
    async fn held(&self) -> Result<Held, Ended> {
        let mut held = Vec::new();
        for write in &self.writes {
            held.push(
                match reads::payload(&self.questions(), Request::Read(write.object)).await {
                    Ok(payload) => Some(payload),
                    Err(ReadError::Asked(error)) if Questions::is_refusal(&error) => None,
                    Err(ReadError::Asked(error)) => return Err(error.into()),
                    Err(error) => return Err(Ended::Halted(error.to_string())),
                },
            );
        }
        Ok(held)
    }

    fn questions(&self) -> Questions<'_> {
        Questions {
            served: &self.served,
            rank: Rank::People,
            limit: self.room.all_tries(),
        }
    }

    /// What was read back is what the box knows of the tariff to come.
    async fn learn(&self, held: &Held) {
        let dialect = self.room.dialect();
        let shown = Which::Future.shown(|name| {
            let place = self.writes.iter().position(|write| write.name == name)?;
            let object = dialect.catalogue().named(name)?;
            let payload = held.get(place)?.as_ref().filter(|held| !is_blank(object.kind, held))?;
            dialect.value(object.id, payload).ok()
        });
        let room = &self.room;
        let findings = Findings::of(vec![tariff(Which::Future, shown)]);
        let news = self.served.found(findings, room.store.now(), &room.config.polling);
        room.notes.add(&self.row.meter, news);
        room.tell(&self.served);
        room.notes.on_disk().await;
    }

    /// Keeps the row, and does not give up before it is written or the room ends. Answers whether it is.
    async fn keep(&self) -> bool {
        loop {
            let row = self.row.clone();
            let written = self
                .room
                .store
                .write(move |page| Ok::<_, RowError>(ledger::put_on(page, &row)?));
            match written.await {
                Ok(()) => {
                    self.room.tariffs.tell();
                    return true;
                }
                Err(error) => {
                    tracing::warn!(%error, "how far a tariff is written was not written down; it is tried again");
                }
            }
            tokio::select! {
                () = sleep(WRITE_AGAIN) => {}
                () = self.room.stopped() => return false,
            }
        }
    }
}
