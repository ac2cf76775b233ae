//! A meter is read because somebody wants to know now, through the same polling as ever.

use std::time::Duration;

use super::driver::{DriverError, Rank, SyncError, Syncer};
use super::polling::hardware_found;
use super::reads::{self, ReadError};
use super::room::{Meters, MetersError};
use super::served::Questions;
use super::session::SessionError;
use crate::domain::{Duty, MeterId};

/// What somebody wants to know who asks how a meter is: registers, power, voltage, what is paid in.
const WANTED: [Syncer; 4] = [Syncer::Reads, Syncer::Power, Syncer::Voltage, Syncer::PrepayBalance];
/// Objects that this takes at most: kind and serial, six totals, three voltages, power and balance.
const OBJECTS: u32 = 15;

/// A meter could not be read now.
#[derive(Debug, thiserror::Error)]
pub enum ReadNowError {
    /// It cannot be asked.
    #[error(transparent)]
    Meters(#[from] MetersError),
    /// Another meter answers.
    #[error("another meter answers on the line of {0}; `gatelodge meter show {0}` says which")]
    Another(MeterId),
    /// It was asked and did not answer.
    #[error("meter {meter} did not answer: {why}")]
    Silent {
        meter: MeterId,
        /// What was seen instead.
        why: String,
    },
}

impl Meters {
    /// How long reading a meter now may take: each of its objects may need one whole try.
    #[must_use]
    pub fn reading_takes(&self) -> Duration {
        self.one_try() * OBJECTS
    }

    /// Asks a meter what people want to know, before anything that it is polled for, and waits until that is written
    /// down. Who gives up early only stops waiting.
    pub async fn read_now(&self, meter: &MeterId) -> Result<(), ReadNowError> {
        let served = self.served(meter).ok_or_else(|| MetersError::Unknown(meter.clone()))?;
        if served.live().duty != Duty::Polled {
            return Err(MetersError::Off(meter.clone()).into());
        }
        let asking = Questions {
            served: &served,
            rank: Rank::People,
            limit: self.one_try(),
        };
        let read = self.read_wanted(&asking).await;
        if let Err(SyncError::Asked(DriverError::Session(error))) = &read
            && !matches!(error, SessionError::Refused(_))
        {
            self.notes.add(meter, served.silent(error));
        }
        self.tell(&served);
        self.notes.on_disk().await;
        match read {
            Ok(true) => Ok(()),
            Ok(false) => Err(ReadNowError::Another(meter.clone())),
            Err(error) => Err(ReadNowError::Silent {
                meter: meter.clone(),
                why: error.to_string(),
            }),
        }
    }

    /// Answers whether the right meter answers.
    async fn read_wanted(&self, asking: &Questions<'_>) -> Result<bool, SyncError> {
        let served = asking.served;
        if served.must_say_who(tokio::time::Instant::now()) && !self.identify(asking).await? {
            return Ok(false);
        }
        let hardware = match served.hardware() {
            Some(hardware) => hardware,
            None => {
                let hardware = reads::hardware(asking).await?;
                let found = served.found(hardware_found(hardware), self.store.now(), &self.config.polling);
                self.notes.add(&served.meter.serial, found);
                hardware
            }
        };
        for syncer in WANTED {
            if hardware.is_three_phase() && !syncer.is_for_three_phases() {
                continue;
            }
            let before = served.live().state.clone();
            match self.read_one(asking, (syncer, hardware), &before).await {
                // What a meter has not, or says so that nobody can read it, is not waited for.
                Ok(()) | Err(ReadError::Payload { .. } | ReadError::Blank { .. }) => {}
                Err(ReadError::Asked(DriverError::Session(SessionError::Refused(_)))) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}
