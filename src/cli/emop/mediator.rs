//! Meters behind a mediator, over gRPC.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value as Json;

use super::place::{CallError, Place};
use crate::domain::MeterId;
use crate::meter::emop::dialect::Request;
use crate::meter::emop::{Dialect, Value};
use crate::meter::mediator::client::{self, MediatorClient};
use crate::meter::writes::Leave;

/// A mediator, and by which constants its meters are spoken to.
pub(super) struct Mediator {
    pub(super) client: MediatorClient,
    pub(super) dialect: Dialect,
}

#[async_trait]
impl Place for Mediator {
    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    async fn ask(&self, meter: &MeterId, request: Request) -> Result<Vec<u8>, CallError> {
        Ok(self.client.ask(meter, &request, &self.dialect).await?)
    }

    async fn set_clock(&self, meter: &MeterId, _: &Leave) -> Result<(), CallError> {
        let clock = self.dialect.catalogue().named("time");
        let clock = clock.expect("the clock is in the catalogue").id;
        let payload = Value::clock(Timestamp::now(), self.dialect.inferred());
        let payload = payload.map_err(|error| CallError::NotAllowed(error.to_string()))?;
        self.ask(meter, Request::Write(clock, payload)).await.map(drop)
    }

    async fn info(&self, meter: &MeterId) -> Result<Json, CallError> {
        let text = self.client.info(meter).await?;
        serde_json::from_str(&text).map_err(|error| CallError::unreadable("what is known of the meter", &error))
    }

    async fn meters(&self, esco: &str) -> Result<Vec<Json>, CallError> {
        let text = self.client.meters(esco).await?;
        serde_json::from_str(&text).map_err(|error| CallError::unreadable("the list of meters", &error))
    }
}

impl From<client::CallError> for CallError {
    fn from(error: client::CallError) -> CallError {
        match error {
            client::CallError::Broken { .. } => CallError::NotReachable(format!(
                "{error}; a mediator with TLS takes --ca, --cert and --key, and hangs up on a certificate that does not count"
            )),
            client::CallError::Prohibited(_) => CallError::NotAllowed(error.to_string()),
            client::CallError::Answered { code, details } => answered(code, details),
        }
    }
}

fn answered(code: &'static str, details: String) -> CallError {
    let refusal = details.starts_with("NAK ");
    match code {
        "PERMISSION_DENIED" | "UNAUTHENTICATED" => CallError::NotAllowed(format!(
            "the mediator refuses: {details} The role in the client's certificate decides (internal, partner, readonly)."
        )),
        "FAILED_PRECONDITION" if !refusal => CallError::NotAllowed(details),
        "EMLITE_CONNECTION_FAILURE" => CallError::NoConnection(details),
        _ => CallError::Failed { code, details, refusal },
    }
}
