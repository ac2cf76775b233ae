//! Everybody, and somebody new.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::super::desk::PeopleDesk;
use super::super::refusal::Refusal;
use super::super::typed::{self, Fields, Tick};
use super::common::Manager;
use super::made;
use crate::accounts::Role;
use crate::admin::NewPerson;
use crate::face::{Form, Page, PageState, Shell};
use crate::http::Problem;

#[derive(Template)]
#[template(path = "people.html", config = ".askama.toml")]
struct PeoplePage {
    shell: Shell,
    people: Vec<Row>,
    fault: Option<String>,
    name: String,
    meters: String,
    /// Each role, and whether it is chosen.
    roles: Vec<(&'static str, String, bool)>,
    spaces: Vec<Tick>,
    csrf_token: String,
    base: String,
}

struct Row {
    name: String,
    /// As its text is named.
    role: String,
    chosen: bool,
    meters: String,
    /// How many spaces a doorman sees of all.
    spaces: usize,
}

/// Who looks, and where they came to.
type Asked<'a> = (&'a PageState<PeopleDesk>, &'a Manager);

fn page(
    (state, manager): Asked<'_>,
    fields: &Fields,
    refusal: Option<(StatusCode, String)>,
) -> Result<Response, Refusal> {
    let admin = &state.room.admin;
    let people = admin.accounts.people()?;
    let chosen = typed::role(fields).unwrap_or(Role::Resident);
    let (status, fault) = refusal.map_or((StatusCode::OK, None), |(status, words)| (status, Some(words)));
    let page = PeoplePage {
        shell: state.face.shell("box", Some(&manager.person)),
        people: people
            .into_iter()
            .map(|one| Row {
                role: format!("role-{}", one.role.name()),
                chosen: one.password_set,
                meters: one
                    .meters
                    .iter()
                    .map(crate::domain::MeterId::as_str)
                    .collect::<Vec<_>>()
                    .join(", "),
                spaces: one.spaces.len(),
                name: one.name,
            })
            .collect(),
        fault,
        name: typed::text(fields, "name"),
        meters: typed::text(fields, "meters"),
        roles: Role::ALL
            .into_iter()
            .map(|role| (role.name(), format!("role-{}", role.name()), role == chosen))
            .collect(),
        spaces: typed::space_ticks(admin.spaces_to_link()?, &typed::spaces(fields)),
        csrf_token: manager.person.csrf.token(),
        base: manager.base(),
    };
    Ok(Page(status, page).into_response())
}

pub(super) async fn show(State(state): State<PageState<PeopleDesk>>, manager: Manager) -> Result<Response, Refusal> {
    page((&state, &manager), &Fields::new(), None)
}

pub(super) async fn add(
    State(state): State<PageState<PeopleDesk>>,
    manager: Manager,
    Form(fields): Form<Fields>,
) -> Result<Response, Refusal> {
    let asked = (&state, &manager);
    let again = |status, words| page(asked, &fields, Some((status, words)));
    let meters = match typed::meters(&fields) {
        Ok(meters) => meters,
        Err(words) => return again(StatusCode::UNPROCESSABLE_ENTITY, words),
    };
    let Some(role) = typed::role(&fields) else {
        let t = manager.t();
        return again(
            StatusCode::UNPROCESSABLE_ENTITY,
            t.say("people-no-role").text().to_owned(),
        );
    };
    let new = NewPerson {
        name: typed::text(&fields, "name"),
        role,
        password: None,
        meters,
        spaces: typed::spaces(&fields),
    };
    match state.room.admin.add_person(new, &manager.person.who()).await {
        Ok(added) => Ok(made::added(&state, &manager, added)),
        Err(error) => {
            let problem = Problem::from(error);
            again(problem.status(), typed::words(&problem))
        }
    }
}
