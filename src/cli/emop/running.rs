//! Meters of the running box, through its admin socket.

use async_trait::async_trait;
use data_encoding::HEXLOWER_PERMISSIVE;
use hyper::Method;
use serde_json::{Value as Json, json};

use super::place::{CallError, Place};
use crate::admin::{ARGUMENT, Client, ClientError};
use crate::cli::{CliError, print};
use crate::domain::MeterId;
use crate::meter::MeterShown;
use crate::meter::emop::dialect::{InferredWrites, Request};
use crate::meter::emop::{Dialect, Inferred, ObjectId, Token};
use crate::meter::mediator::info;
use crate::meter::tariffs::{FrameShown, NewTariff, TariffWriteShown, WriteState};
use crate::meter::topup::TopupShown;
use crate::meter::writes::Leave;

/// So many seconds it is waited until it is known what became of a code: longer than a refusal takes to prove.
const WAIT_S: u64 = 300;

/// The running box.
pub(super) struct RunningBox {
    client: Client,
    dialect: Dialect,
}

impl RunningBox {
    /// Asks the box how its meters are spoken to. Whether unconfirmed objects may be written stays its own decision.
    pub(super) async fn new(client: Client) -> Result<RunningBox, CliError> {
        let inferred: Inferred = client
            .ask(Method::GET, "/inferred", None)
            .await
            .map_err(CallError::from)?;
        let dialect = Dialect::new(inferred, InferredWrites::Allowed).map_err(CliError::failed)?;
        Ok(RunningBox { client, dialect })
    }

    async fn shown(&self, meter: &MeterId) -> Result<MeterShown, CallError> {
        Ok(self.client.ask(Method::GET, &format!("/meters/{meter}"), None).await?)
    }
}

#[async_trait]
impl Place for RunningBox {
    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    async fn ask(&self, meter: &MeterId, request: Request) -> Result<Vec<u8>, CallError> {
        let data = self.dialect.data_field(&request);
        let data = data.map_err(|error| CallError::NotAllowed(error.to_string()))?;
        let composed = json!({ "data": HEXLOWER_PERMISSIVE.encode(&data) });
        let path = format!("/meters/{meter}/ask");
        let answer: Json = self.client.ask(Method::POST, &path, Some(&composed)).await?;
        let hex = answer["data"].as_str().unwrap_or_default();
        HEXLOWER_PERMISSIVE
            .decode(hex.as_bytes())
            .map_err(|error| CallError::NotReachable(format!("the box answered with no data field: {error}")))
    }

    async fn write(
        &self,
        meter: &MeterId,
        (object, payload): (ObjectId, &[u8]),
        leave: &Leave,
    ) -> Result<(), CallError> {
        let path = format!("/meters/{meter}/write");
        let order = order(object, payload, leave);
        let _: Json = self.client.ask(Method::POST, &path, Some(&order)).await?;
        Ok(())
    }

    async fn plan(
        &self,
        meter: &MeterId,
        (object, payload): (ObjectId, &[u8]),
        leave: &Leave,
    ) -> Result<FrameShown, CallError> {
        let path = format!("/meters/{meter}/write?dry_run=true");
        let order = order(object, payload, leave);
        Ok(self.client.ask(Method::POST, &path, Some(&order)).await?)
    }

    async fn plan_clock(&self, meter: &MeterId, leave: &Leave) -> Result<FrameShown, CallError> {
        let path = format!("/meters/{meter}/clock?dry_run=true");
        Ok(self.client.ask(Method::POST, &path, Some(&json!(leave))).await?)
    }

    async fn set_clock(&self, meter: &MeterId, leave: &Leave) -> Result<(), CallError> {
        let path = format!("/meters/{meter}/clock");
        let _: Json = self.client.ask(Method::POST, &path, Some(&json!(leave))).await?;
        Ok(())
    }

    async fn top_up(&self, meter: &MeterId, token: &Token) -> Result<Option<TopupShown>, CallError> {
        let digits = String::from_utf8_lossy(token.digits());
        let given = json!({ "meter": meter, "token": digits });
        let created: Json = self.client.ask(Method::POST, "/topups", Some(&given)).await?;
        let id = created["id"].as_str().unwrap_or_default();
        if created["new"] == false {
            print::note(format_args!("{meter}: this code was given before: it is top-up {id}"));
        }
        let path = format!("/topups/{id}?wait={WAIT_S}");
        Ok(Some(self.client.ask(Method::GET, &path, None).await?))
    }

    async fn write_tariff(&self, meter: &MeterId, new: &NewTariff) -> Result<Option<TariffWriteShown>, CallError> {
        let path = format!("/meters/{meter}/tariffs/future");
        let mut write: TariffWriteShown = self.client.ask(Method::PUT, &path, Some(&json!(new))).await?;
        while write.state == WriteState::Writing {
            let path = format!("{path}?wait={WAIT_S}");
            write = self.client.ask(Method::GET, &path, None).await?;
        }
        Ok(Some(write))
    }

    async fn plan_tariff(&self, meter: &MeterId, new: &NewTariff) -> Result<Option<Vec<FrameShown>>, CallError> {
        let path = format!("/meters/{meter}/tariffs/future?dry_run=true");
        Ok(Some(self.client.ask(Method::PUT, &path, Some(&json!(new))).await?))
    }

    async fn info(&self, meter: &MeterId) -> Result<Json, CallError> {
        Ok(info::info(&self.shown(meter).await?))
    }

    async fn meters(&self, esco: &str) -> Result<Vec<Json>, CallError> {
        let all: Vec<MeterShown> = self.client.ask(Method::GET, "/meters", None).await?;
        match info::meters(all.iter(), esco) {
            Json::Array(meters) => Ok(meters),
            other => unreachable!("a list of meters is an array, not {other}"),
        }
    }
}

fn order(object: ObjectId, payload: &[u8], leave: &Leave) -> Json {
    let payload = HEXLOWER_PERMISSIVE.encode(payload);
    json!({ "object": object.to_string(), "payload": payload, "leave": leave })
}

impl From<ClientError> for CallError {
    fn from(error: ClientError) -> CallError {
        let details = error.to_string();
        let ClientError::Refused { kind, .. } = &error else {
            return CallError::NotReachable(details);
        };
        let failed = |code| CallError::Failed {
            code,
            details: details.clone(),
            refusal: kind == "meter-refused",
        };
        match kind.as_str() {
            ARGUMENT => CallError::Argument(details),
            "not-asked" | "not-written" => CallError::NotAllowed(details),
            "meter-silent" => CallError::NoConnection(details),
            "unknown" => failed("NOT_FOUND"),
            "meter-refused" | "exists" => failed("FAILED_PRECONDITION"),
            "meter-busy" => failed("RESOURCE_EXHAUSTED"),
            "unavailable" | "stopping" => failed("UNAVAILABLE"),
            _ => failed("INTERNAL"),
        }
    }
}
