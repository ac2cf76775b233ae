//! Commands to a meter for somebody: a person, a program, the cloud.

use std::time::Duration;

use tokio::time::Instant;

use super::driver::{Command, DriverError, Rank};
use super::emop::message::Message;
use super::emop::token::Token;
use super::learnt::Effect;
use super::reads::HEADER;
use super::room::{Meters, MetersError};
use super::served::Served;
use super::session::SessionError;
use super::topup::{NewTopup, Origin};
use super::writes::Leave;
use crate::domain::{Duty, MeterId, TopupState};
use crate::store::ClockState;

/// So long before a caller's time is up, the answer is that nobody knows yet what became of a code (EMOP §21.5).
const MARGIN: Duration = Duration::from_secs(5);

impl Meters {
    /// Carries out a command for somebody: the one way to a meter from outside; the answer is the reply's data field. What
    /// it says is on disk, and shown, before the answer is given. A code goes by way of a top-up in the book.
    pub async fn carry_out(
        &self,
        meter: &MeterId,
        command: Command,
        origin: &Origin,
        deadline: Instant,
    ) -> Result<Vec<u8>, MetersError> {
        self.carry_out_with(meter, command, (origin, &Leave::default()), deadline)
            .await
    }

    /// The same, with what somebody says of a write: what waits for friendly hours is refused in others (EMOP §22.5), and
    /// each write is told to the audit.
    pub async fn carry_out_with(
        &self,
        meter: &MeterId,
        command: Command,
        (origin, leave): (&Origin, &Leave),
        deadline: Instant,
    ) -> Result<Vec<u8>, MetersError> {
        let served = self.served(meter).ok_or_else(|| MetersError::Unknown(meter.clone()))?;
        if served.live().duty == Duty::Off {
            return Err(MetersError::Off(meter.clone()));
        }
        if let Some(data) = self.spent_by(&command) {
            refuse_another(&served)?;
            return self.spend(meter, &data, origin, deadline).await;
        }
        if matches!(command, Command::SetClock) && self.store.clock() == ClockState::Wrong {
            return Err(MetersError::ClockWrong);
        }
        let effect = self.effect(&command);
        if effect.sets_clock() && self.has_open_topup(meter)? {
            return Err(MetersError::Unsettled(meter.clone()));
        }
        let written = self.written_by(&command);
        if written.is_some() || matches!(effect, Effect::Wrote(..)) {
            refuse_another(&served)?;
        }
        if let Some(written) = &written {
            self.must_be_friendly(written, leave)?;
            self.must_be_no_part(meter, written)?;
        }
        let sets_clock = matches!(command, Command::SetClock);
        let answer = served.driver.carry_out(command, Rank::People, deadline).await;
        self.audit(meter, (written.as_ref(), sets_clock), (origin, leave), &answer);
        if matches!(answer, Ok(_) | Err(DriverError::Session(SessionError::Refused(_)))) {
            self.learn(&served, &effect, answer.as_deref().ok()).await;
        }
        Ok(answer?)
    }

    /// The data field of a command that hands over a code.
    fn spent_by(&self, command: &Command) -> Option<Vec<u8>> {
        let Command::Ask(request) = command else { return None };
        let data = self.dialect().data_field(request).ok()?;
        self.dialect().spends_token(&data).then_some(data)
    }

    /// Makes a top-up of a frame with a code, and waits until it is settled; the answer is the one of a meter that took it.
    async fn spend(
        &self,
        meter: &MeterId,
        data: &[u8],
        origin: &Origin,
        deadline: Instant,
    ) -> Result<Vec<u8>, MetersError> {
        let Message::Object { payload, .. } = Message::of(data, self.dialect().inferred()) else {
            unreachable!("a code is written into an object");
        };
        let new = NewTopup {
            meter: meter.clone(),
            token: Token::of_payload(payload)?,
            origin: origin.clone(),
            key: None,
            worth: None,
            once: None,
        };
        let (topup, _) = self.top_up(new).await?;
        let until = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        let topup = self.settled_topup(&topup.id, until).await?;
        match topup.state {
            TopupState::Taken => Ok(data.get(..HEADER).unwrap_or_default().to_vec()),
            TopupState::Refused => Err(MetersError::NotTaken),
            _ => Err(MetersError::NotSettled(topup.id)),
        }
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
