//! What people do with the meters of the registry, beside adding one.

use tokio::time::Instant;

use super::room::{Meters, MetersError, written};
use super::served::{Beginning, Source};
use super::shown::MeterShown;
use crate::domain::{Duty, MeterId, MeterState};

impl Meters {
    /// Takes a meter that was added out of the registry, and forgets what was last known of it.
    pub async fn remove(&self, meter: &MeterId) -> Result<(), MetersError> {
        let served = self.served(meter).ok_or_else(|| MetersError::Unknown(meter.clone()))?;
        if served.source == Source::Config {
            return Err(MetersError::Fixed(meter.clone()));
        }
        self.leave(meter);
        self.notes.forget(meter);
        served.driver.close();
        let removed = self.writer.remove(meter.clone()).await.map_err(written);
        if removed.is_err() {
            // The registry still has it, so it is served still.
            let beginning = Beginning {
                meter: served.meter.clone(),
                source: served.source,
                duty: served.live().duty,
                state: MeterState::clone(&served.live().state),
            };
            if let Ok(again) = self.serve(beginning) {
                self.tell(&again);
            }
        }
        if removed.is_ok() {
            self.forget_tariff_write(meter).await;
        }
        self.tell(&served);
        removed
    }

    /// Says what is to be done with a meter.
    pub async fn set_duty(&self, meter: &MeterId, duty: Duty) -> Result<MeterShown, MetersError> {
        let served = self.served(meter).ok_or_else(|| MetersError::Unknown(meter.clone()))?;
        let set = self.writer.set_duty(meter.clone(), duty).await;
        set.map_err(|error| error.split().map_or_else(MetersError::Write, MetersError::Row))?;
        served.live().duty = duty;
        self.tell(&served);
        Ok(self.shown(&served, self.store.now()))
    }

    /// Asks every question again from now on.
    pub fn poll_now(&self, meter: &MeterId) -> Result<(), MetersError> {
        let served = self.served(meter).ok_or_else(|| MetersError::Unknown(meter.clone()))?;
        {
            let mut live = served.live();
            if live.duty != Duty::Polled {
                return Err(MetersError::Off(meter.clone()));
            }
            live.plan.ask_all(&self.config.polling, Instant::now());
        }
        self.tell(&served);
        Ok(())
    }
}
