//! A person's own list: whom they allowed what, until when, and how to stop it (PER §4.4).

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::filter::{masked, word};
use super::super::ledger::{self, FetchRow};
use super::super::room::Perseus;
use super::super::rows::{PermissionRow, Revoker};
use super::super::standing::Standing;
use super::message::Message;
use crate::face::{Form, Page, PageState, Shell, SignedIn};
use crate::http::Problem;
use crate::store::ReadError;

#[derive(Template)]
#[template(path = "permissions.html", config = ".askama.toml")]
struct ListPage {
    shell: Shell,
    rows: Vec<RowShown>,
}

#[derive(Template)]
#[template(path = "permission_stop.html", config = ".askama.toml")]
struct StopPage {
    shell: Shell,
    csrf_token: String,
    row: RowShown,
}

pub(super) struct RowShown {
    id: String,
    evidence: String,
    name: String,
    client: String,
    sources: String,
    state: &'static str,
    light: &'static str,
    /// Whether there is anything to stop.
    live: bool,
    granted: String,
    until: String,
    ended: Option<String>,
    /// Whether the application was told of that.
    told: Option<String>,
    /// When the last of its meters was theirs no more.
    left: Option<String>,
    /// How often it was used: today, and in all that is known.
    used: Option<String>,
    /// The last hundred times, the newest first.
    fetches: Vec<String>,
}

/// Nothing but the form's own value.
#[derive(Deserialize)]
pub(super) struct Nothing {}

impl Perseus {
    fn shown(&self, row: &PermissionRow) -> Result<RowShown, ReadError> {
        let (state, open) = self.standing_of(row)?;
        let mut sources = Vec::new();
        for filter in ledger::filters(&self.store, &row.id)? {
            let name = self.called(&filter)?;
            let goes_out = open.iter().any(|one| one.source == filter.source);
            sources.push(match goes_out || state != Standing::Allowed {
                true => name,
                false => format!("{name} (nothing of it now)"),
            });
        }
        let left = match state {
            Standing::Idle => self.left(row)?,
            _ => None,
        };
        Ok(RowShown {
            id: row.id.clone(),
            evidence: row.evidence.clone(),
            name: self.name_of(row),
            client: row.client.clone(),
            sources: sources.join(", "),
            state: state.words(),
            light: if state == Standing::Allowed { "" } else { "off" },
            live: state.is_live(),
            granted: self.day(row.renewed),
            until: self.last_day(row.expires),
            ended: row.revoked.as_ref().map(|revoked| {
                let at = revoked
                    .at
                    .to_zoned(self.timezone.clone())
                    .strftime("%-d %b %Y %H:%M:%S");
                let by = match revoked.by {
                    Revoker::Person => "you",
                    other => other.words(),
                };
                format!("stopped {at} by {by}")
            }),
            told: self.told(row)?,
            left: left.map(|at| self.day(at)),
            used: self.used(row)?,
            fetches: self.fetched(row)?,
        })
    }

    fn used(&self, row: &PermissionRow) -> Result<Option<String>, ReadError> {
        let days = ledger::fetch_days(&self.store, &row.id)?;
        let (mut fetches, mut half_hours) = (0, 0);
        for (_, day) in &days {
            fetches += day.fetches;
            half_hours += day.half_hours;
        }
        let Some((last, day)) = days.first() else {
            return Ok(None);
        };
        let times = |count| crate::domain::units::count(count, "time", "times");
        Ok(Some(format!(
            "Fetched {} in all, {} on {last} (UTC); {} went out.",
            times(fetches),
            times(day.fetches),
            crate::domain::units::count(half_hours, "half-hour", "half-hours")
        )))
    }

    fn fetched(&self, row: &PermissionRow) -> Result<Vec<String>, ReadError> {
        let zone = &self.timezone;
        let time = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%-d %b %Y %H:%M").to_string();
        let all = ledger::fetches(&self.store, &row.id)?
            .into_iter()
            .map(|fetch: FetchRow| {
                format!(
                    "{}: {} of {} from {} to {}, {}{}",
                    time(fetch.at),
                    word(fetch.measure),
                    masked(&fetch.source),
                    time(fetch.from),
                    time(fetch.to),
                    if fetch.whole { "" } else { "broken off, at least " },
                    crate::domain::units::count(fetch.half_hours, "half-hour", "half-hours")
                )
            });
        Ok(all.collect())
    }

    /// A person's own permission.
    fn own(&self, person: &SignedIn, id: &str) -> Result<Option<PermissionRow>, ReadError> {
        let rows = ledger::of_person(&self.store, &person.name)?;
        Ok(rows.into_iter().find(|row| row.id == id && self.is_known(row)))
    }
}

fn broken(error: &ReadError) -> Response {
    tracing::error!(%error, "permissions could not be read");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn unknown() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here").into_response()
}

pub(super) async fn list(State(state): State<PageState<Perseus>>, person: SignedIn) -> Response {
    let room = &state.room;
    let rows = ledger::of_person(&room.store, &person.name);
    let rows = rows.and_then(|rows| {
        rows.iter()
            .filter(|row| room.is_known(row))
            .map(|row| room.shown(row))
            .collect()
    });
    match rows {
        Ok(rows) => {
            let shell = state.face.shell("permissions", Some(&person));
            Page(StatusCode::OK, ListPage { shell, rows }).into_response()
        }
        Err(error) => broken(&error),
    }
}

pub(super) async fn ask(State(state): State<PageState<Perseus>>, person: SignedIn, Path(id): Path<String>) -> Response {
    let found = state
        .room
        .own(&person, &id)
        .and_then(|row| row.map(|row| state.room.shown(&row)).transpose());
    match found {
        // There is nothing to stop any more.
        Ok(Some(row)) if !row.live => Redirect::to("/permissions").into_response(),
        Ok(Some(row)) => {
            let page = StopPage {
                shell: state.face.shell("permissions", Some(&person)),
                csrf_token: person.csrf.token(),
                row,
            };
            Page(StatusCode::OK, page).into_response()
        }
        Ok(None) => unknown(),
        Err(error) => broken(&error),
    }
}

pub(super) async fn stop(
    State(state): State<PageState<Perseus>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Response {
    match state.room.own(&person, &id) {
        Ok(Some(row)) => match state.room.revoke(&row.id, Revoker::Person).await {
            Ok(_) => Redirect::to("/permissions").into_response(),
            Err(_) => Message::Unavailable.page(&state.face, Some(&person)),
        },
        Ok(None) => unknown(),
        Err(error) => broken(&error),
    }
}
