//! Commands to a meter for somebody: a person, a program, the cloud.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::arguments;
use super::driver::{Command, DriverError, Rank, refused};
use super::emop::dialect::Request;
use super::emop::message::Message;
use super::emop::token::Token;
use super::emop::{Money, ObjectId, Value};
use super::learnt::Effect;
use super::reads::HEADER;
use super::room::{Meters, MetersError};
use super::served::Served;
use super::session::SessionError;
use super::tariffs::FrameShown;
use super::topup::{NewTopup, Origin};
use super::writes::{Leave, frame};
use crate::domain::{Duty, MeterId, Quantity, TopupState};
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
        let may = self.may_carry_out(meter, &command, leave);
        let served = may.inspect_err(|refused| self.tell_refused(meter, &command, (origin, leave), refused))?;
        if let Some(data) = self.spent_by(&command) {
            return self.spend(meter, &data, origin, deadline).await;
        }
        let (effect, written) = (self.effect(&command), self.written_by(&command));
        let sets_clock = matches!(command, Command::SetClock);
        let answer = served.driver.carry_out(command, Rank::People, deadline).await;
        self.audit(meter, (written.as_ref(), sets_clock), (origin, leave), &answer);
        if matches!(answer, Ok(_) | Err(DriverError::Session(SessionError::Refused(_)))) {
            self.learn(&served, &effect, answer.as_deref().ok()).await;
        }
        Ok(answer?)
    }

    /// Refuses a command for whatever the box knows without asking the meter: what a dry run is judged by too.
    fn may_carry_out(&self, meter: &MeterId, command: &Command, leave: &Leave) -> Result<Arc<Served>, MetersError> {
        let served = self.served(meter).ok_or_else(|| MetersError::Unknown(meter.clone()))?;
        if served.live().duty == Duty::Off {
            return Err(MetersError::Off(meter.clone()));
        }
        if let Some(data) = self.spent_by(command) {
            refuse_another(&served)?;
            self.must_take_codes(&served)?;
            self.must_be_a_code(&data)?;
            return Ok(served);
        }
        if matches!(command, Command::SetClock) && self.store.clock() == ClockState::Wrong {
            return Err(MetersError::ClockWrong);
        }
        let effect = self.effect(command);
        if effect.sets_clock() && self.has_open_topup(meter)? {
            return Err(MetersError::Unsettled(meter.clone()));
        }
        let written = self.written_by(command);
        if written.is_some() || matches!(effect, Effect::Wrote(..)) {
            refuse_another(&served)?;
        }
        if let Some(written) = &written {
            self.must_be_had(&served, written)?;
            self.must_be_friendly(written, leave)?;
            self.must_be_no_part(meter, written)?;
        }
        Ok(served)
    }

    /// The frame that a command would send, or why it would not: all that the box knows without asking the meter decides
    /// (EMOP §22.4). The balance is the one that was last read.
    pub fn plan(
        &self,
        meter: &MeterId,
        command: &Command,
        (origin, leave): (&Origin, &Leave),
    ) -> Result<FrameShown, MetersError> {
        let planned = self.planned(meter, command, leave);
        planned.inspect_err(|refused| {
            if leave.ahead {
                self.tell_refused(meter, command, (origin, leave), refused);
            }
        })
    }

    /// Tells the audit of a write that the box refuses. No audit holds a code.
    fn tell_refused(&self, meter: &MeterId, command: &Command, by: (&Origin, &Leave), refused: &MetersError) {
        let written = self.written_by(command).filter(|_| self.spent_by(command).is_none());
        if let Some(written) = written {
            self.audit_refused(meter, &written, by, refused);
        }
    }

    fn planned(&self, meter: &MeterId, command: &Command, leave: &Leave) -> Result<FrameShown, MetersError> {
        let served = self.may_carry_out(meter, command, leave)?;
        let clock;
        let request = match command {
            Command::Ask(request) => request,
            Command::SetClock => {
                clock = self.clock_request()?;
                &clock
            }
        };
        self.dialect().data_field(request).map_err(refused)?;
        let Request::Write(object, payload) = request else {
            return Err(MetersError::NoWrite);
        };
        if let Some(balance) = self.prepay_starts_with(&served, *object, payload) {
            arguments::may_start_prepay(balance)?;
        }
        Ok(frame(self.dialect(), *object, payload))
    }

    /// The writing of the clock as it would go out now.
    fn clock_request(&self) -> Result<Request, MetersError> {
        let clock = self.dialect().catalogue().named("time");
        let clock = clock.expect("the clock is in the catalogue").id;
        let payload = Value::clock(self.store.now(), self.dialect().inferred());
        let payload = payload.map_err(|_| MetersError::ClockWrong)?;
        Ok(Request::Write(clock, payload))
    }

    /// The balance that was last read, when a write would switch prepayment on.
    fn prepay_starts_with(&self, served: &Served, object: ObjectId, payload: &[u8]) -> Option<Money> {
        let flag = self.dialect().catalogue().named("prepay_enabled_flag")?;
        let starts = flag.id == object && payload.first() == Some(&1);
        let live = served.live();
        let balance = live.state.value(Quantity::Balance).filter(|_| starts)?;
        balance.as_str()?.parse().ok()
    }

    /// The data field of a command that hands over a code.
    fn spent_by(&self, command: &Command) -> Option<Vec<u8>> {
        let Command::Ask(request) = command else { return None };
        let data = self.dialect().data_field(request).ok()?;
        self.dialect().spends_token(&data).then_some(data)
    }

    /// Refuses a code that is none.
    fn must_be_a_code(&self, data: &[u8]) -> Result<Token, MetersError> {
        let Message::Object { payload, .. } = Message::of(data, self.dialect().inferred()) else {
            unreachable!("a code is written into an object");
        };
        Ok(Token::of_payload(payload)?)
    }

    /// Makes a top-up of a frame with a code, and waits until it is settled; the answer is the one of a meter that took it.
    async fn spend(
        &self,
        meter: &MeterId,
        data: &[u8],
        origin: &Origin,
        deadline: Instant,
    ) -> Result<Vec<u8>, MetersError> {
        let new = NewTopup {
            meter: meter.clone(),
            token: self.must_be_a_code(data)?,
            origin: origin.clone(),
            key: None,
            worth: None,
            anyway: false,
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
