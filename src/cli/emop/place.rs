//! Where the meters of `emop` are: a place that passes requests on to them, and what may come of that.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::cli::{CliError, print};
use crate::domain::MeterId;
use crate::meter::emop::dialect::Request;
use crate::meter::emop::{Dialect, ObjectId, Token, Value};
use crate::meter::reads::{Asking, ReadError};
use crate::meter::tariffs::{FrameShown, NewTariff, TariffWriteShown};
use crate::meter::topup::TopupShown;
use crate::meter::writes::{Leave, frame, payloads};

/// What a dry run says that no box has judged.
pub(super) const ONLY_OURS: &str = "only this command's own rules were looked at: what the box that serves the meter knows \
                                    of it may still refuse the write";

/// A mediator, or the running box behind its socket.
#[async_trait]
pub(super) trait Place: Send + Sync {
    /// By which constants requests are composed.
    fn dialect(&self) -> &Dialect;

    /// Asks a meter, and gives the data field of the answer.
    async fn ask(&self, meter: &MeterId, request: Request) -> Result<Vec<u8>, CallError>;

    /// Writes an object. What is said of it beside is for a box; a mediator elsewhere hears none of it.
    async fn write(
        &self,
        meter: &MeterId,
        (object, payload): (ObjectId, &[u8]),
        _leave: &Leave,
    ) -> Result<(), CallError> {
        self.ask(meter, Request::Write(object, payload.to_vec()))
            .await
            .map(drop)
    }

    /// Sets a meter's clock to the present moment.
    async fn set_clock(&self, meter: &MeterId, leave: &Leave) -> Result<(), CallError>;

    /// The frame that a write would send, or why it would not. What a place knows of the meter decides; a mediator says
    /// nothing of it beforehand.
    async fn plan(
        &self,
        _meter: &MeterId,
        (object, payload): (ObjectId, &[u8]),
        _leave: &Leave,
    ) -> Result<FrameShown, CallError> {
        let judged = self.dialect().data_field(&Request::Write(object, payload.to_vec()));
        judged.map_err(|error| CallError::NotAllowed(error.to_string()))?;
        payloads::must_fit(self.dialect(), object, payload).map_err(|error| CallError::Argument(error.to_string()))?;
        print::note(format_args!("{ONLY_OURS}"));
        Ok(frame(self.dialect(), object, payload))
    }

    /// The same of setting the clock.
    async fn plan_clock(&self, meter: &MeterId, leave: &Leave) -> Result<FrameShown, CallError> {
        let clock = self.dialect().catalogue().named("time");
        let clock = clock.expect("names in this program are names of the catalogue").id;
        let payload = Value::clock(Timestamp::now(), self.dialect().inferred());
        let payload = payload.map_err(|error| CallError::NotAllowed(error.to_string()))?;
        self.plan(meter, (clock, &payload), leave).await
    }

    /// The frames that a tariff to come would be written with, as the box judges it; `None`: there is no box.
    async fn plan_tariff(&self, _meter: &MeterId, _new: &NewTariff) -> Result<Option<Vec<FrameShown>>, CallError> {
        Ok(None)
    }

    /// Gives a meter a code by way of a top-up in the box's book, and gives what became of it; `None`: there is no box, and
    /// so no top-up.
    async fn top_up(&self, _meter: &MeterId, _token: &Token) -> Result<Option<TopupShown>, CallError> {
        Ok(None)
    }

    /// Has the box write a tariff to come as one operation, and gives how it ended; `None`: there is no box, and so each
    /// object is a request of its own.
    async fn write_tariff(&self, _meter: &MeterId, _new: &NewTariff) -> Result<Option<TariffWriteShown>, CallError> {
        Ok(None)
    }

    /// What the registry knows of a meter: `{"registry": …, "shadow": …}`.
    async fn info(&self, meter: &MeterId) -> Result<Json, CallError>;

    /// The meters that can be asked, of one supplier or (empty) of all.
    async fn meters(&self, esco: &str) -> Result<Vec<Json>, CallError>;
}

/// A call came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The place is not there any more.
    #[error("{0}")]
    NotReachable(String),
    /// The certificate does not allow it, or no meter is asked that.
    #[error("{0}")]
    NotAllowed(String),
    /// A value that was given is none.
    #[error("{0}")]
    Argument(String),
    /// The place could not reach the meter. Scripts look for these words.
    #[error("Failed to connect to meter: {0}")]
    NoConnection(String),
    /// Any other failure. Scripts look for this form.
    #[error("Failure [{code}]: {details}")]
    Failed {
        /// As clients of the original name it.
        code: &'static str,
        /// In words.
        details: String,
        /// Whether the meter itself said no.
        refusal: bool,
    },
}

impl CallError {
    /// Something that the place said and that cannot be read.
    pub(super) fn unreadable(what: &str, error: &serde_json::Error) -> CallError {
        CallError::Failed {
            code: "INTERNAL",
            details: format!("{what} cannot be read: {error}"),
            refusal: false,
        }
    }
}

impl From<CallError> for CliError {
    fn from(error: CallError) -> CliError {
        match &error {
            CallError::NotReachable(_) => CliError::not_reachable(error),
            CallError::NotAllowed(_) => CliError::refused(error),
            CallError::Argument(_) => CliError::usage(error),
            CallError::NoConnection(_) | CallError::Failed { .. } => CliError::failed(error),
        }
    }
}

impl From<ReadError<CallError>> for CliError {
    fn from(error: ReadError<CallError>) -> CliError {
        match error {
            ReadError::Asked(error) => error.into(),
            ReadError::Payload { .. } | ReadError::Blank { .. } => CliError::failed(error),
        }
    }
}

/// One meter at a place.
#[derive(Clone, Copy)]
pub(super) struct There<'a> {
    pub(super) place: &'a dyn Place,
    pub(super) serial: &'a MeterId,
}

impl Asking for There<'_> {
    type Error = CallError;

    async fn ask(&self, request: Request) -> Result<Vec<u8>, CallError> {
        self.place.ask(self.serial, request).await
    }

    fn dialect(&self) -> &Dialect {
        self.place.dialect()
    }

    fn is_refusal(error: &CallError) -> bool {
        matches!(error, CallError::Failed { refusal: true, .. })
    }
}
