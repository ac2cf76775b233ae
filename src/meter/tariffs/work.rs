//! A tariff to come at its writing: eleven objects, the moment last, and what the meter holds then (EMOP §22.3).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::compared::{Held, differences};
use super::ledger::{self, OBJECTS, TariffRow, WriteState};
use super::wanted::own;
use crate::accounts::AUDIT;
use crate::meter::driver::{DriverError, Findings, Rank};
use crate::meter::emop::blank::is_blank;
use crate::meter::emop::dialect::Request;
use crate::meter::emop::tariff::{TariffWrite, Which};
use crate::meter::reads::{self, Asking, ReadError};
use crate::meter::room::Meters;
use crate::meter::said::tariff;
use crate::meter::served::{Questions, Served};

/// How often a change is tried again that the book did not take.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

/// A writing at its work.
pub(super) struct Writing {
    room: Arc<Meters>,
    served: Arc<Served>,
    /// Whether the meter's own clock is an hour ahead in summer.
    follows_summer: bool,
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
    pub(super) fn new(
        room: &Arc<Meters>,
        (served, follows_summer): (Arc<Served>, bool),
        row: TariffRow,
        writes: Vec<TariffWrite>,
    ) -> Writing {
        Writing {
            room: Arc::clone(room),
            served,
            follows_summer,
            row,
            writes,
        }
    }

    /// Goes on until the meter holds all of it, or something else, or does not answer; the row says which.
    pub(super) async fn run(mut self) {
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
                if own(self.room.store.now(), self.follows_summer) >= self.row.tariff.activation.moment() {
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
            let written = self.room.store.write(move |page| ledger::put_on(page, &row));
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
