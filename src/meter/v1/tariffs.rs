//! `/v1/meters/{serial}/tariffs`: what a meter charges, what it will charge, and writing that (EMOP §22.1, §22.2).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::body::{object, query, whole};
use super::caller::Caller;
use super::error::ApiError;
use crate::meter::tariffs::{Absent, NewTariff, TariffWriteShown, TariffsShown};
use crate::meter::topup::{Origin, Through};

/// How a tariff is written.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Manner {
    /// Nothing is sent: the answer is the frames that would be.
    #[serde(default)]
    dry_run: bool,
}

/// A tariff to come: amounts in pounds, as texts, since digits too many are refused and not cut. An amount of prepayment
/// that is not given stays as it is in the tariff in force.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTariff)]
pub(super) struct Given {
    /// For a kWh, of both elements, in pounds.
    #[schema(example = "0.23812")]
    unit_rate: String,
    /// For a day, in pounds.
    #[schema(example = "0.51082")]
    standing_charge: String,
    /// How far below zero the balance may go.
    emergency_credit: Option<String>,
    /// From which balance on that is offered.
    ecredit_availability: Option<String>,
    /// Debt paid back in a day.
    debt_recovery_rate: Option<String>,
    /// When it begins: with an offset an instant, without one by the meter's own clock, which shows British summer time in
    /// summer where its daylight flag is on.
    #[schema(example = "2027-04-01T00:00:00")]
    from: String,
    /// Why it is written, for the audit.
    #[schema(example = "prices of April")]
    why: String,
}

impl From<Given> for NewTariff {
    fn from(given: Given) -> NewTariff {
        NewTariff {
            unit_rate: given.unit_rate,
            standing_charge: given.standing_charge,
            emergency_credit: given.emergency_credit,
            ecredit_availability: given.ecredit_availability,
            debt_recovery_rate: given.debt_recovery_rate,
            from: given.from,
            why: given.why,
            absent: Absent::Kept,
        }
    }
}

/// Who wrote something is for the people of the box.
fn told(write: TariffWriteShown) -> TariffWriteShown {
    TariffWriteShown { origin: None, ..write }
}

/// What a meter charges and will charge, as it last said. A prepayment meter cuts the load by itself when its balance is
/// used up; the box cannot stop that.
#[utoipa::path(get, path = "/v1/meters/{serial}/tariffs", tag = "meters", params(("serial" = String, Path, description = "Its serial")),
    responses((status = 200, description = "Both tariffs, with units, and what was last written", body = TariffsShown), (status = 403, description = "The token lacks meters:read"), (status = 404, description = "No such meter")))]
pub(super) async fn show(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(serial): Path<String>,
) -> Result<Json<TariffsShown>, ApiError> {
    let meter = caller.meter(&api, &serial)?.meter.serial;
    let mut shown = api.room.tariffs(&meter)?;
    shown.write = shown.write.map(told);
    Ok(Json(shown))
}

/// What became of the tariff that was written last.
#[utoipa::path(get, path = "/v1/meters/{serial}/tariffs/future", tag = "meters", params(("serial" = String, Path, description = "Its serial")),
    responses((status = 200, description = "How far it is, and what the meter holds otherwise", body = TariffWriteShown), (status = 403, description = "The token lacks meters:read"), (status = 404, description = "No such meter, or none was written")))]
pub(super) async fn written(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(serial): Path<String>,
) -> Result<Json<TariffWriteShown>, ApiError> {
    let meter = caller.meter(&api, &serial)?.meter.serial;
    let write = api.room.tariff_write(&meter)?;
    Ok(Json(told(write.ok_or(ApiError::NotWritten(meter))?)))
}

/// Writes the tariff to come: eleven objects, the moment last, all read back. The meter is asked first who it is, what its
/// clock shows and whether it is paid for beforehand; then the answer is given, and the writing goes on.
#[utoipa::path(put, path = "/v1/meters/{serial}/tariffs/future", tag = "meters", request_body = Given,
    params(("serial" = String, Path, description = "Its serial"), Manner),
    responses((status = 202, description = "It is being written", body = TariffWriteShown), (status = 200, description = "With dry_run: what would be sent", body = Vec<crate::meter::tariffs::FrameShown>), (status = 400, description = "The body cannot be read"), (status = 403, description = "The token lacks meters:write"), (status = 404, description = "No such meter"), (status = 409, description = "Another meter, three phases, its clock is off, or another tariff is under way"), (status = 422, description = "A moment that has passed, digits that do not fit, or what only prepayment uses"), (status = 504, description = "The meter does not answer; nothing was written")))]
pub(super) async fn write(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(serial): Path<String>,
    manner: Result<Query<Manner>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let meter = caller.writes(&api, &serial)?;
    let manner = query(manner)?;
    let body = whole(body)?;
    let new = NewTariff::from(object::<Given>(&body)?);
    if manner.dry_run {
        return Ok(Json(api.room.plan_tariff(&meter, &new)?).into_response());
    }
    let origin = Origin {
        by: caller.name(),
        through: Through::Api,
    };
    let write = api.room.write_tariff(&meter, &new, &origin).await?;
    Ok((StatusCode::ACCEPTED, Json(told(write))).into_response())
}
