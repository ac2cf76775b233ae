//! Commands to a meter for somebody: a person, a program, the cloud.

use tokio::time::Instant;

use super::driver::{Command, DriverError};
use super::learnt::Effect;
use super::room::{Meters, MetersError};
use super::served::Served;
use super::session::SessionError;
use crate::domain::{Duty, MeterId};
use crate::store::ClockState;

impl Meters {
    /// Carries out a command for somebody: the one way to a meter from outside; the answer is the reply's data field. What it says is on disk, and shown, before the
    /// answer is given.
    pub async fn carry_out(
        &self,
        meter: &MeterId,
        command: Command,
        deadline: Instant,
    ) -> Result<Vec<u8>, MetersError> {
        let served = self.served(meter).ok_or_else(|| MetersError::Unknown(meter.clone()))?;
        if served.live().duty == Duty::Off {
            return Err(MetersError::Off(meter.clone()));
        }
        if matches!(command, Command::SetClock) && self.store.clock() == ClockState::Wrong {
            return Err(MetersError::ClockWrong);
        }
        let effect = self.effect(&command);
        if matches!(effect, Effect::Wrote(..)) {
            refuse_another(&served)?;
        }
        let rank = self.rank(&command);
        let answer = served.driver.carry_out(command, rank, deadline).await;
        if matches!(answer, Ok(_) | Err(DriverError::Session(SessionError::Refused(_)))) {
            self.learn(&served, &effect, answer.as_deref().ok()).await;
        }
        Ok(answer?)
    }
}

/// Nothing is written to a meter that is another: least of all a token.
fn refuse_another(served: &Served) -> Result<(), MetersError> {
    let live = served.live();
    match &live.state.identity {
        Some(identity) if identity.another => Err(MetersError::Another {
            expected: served.meter.serial.clone(),
            says: identity.says.clone().unwrap_or_default(),
        }),
        _ => Ok(()),
    }
}
