//! One person: what is theirs, and what can be done about it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::super::desk::PeopleDesk;
use super::super::refusal::Refusal;
use super::super::typed::{self, Fields, Tick};
use super::common::{Manager, day, find};
use crate::accounts::{Link, Person, Role, Shared};
use crate::admin::AdminError;
use crate::domain::MeterId;
use crate::face::{Form, Page, PageState, Shell};
use crate::http::Problem;
use crate::texts::{Said, Texts};

#[derive(Template)]
#[template(path = "person.html", config = ".askama.toml")]
struct PersonPage {
    shell: Shell,
    name: String,
    /// As its text is named.
    role: String,
    chosen: bool,
    created: String,
    /// Meter, since, until.
    links: Vec<(MeterId, String, Option<String>)>,
    is_doorman: bool,
    spaces: Vec<Tick>,
    /// The meters as they are typed.
    meters: String,
    fault: Option<String>,
    /// What was just done.
    said: Option<Said>,
    /// What whoever did it should know.
    notes: Vec<Said>,
    csrf_token: String,
    base: String,
}

/// What was done, or why not, with what was typed.
#[derive(Default)]
struct Done {
    said: Option<Said>,
    notes: Vec<Said>,
    refusal: Option<(StatusCode, String)>,
    typed: Option<Fields>,
}

/// Who looks, and where they came to.
type Asked<'a> = (&'a PageState<PeopleDesk>, &'a Manager);

fn page((state, manager): Asked<'_>, shown: Person, done: Done) -> Result<Response, Refusal> {
    let now = state.room.admin.accounts.now();
    let open = |link: &&Link| !link.is_over(now);
    let as_typed = |link: &Link| {
        let since = link.since.to_zoned(state.face.timezone().clone());
        // A day begins at its midnight: any other moment is the link's own and stays when no day is given.
        let is_day = since.start_of_day().is_ok_and(|start| start == since);
        match is_day {
            true => format!("{}@{}", link.meter, since.date()),
            false => link.meter.to_string(),
        }
    };
    let meters: Vec<String> = shown.links.iter().filter(open).map(as_typed).collect();
    let typed_spaces = done.typed.as_ref().filter(|fields| !fields.contains_key("meters"));
    let ticked = typed_spaces.map_or_else(|| shown.spaces.clone(), typed::spaces);
    let is_doorman = shown.role == Role::Doorman;
    let (status, fault) = match done.refusal {
        Some((status, words)) => (status, Some(words)),
        None => (StatusCode::OK, None),
    };
    let page = PersonPage {
        shell: state.face.shell("box", Some(&manager.person)),
        role: format!("role-{}", shown.role.name()),
        chosen: shown.password_set,
        created: day(&state.face, shown.created),
        links: shown
            .links
            .iter()
            .map(|link| {
                let until = link.until.map(|until| day(&state.face, until));
                (link.meter.clone(), day(&state.face, link.since), until)
            })
            .collect(),
        is_doorman,
        spaces: match is_doorman {
            true => typed::space_ticks(state.room.admin.spaces_to_link()?, &ticked),
            false => Vec::new(),
        },
        meters: done
            .typed
            .filter(|fields| fields.contains_key("meters"))
            .map_or_else(|| meters.join(" "), |fields| typed::text(&fields, "meters")),
        fault,
        said: done.said,
        notes: done.notes,
        csrf_token: manager.person.csrf.token(),
        base: manager.base(),
        name: shown.name,
    };
    Ok(Page(status, page).into_response())
}

pub(super) async fn show(
    State(state): State<PageState<PeopleDesk>>,
    manager: Manager,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let shown = find(&state.room, &name)?;
    page((&state, &manager), shown, Done::default())
}

pub(super) async fn meters(
    State(state): State<PageState<PeopleDesk>>,
    manager: Manager,
    Path(name): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Refusal> {
    let shown = find(&state.room, &name)?;
    let asked = (&state, &manager);
    let wanted = match typed::meters(&fields) {
        Ok(wanted) => wanted,
        Err(words) => {
            let refusal = Some((StatusCode::UNPROCESSABLE_ENTITY, words));
            let done = Done {
                refusal,
                typed: Some(fields),
                ..Done::default()
            };
            return page(asked, shown, done);
        }
    };
    match state.room.admin.set_meters(&name, wanted, &manager.person.who()).await {
        Ok(linked) => {
            let t = manager.t();
            let mut notes = notes_of(t, &linked.shared, &linked.unknown_meters);
            notes.extend(linked.postponed.iter().map(|link| {
                let since = day(&state.face, link.since);
                t.say2("people-postponed", ("meter", link.meter.as_str()), ("day", since))
            }));
            let said = Some(t.say("people-meters-set"));
            page(
                asked,
                linked.person,
                Done {
                    said,
                    notes,
                    ..Done::default()
                },
            )
        }
        Err(error) => page(asked, shown, refusal(error, fields)),
    }
}

pub(super) async fn spaces(
    State(state): State<PageState<PeopleDesk>>,
    manager: Manager,
    Path(name): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Refusal> {
    let shown = find(&state.room, &name)?;
    let asked = (&state, &manager);
    let ticked = typed::spaces(&fields);
    match state.room.admin.set_spaces(&name, ticked, &manager.person.who()).await {
        Ok(_) => {
            let said = Some(manager.t().say("people-spaces-set"));
            page(
                asked,
                find(&state.room, &name)?,
                Done {
                    said,
                    ..Done::default()
                },
            )
        }
        Err(error) => page(asked, shown, refusal(error, fields)),
    }
}

fn refusal(error: AdminError, fields: Fields) -> Done {
    let problem = Problem::from(error);
    Done {
        refusal: Some((problem.status(), typed::words(&problem))),
        typed: Some(fields),
        ..Done::default()
    }
}

/// What whoever links meters should know.
pub(super) fn notes_of(t: Texts, shared: &[Shared], unknown: &[MeterId]) -> Vec<Said> {
    let shared = shared.iter().map(|one| {
        let (meter, name) = (one.link.meter.as_str(), one.name.as_str());
        t.say2("people-shared", ("meter", meter), ("name", name))
    });
    let unknown = unknown
        .iter()
        .map(|meter| t.say1("people-unknown-meter", "meter", meter.as_str()));
    shared.chain(unknown).collect()
}
