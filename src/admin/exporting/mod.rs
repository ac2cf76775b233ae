//! `export`: what the box has, as tables to take along (MOVE §7). A row at a time, in memory that does not grow.

mod rows;
mod streamed;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::AdminState;
use super::meters::{self, serial};
use super::problem::AdminError;
use super::spaces;
use crate::accounts::AUDIT;
use crate::domain::MeterId;
use rows::Span;

pub use streamed::Form;

pub(super) fn router() -> Router<AdminState> {
    Router::new().route("/export/{table}", get(export))
}

/// What is wanted of a table.
#[derive(Deserialize)]
struct Asked {
    /// The first day, where the house stands.
    from: Date,
    /// The last day, which is among them.
    to: Date,
    form: Form,
    /// Of this meter alone, which need not be in the registry any more.
    meter: Option<String>,
}

async fn export(
    State(state): State<AdminState>,
    Path(table): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, AdminError> {
    let span = span(&state, &asked)?;
    let only = asked.meter.as_deref().map(serial).transpose()?;
    let store = state.running()?.store.clone();
    let by = meters::origin().by;
    let form = asked.form;
    let response = match table.as_str() {
        "meters" => {
            let room = meters::room(&state)?;
            streamed::answer(form, move |into| rows::meters(&room, only.as_ref(), into))
        }
        "readings" => {
            let wanted = these(&state, only)?;
            streamed::answer(form, move |into| rows::readings(&store, &wanted, span, into))
        }
        "topups" => {
            let (room, wanted) = (meters::room(&state)?, these(&state, only)?);
            streamed::answer(form, move |into| rows::topups(&room, &wanted, span, into))
        }
        "spaces" => {
            let room = spaces::room(&state)?;
            streamed::answer(form, move |into| rows::spaces(&room, into))
        }
        "counts" => {
            let room = spaces::room(&state)?;
            streamed::answer(form, move |into| rows::counts(&room, span, into))
        }
        other => {
            return Err(AdminError::argument(format!(
                "there is no table {other}: meters, readings, topups, spaces, counts"
            )));
        }
    };
    let (from, to) = (asked.from, asked.to);
    tracing::info!(target: AUDIT, by, table, %from, %to, "a table of the box is taken along");
    Ok(response)
}

/// From the first midnight to the last, where the house stands.
fn span(state: &AdminState, asked: &Asked) -> Result<Span, AdminError> {
    let midnight = |day: Date| -> Result<Timestamp, AdminError> {
        let zoned = day.to_zoned(state.timezone());
        Ok(zoned
            .map_err(|error| AdminError::argument(error.to_string()))?
            .timestamp())
    };
    if asked.to < asked.from {
        return Err(AdminError::argument(format!(
            "{} is before {}: the last day comes first",
            asked.to, asked.from
        )));
    }
    let next = asked
        .to
        .tomorrow()
        .map_err(|error| AdminError::argument(error.to_string()))?;
    Ok(Span {
        from: midnight(asked.from)?,
        to: midnight(next)?,
    })
}

/// The meters that are wanted: one, or all of the registry.
fn these(state: &AdminState, only: Option<MeterId>) -> Result<Vec<MeterId>, AdminError> {
    if let Some(only) = only {
        return Ok(vec![only]);
    }
    let all = meters::room(state)?.list();
    Ok(all.into_iter().map(|shown| shown.meter.serial).collect())
}
