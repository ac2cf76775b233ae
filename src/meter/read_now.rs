//! A meter is read because somebody wants to know now, through the same polling as ever.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::driver::Syncer;
use super::room::{Meters, MetersError};
use crate::domain::MeterId;

/// What was learnt is looked at this often, beside each change of the book.
const LOOK: Duration = Duration::from_millis(250);

/// A meter could not be read now.
#[derive(Debug, thiserror::Error)]
pub enum ReadNowError {
    /// It cannot be asked.
    #[error(transparent)]
    Meters(#[from] MetersError),
    /// It was asked and did not answer.
    #[error("meter {0} did not answer; `gatelodge meter show {0}` says since when")]
    Silent(MeterId),
}

impl Meters {
    /// Asks a meter everything that it is polled for, and waits until it has answered; half-hours of the past go on
    /// without anybody waiting. Who gives up early only stops waiting.
    pub async fn read_now(&self, meter: &MeterId) -> Result<(), ReadNowError> {
        let unknown = || MetersError::Unknown(meter.clone());
        let served = self.served(meter).ok_or_else(unknown)?;
        let silences = served.live().plan.silences();
        let mut bell = self.store.bell();
        self.poll_now(meter)?;
        let asked = Instant::now();
        loop {
            {
                let live = served.live();
                let open = live.plan.open_since(asked);
                if open.into_iter().all(|syncer| syncer == Syncer::HalfHours) {
                    return Ok(());
                }
                if live.plan.silences() > silences {
                    return Err(ReadNowError::Silent(meter.clone()));
                }
            }
            tokio::select! {
                _ = bell.changed() => {}
                () = sleep(LOOK) => {}
            }
        }
    }
}
