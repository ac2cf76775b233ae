//! A person's own list: whom they allowed what, until when, and how to stop it (PER §4.4).

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::super::filter::masked;
use super::super::ledger::{self, FetchRow};
use super::super::room::Perseus;
use super::super::rows::{PermissionRow, Revoker};
use super::super::standing::Standing;
use super::message::Message;
use super::spoken;
use crate::face::{Form, Nothing, Page, PageState, Shell, SignedIn};
use crate::http::problem::nothing;
use crate::store::ReadError;
use crate::texts::{Said, Texts, Value};

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
    state: Said,
    light: &'static str,
    /// Whether there is anything to stop.
    live: bool,
    /// What it sees or saw, since when and until when.
    what: Said,
    /// Whether the application was told of its end.
    told: Option<Said>,
    /// When the last of its meters was theirs no more.
    left: Option<Said>,
    /// How often it was used: today, and in all that is known.
    used: Option<Said>,
    /// The last hundred times, the newest first.
    fetches: Vec<Said>,
}

impl Perseus {
    fn shown(&self, t: Texts, row: &PermissionRow) -> Result<RowShown, ReadError> {
        let (state, open) = self.standing_of(row)?;
        let mut sources = Vec::new();
        for filter in ledger::filters(&self.store, &row.id)? {
            let name = self.called(&filter)?;
            let goes_out = open.iter().any(|one| one.source == filter.source);
            sources.push(match goes_out || state != Standing::Allowed {
                true => name,
                false => t.say1("consents-nothing-now", "name", name).text().to_owned(),
            });
        }
        let left = match state {
            Standing::Idle => self.left(row)?,
            _ => None,
        };
        let sources = sources.join(", ");
        Ok(RowShown {
            id: row.id.clone(),
            evidence: row.evidence.clone(),
            name: self.name_of(row),
            client: row.client.clone(),
            state: spoken::standing(t, state),
            light: if state == Standing::Allowed { "" } else { "off" },
            live: state.is_live(),
            what: self.what(t, row, &sources),
            sources,
            told: self.told_to(t, row)?,
            left: left.map(|at| {
                let until = self.last_day(t, row.expires);
                t.say2("consents-left", ("left", self.day(t, at)), ("until", until))
            }),
            used: self.used(t, row)?,
            fetches: self.fetched(t, row)?,
        })
    }

    /// What is or was seen, since when, and until when or who ended it.
    fn what(&self, t: Texts, row: &PermissionRow, sources: &str) -> Said {
        let mut places = vec![
            ("sources", Value::from(sources)),
            ("granted", self.day(t, row.renewed).into()),
        ];
        let Some(revoked) = &row.revoked else {
            places.push(("until", self.last_day(t, row.expires).into()));
            return t.say_with("consents-allowed", &places);
        };
        let at = revoked.at.to_zoned(self.timezone.clone());
        let by = match revoked.by {
            Revoker::Person => t.say("consents-you"),
            other => spoken::revoker(t, other),
        };
        places.push((
            "at",
            format!("{} {}", t.date(at.date()), at.strftime("%H:%M:%S")).into(),
        ));
        places.push(("by", by.text().into()));
        t.say_with("consents-ended", &places)
    }

    fn used(&self, t: Texts, row: &PermissionRow) -> Result<Option<Said>, ReadError> {
        let days = ledger::fetch_days(&self.store, &row.id)?;
        let (mut fetches, mut half_hours) = (0, 0);
        for (_, day) in &days {
            fetches += day.fetches;
            half_hours += day.half_hours;
        }
        Ok(days.first().map(|(last, day)| {
            let places = [
                ("all", Value::from(fetches)),
                ("lately", day.fetches.into()),
                ("day", last.as_str().into()),
                ("count", half_hours.into()),
            ];
            t.say_with("consents-used", &places)
        }))
    }

    fn fetched(&self, t: Texts, row: &PermissionRow) -> Result<Vec<Said>, ReadError> {
        let shown = |fetch: FetchRow| {
            let places = [
                ("at", Value::from(self.moment(t, fetch.at))),
                ("measure", spoken::measure(t, fetch.measure).text().into()),
                ("source", masked(&fetch.source).into()),
                ("from", self.moment(t, fetch.from).into()),
                ("to", self.moment(t, fetch.to).into()),
                ("count", fetch.half_hours.into()),
            ];
            match fetch.whole {
                true => t.say_with("consents-fetch", &places),
                false => t.say_with("consents-fetch-broken", &places),
            }
        };
        let all = ledger::fetches(&self.store, &row.id)?;
        Ok(all.into_iter().map(shown).collect())
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
    nothing().into_response()
}

pub(super) async fn list(State(state): State<PageState<Perseus>>, person: SignedIn) -> Response {
    let room = &state.room;
    let rows = ledger::of_person(&room.store, &person.name);
    let rows = rows.and_then(|rows| {
        rows.iter()
            .filter(|row| room.is_known(row))
            .map(|row| room.shown(Texts::of(person.language), row))
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
    let found = state.room.own(&person, &id).and_then(|row| {
        row.map(|row| state.room.shown(Texts::of(person.language), &row))
            .transpose()
    });
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
            Err(_) => Message::Unavailable.page(state.face.shell("permissions", Some(&person))),
        },
        Ok(None) => unknown(),
        Err(error) => broken(&error),
    }
}
