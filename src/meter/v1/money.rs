//! `GET /v1/meters/{serial}/money`: a balance line by line (EMOP §23.6).

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::body::query;
use super::caller::Caller;
use super::error::ApiError;
use crate::domain::given::optional_day;
use crate::http::blocking;
use crate::http::table::{self, Format};
use crate::meter::explain::{Detail, MoneyShown, Period};

/// Which days.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct MoneyQuery {
    /// The first day where the house stands, such as `2026-02-01`; absent: six days before `to`.
    #[param(value_type = Option<String>)]
    #[serde(default, deserialize_with = "optional_day")]
    from: Option<Date>,
    /// The last day, which is among them; absent: as far as half-hours are fetched.
    #[param(value_type = Option<String>)]
    #[serde(default, deserialize_with = "optional_day")]
    to: Option<Date>,
    /// `true`: each half-hour with what it cost, of which lines are the sum.
    half_hours: Option<bool>,
    /// `json`, `csv` or `ndjson`; absent: as `Accept` says.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
}

/// A meter's balance over some days, line by line.
#[utoipa::path(get, path = "/v1/meters/{serial}/money", tag = "meters", params(("serial" = String, Path, description = "Its serial"), MoneyQuery),
    responses((status = 200, description = "What leads from one balance to another; CSV or NDJSON when asked for", body = MoneyShown), (status = 404, description = "No such meter"), (status = 422, description = "Too long a period")))]
pub(super) async fn money(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(serial): Path<String>,
    asked: Result<Query<MoneyQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let serial = caller.meter(&api, &serial)?.meter.serial;
    let asked = query(asked)?;
    let period = Period::new(asked.from, asked.to, api.room.today())?;
    let wanted = (period, Detail::of(asked.half_hours));
    let explained = blocking(move || api.room.explain(&serial, wanted, &(Timestamp::MIN..Timestamp::MAX)));
    let money = explained.await??;
    Ok(table::answer(Format::of(asked.format, &headers), &money.rows(), &money))
}
