//! `GET /v1/spaces` by cursor, and totals over groups of spaces (OCC §5.5).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::error::ApiError;
use super::shape::SpaceShown;
use crate::domain::given::optional_number;
use crate::domain::{Level, Space, SpaceId};
use crate::http::asked::{AskedError, query};
use crate::http::blocking;
use crate::occupancy::Occupancy;
use crate::occupancy::keys::KeyRole;

/// Spaces on one page, at most and unless told otherwise.
const MOST: usize = 500;
const USUAL: usize = 100;
/// Rows looked at for one page, whatever the filter: the cursor goes on from there.
const LOOKED_AT: usize = 5_000;

/// Which spaces.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// Only those with this tag.
    tag: Option<String>,
    /// Only those whose name holds this, in any case.
    name: Option<String>,
    /// Only those that are `free`, `busy`, `full` or `over`.
    #[param(value_type = Option<String>)]
    state: Option<Level>,
    /// Go on after this.
    cursor: Option<String>,
    /// At most so many, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    #[serde(default, deserialize_with = "optional_number")]
    limit: Option<usize>,
}

impl Filter {
    fn takes(&self, space: &Space) -> bool {
        let name = || space.name.as_deref().unwrap_or_default().to_lowercase();
        self.tag.as_ref().is_none_or(|tag| space.tags.contains(tag))
            && self
                .name
                .as_ref()
                .is_none_or(|part| name().contains(&part.to_lowercase()))
            && self.state.is_none_or(|state| space.level() == state)
    }

    fn after(&self) -> Result<Option<SpaceId>, ApiError> {
        let cursor = self.cursor.as_deref();
        cursor
            .map(|cursor| {
                cursor
                    .parse()
                    .map_err(|_| ApiError::Asked(AskedError::whole("cursor: it is not one of ours")))
            })
            .transpose()
    }
}

/// A page of spaces.
#[derive(Serialize, ToSchema)]
#[schema(as = SpacesPage)]
pub(super) struct Listed {
    /// The spaces, in the order of their ids.
    spaces: Vec<SpaceShown>,
    /// Where the next page goes on; null at the end.
    next_cursor: Option<String>,
}

/// Spaces, a page at a time.
#[utoipa::path(get, path = "/v1/spaces", tag = "spaces", params(Filter),
    responses((status = 200, description = "A page of spaces", body = Listed), (status = 403, description = "The token lacks spaces:read")))]
pub(super) async fn list(
    State(room): State<Arc<Occupancy>>,
    caller: Caller,
    filter: Result<Query<Filter>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Listed>, ApiError> {
    caller.is_operator(KeyRole::Viewer)?;
    let filter = filter.map_err(|error| ApiError::Asked(query(&error)))?.0;
    let limit = filter.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(ApiError::Bounds {
            what: "limit",
            wanted: format!("1 to {MOST}"),
        });
    }
    let looked = look(&room, filter, Some(limit)).await?;
    Ok(Json(Listed {
        spaces: looked.found.iter().map(|space| SpaceShown::of(space, &room)).collect(),
        next_cursor: looked.next.map(|id| id.to_string()),
    }))
}

/// Sums over spaces.
#[derive(Default, Serialize, ToSchema)]
pub(super) struct Totals {
    /// How many spaces.
    spaces: u64,
    /// People inside, all together.
    current: u64,
    /// People allowed inside, all together.
    maximum: u64,
    /// How many spaces are free, busy, full, over.
    by_state: BTreeMap<String, u64>,
}

/// Sums over all spaces that a filter takes.
#[utoipa::path(get, path = "/v1/spaces/totals", tag = "spaces", params(Filter),
    responses((status = 200, description = "The sums", body = Totals), (status = 403, description = "The token lacks spaces:read")))]
pub(super) async fn totals(
    State(room): State<Arc<Occupancy>>,
    caller: Caller,
    filter: Result<Query<Filter>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Totals>, ApiError> {
    caller.is_operator(KeyRole::Viewer)?;
    let filter = filter.map_err(|error| ApiError::Asked(query(&error)))?.0;
    let mut totals = Totals::default();
    for space in look(&room, filter, None).await?.found {
        totals.spaces += 1;
        totals.current += u64::from(space.occupancy.current);
        totals.maximum += u64::from(space.occupancy.maximum);
        *totals.by_state.entry(space.level().name().to_owned()).or_default() += 1;
    }
    Ok(Json(totals))
}

struct Looked {
    found: Vec<Space>,
    next: Option<SpaceId>,
}

/// Looks through spaces off the async threads; without a limit through all of them.
async fn look(room: &Arc<Occupancy>, filter: Filter, limit: Option<usize>) -> Result<Looked, ApiError> {
    let after = filter.after()?;
    let room = Arc::clone(room);
    blocking(move || look_through(&room, &filter, after, limit)).await?
}

fn look_through(
    room: &Occupancy,
    filter: &Filter,
    after: Option<SpaceId>,
    limit: Option<usize>,
) -> Result<Looked, ApiError> {
    let (mut found, mut after, mut looked_at) = (Vec::new(), after, 0);
    loop {
        let some = room.list(after, MOST)?;
        let more = some.len() == MOST;
        for space in some {
            after = Some(space.id);
            looked_at += 1;
            if filter.takes(&space) {
                found.push(space);
            }
            let enough = limit.is_some_and(|limit| found.len() >= limit || looked_at >= LOOKED_AT);
            if enough {
                let rest = !room.list(after, 1)?.is_empty();
                return Ok(Looked {
                    found,
                    next: after.filter(|_| rest),
                });
            }
        }
        if !more {
            return Ok(Looked { found, next: None });
        }
    }
}
