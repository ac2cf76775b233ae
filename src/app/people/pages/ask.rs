//! What cannot be undone is asked about on a page of its own: moving out, and removing somebody.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;

use super::super::desk::PeopleDesk;
use super::super::refusal::Refusal;
use super::super::typed::{self, Fields};
use super::common::{Manager, find};
use crate::admin::{Departed, Departure, LastReading};
use crate::domain::MeterId;
use crate::face::{Form, Nothing, Page, PageState, Shell};
use crate::http::Problem;
use crate::texts::{Said, Texts};

#[derive(Template)]
#[template(path = "people_ask.html", config = ".askama.toml")]
pub(super) struct AskPage {
    pub(super) shell: Shell,
    pub(super) title: Said,
    pub(super) what: Said,
    /// Where the form is sent, and what its button says.
    pub(super) action: String,
    pub(super) button: Said,
    /// A day can be given, which was typed as this.
    pub(super) day: Option<String>,
    pub(super) fault: Option<String>,
    /// Where it leads back, and what that says.
    pub(super) back: (String, Said),
    pub(super) csrf_token: String,
    /// The same for programs.
    pub(super) curl: String,
}

pub(super) async fn remove(
    State(state): State<PageState<PeopleDesk>>,
    manager: Manager,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let name = find(&state.room, &name)?.name;
    let t = manager.t();
    let what = match name == manager.person.name {
        true => t.say("people-remove-own"),
        false => t.say1("people-remove-what", "name", name.as_str()),
    };
    let page = AskPage {
        shell: state.face.shell("box", Some(&manager.person)),
        title: t.say1("people-remove-one", "name", name.as_str()),
        what,
        action: format!("/box/people/{name}/remove"),
        button: t.say("people-remove"),
        day: None,
        fault: None,
        back: (format!("/box/people/{name}"), t.say("people-keep")),
        csrf_token: manager.person.csrf.token(),
        curl: format!("curl -X DELETE {}/v1/people/{name}", manager.base()),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

pub(super) async fn removed(
    State(state): State<PageState<PeopleDesk>>,
    manager: Manager,
    Path(name): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refusal> {
    let removed = state.room.admin.remove_person(&name, &manager.person.who()).await;
    removed?;
    Ok(Redirect::to("/box/people").into_response())
}

/// Who looks, and where they came to.
type Asked<'a> = (&'a PageState<PeopleDesk>, &'a Manager);

fn moving((state, manager): Asked<'_>, name: &str, day: String, fault: Option<String>) -> AskPage {
    let t = manager.t();
    AskPage {
        shell: state.face.shell("box", Some(&manager.person)),
        title: t.say1("people-move-out-one", "name", name),
        what: t.say("people-move-out-what"),
        action: format!("/box/people/{name}/move-out"),
        button: t.say("people-move-out"),
        day: Some(day),
        fault,
        back: (format!("/box/people/{name}"), t.say("people-keep")),
        csrf_token: manager.person.csrf.token(),
        curl: format!(
            "curl {}/v1/people/{name}/move-out \\\n  -H 'Content-Type: application/json' -d '{{\"at\":\"2026-05-01\"}}'",
            manager.base()
        ),
    }
}

pub(super) async fn move_out(
    State(state): State<PageState<PeopleDesk>>,
    manager: Manager,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let name = find(&state.room, &name)?.name;
    let page = moving((&state, &manager), &name, String::new(), None);
    Ok(Page(StatusCode::OK, page).into_response())
}

#[derive(Template)]
#[template(path = "people_left.html", config = ".askama.toml")]
struct LeftPage {
    shell: Shell,
    name: String,
    at: String,
    sessions: usize,
    meters: Vec<LeftRow>,
    /// What remains to be settled.
    remaining: Vec<String>,
}

struct LeftRow {
    meter: MeterId,
    /// As of when, and each register in kWh by the name of its text.
    reading: Option<(String, Vec<(String, String)>)>,
    remaining: Vec<String>,
}

pub(super) async fn moved_out(
    State(state): State<PageState<PeopleDesk>>,
    manager: Manager,
    Path(name): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Refusal> {
    let asked = (&state, &manager);
    let name = find(&state.room, &name)?.name;
    let day = typed::text(&fields, "day");
    let t = manager.t();
    let at = match day.is_empty() {
        true => None,
        false => match day.parse::<Date>() {
            Ok(at) => Some(at),
            Err(_) => {
                let fault = t.say1("people-no-day", "day", day.as_str()).text().to_owned();
                return Ok(
                    Page(StatusCode::UNPROCESSABLE_ENTITY, moving(asked, &name, day, Some(fault))).into_response(),
                );
            }
        },
    };
    let wish = Departure { at, dry_run: false };
    match state
        .room
        .admin
        .move_out(name.clone(), wish, &manager.person.who())
        .await
    {
        Ok(departed) => Ok(Page(StatusCode::OK, left(&state, &manager, departed)).into_response()),
        Err(error) => {
            let problem = Problem::from(error);
            let page = moving(asked, &name, day, Some(typed::words(&problem)));
            Ok(Page(problem.status(), page).into_response())
        }
    }
}

fn left(state: &PageState<PeopleDesk>, manager: &Manager, departed: Departed) -> LeftPage {
    let t = Texts::of(manager.person.language);
    let reading = |reading: LastReading| {
        let registers = reading.registers.into_iter().map(|(quantity, watt_hours)| {
            // Its text is named as the API names it.
            let name = serde_json::to_value(quantity).unwrap_or_default();
            let name = name.as_str().unwrap_or_default().replace('_', "-");
            let kwh = format!("{}.{:03}", watt_hours / 1_000, watt_hours % 1_000);
            (format!("meter-q-{name}"), kwh)
        });
        (state.face.date_in(t, reading.at), registers.collect())
    };
    LeftPage {
        shell: state.face.shell("box", Some(&manager.person)),
        name: departed.name,
        at: state.face.date_in(t, departed.at),
        sessions: departed.sessions,
        meters: departed
            .meters
            .into_iter()
            .map(|left| LeftRow {
                meter: left.link.meter,
                reading: left.reading.map(reading),
                remaining: left.remaining.into_iter().map(|matter| matter.words).collect(),
            })
            .collect(),
        remaining: departed.remaining.into_iter().map(|matter| matter.words).collect(),
    }
}
