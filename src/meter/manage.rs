//! What people do with the meters of the registry, beside adding one.

use jiff::Timestamp;
use tokio::time::Instant;

use super::room::{Meters, MetersError, written};
use super::served::{Beginning, Source};
use super::shown::MeterShown;
use super::topup::TopupShown;
use crate::accounts::AUDIT;
use crate::domain::{Duty, MeterId, MeterState};

/// What becomes of a meter's top-ups that are not settled when the meter is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenTopups {
    /// They keep the meter in the registry.
    Keep,
    /// They stay in the book, where whoever gave them sees them and takes back what waits (EMOP §21.1).
    Leave,
}

impl Meters {
    /// Takes a meter that was added out of the registry, and forgets what was last known of it. Gives the top-ups that
    /// are left without it.
    ///
    /// # Errors
    ///
    /// When there is no such meter, the configuration has it, a top-up keeps it, or nothing can be written.
    pub async fn remove(&self, meter: &MeterId, topups: OpenTopups) -> Result<Vec<TopupShown>, MetersError> {
        let served = self.served(meter).ok_or_else(|| MetersError::Unknown(meter.clone()))?;
        if served.source == Source::Config {
            return Err(MetersError::Fixed(meter.clone()));
        }
        let open = self.open_topups(meter, Timestamp::MIN)?;
        if topups == OpenTopups::Keep && !open.is_empty() {
            return Err(MetersError::OpenTopups {
                meter: meter.clone(),
                topups: named(&open),
            });
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
        removed?;
        if !open.is_empty() {
            let topups = named(&open);
            tracing::info!(target: AUDIT, topups, meter.id = %meter, "a meter was removed that has codes which are not settled");
        }
        // As they are without it.
        Ok(self.open_topups(meter, Timestamp::MIN)?)
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

/// Top-ups by id and state.
fn named(topups: &[TopupShown]) -> String {
    let each = topups.iter().map(|one| format!("{} ({})", one.id, one.state.name()));
    each.collect::<Vec<_>>().join(", ")
}
