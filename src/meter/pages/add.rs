//! `/energy/add`: meters by a pasted list, each asked at once who it is, and added when whoever pasted it has looked.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::REFRESH;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::PageState;
use super::error::PageError;
use crate::accounts::Act;
use crate::domain::MeterId;
use crate::face::{Form, Light, Page, Shell, SignedIn};
use crate::http::authority::base;
use crate::meter::{Asking, AskingError, Outcome, RowShown};
use crate::texts::{Said, Texts};

/// After so many seconds the page looks again by itself, while meters are asked.
const AGAIN: HeaderValue = HeaderValue::from_static("2");
/// What stands before a serial in the name of its box.
const TICK: &str = "add-";

#[derive(Template)]
#[template(path = "meters_add.html", config = ".askama.toml")]
struct AddPage {
    shell: Shell,
    fault: Option<Said>,
    list: String,
    csrf_token: String,
    /// Where this box is, as whoever asks writes it.
    base: String,
}

#[derive(Template)]
#[template(path = "meters_asked.html", config = ".askama.toml")]
struct AskedPage {
    shell: Shell,
    id: String,
    /// How many are asked still, and for how long.
    still: Option<Said>,
    /// Whether there is anything to add, and whether something was added.
    adds: bool,
    added: usize,
    rows: Vec<Row>,
    csrf_token: String,
    base: String,
}

struct Row {
    /// The name and the serial, or the line as it was written.
    name: String,
    serial: Option<MeterId>,
    light: Light,
    words: Said,
    /// The name of its box, and whether it is ticked.
    tick: Option<(String, bool)>,
}

fn may(person: &SignedIn) -> Result<(), PageError> {
    person.must(Act::ManageBox).map_err(|_| PageError::Forbidden)
}

/// The form.
pub(super) async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    may(&person)?;
    Ok(form(
        &state,
        &person,
        base(&uri, &headers),
        (StatusCode::OK, None, String::new()),
    ))
}

fn form(
    state: &PageState,
    person: &SignedIn,
    base: String,
    (status, fault, list): (StatusCode, Option<Said>, String),
) -> Response {
    let page = AddPage {
        shell: state.face.shell("meters", Some(person)),
        fault,
        list,
        csrf_token: person.csrf.token(),
        base,
    };
    Page(status, page).into_response()
}

#[derive(Deserialize)]
pub(super) struct ListTyped {
    list: String,
}

/// Begins to ask the meters of a list.
pub(super) async fn ask(
    State(state): State<PageState>,
    person: SignedIn,
    uri: Uri,
    headers: HeaderMap,
    Form(typed): Form<ListTyped>,
) -> Result<Response, PageError> {
    may(&person)?;
    let t = Texts::of(person.language);
    match state.room.ask_list(&typed.list) {
        Ok(asking) => Ok(Redirect::to(&format!("/energy/add/{}", asking.id())).into_response()),
        Err(error) => {
            let fault = match error {
                AskingError::Empty => t.say("add-empty"),
                AskingError::Long => t.say("add-long"),
            };
            let shown = (StatusCode::UNPROCESSABLE_ENTITY, Some(fault), typed.list);
            Ok(form(&state, &person, base(&uri, &headers), shown))
        }
    }
}

/// What came of a list so far.
pub(super) async fn asked(
    State(state): State<PageState>,
    person: SignedIn,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    may(&person)?;
    let asking = find(&state, &id)?;
    let t = Texts::of(person.language);
    let shown = asking.shown();
    let count = |fits: fn(&Outcome) -> bool| shown.iter().filter(|row| fits(&row.outcome)).count();
    let still = count(|outcome| *outcome == Outcome::Asking);
    let page = AskedPage {
        shell: state.face.shell("meters", Some(&person)),
        id,
        still: (still > 0).then(|| t.say2("add-still", ("count", still), ("seconds", asking.seconds()))),
        adds: still == 0 && count(Outcome::may_be_added) > 0,
        added: count(|outcome| *outcome == Outcome::Added),
        rows: shown.into_iter().map(|row| told(t, row, still == 0)).collect(),
        csrf_token: person.csrf.token(),
        base: base(&uri, &headers),
    };
    let mut response = Page(StatusCode::OK, page).into_response();
    if still > 0 {
        response.headers_mut().insert(REFRESH, AGAIN);
    }
    Ok(response)
}

/// Adds those that are ticked.
pub(super) async fn add(
    State(state): State<PageState>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(ticked): Form<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    may(&person)?;
    let asking = find(&state, &id)?;
    let serials: Vec<MeterId> = ticked
        .keys()
        .filter_map(|name| name.strip_prefix(TICK)?.parse().ok())
        .collect();
    state.room.add_asked(&asking, &serials, &person.who().in_audit()).await;
    Ok(Redirect::to(&format!("/energy/add/{id}")).into_response())
}

fn find(state: &PageState, id: &str) -> Result<Arc<Asking>, PageError> {
    state.room.asking(id).ok_or(PageError::NoList)
}

fn told(t: Texts, row: RowShown, is_over: bool) -> Row {
    let serial = row.serial.as_ref().map(MeterId::as_str).unwrap_or_default();
    let (light, words) = match &row.outcome {
        Outcome::Wrong { why } => (Light::Bad, t.say1("add-wrong", "why", why)),
        Outcome::Listed => (Light::Off, t.say("add-listed")),
        Outcome::Asking => (Light::Off, t.say("add-asking")),
        Outcome::Answers { volts: Some(volts) } => (
            Light::Good,
            t.say2(
                "add-answers-volts",
                ("serial", serial),
                ("volts", format!("{volts:.0}")),
            ),
        ),
        Outcome::Answers { volts: None } => (Light::Good, t.say1("add-answers", "serial", serial)),
        Outcome::WithoutSerial => (Light::Warn, t.say("add-without-serial")),
        Outcome::Another { says } => (Light::Bad, t.say2("add-another", ("says", says), ("serial", serial))),
        Outcome::Silent { why } => (Light::Bad, t.say1("add-silent", "why", why)),
        Outcome::Added => (Light::Good, t.say("add-added")),
        Outcome::NotAdded { why } => (Light::Bad, t.say1("add-not-added", "why", why)),
    };
    let answers = matches!(row.outcome, Outcome::Answers { .. });
    let tick = (is_over && row.outcome.may_be_added()).then(|| (format!("{TICK}{serial}"), answers));
    Row {
        name: match (&row.serial, row.name) {
            (Some(_), Some(name)) => name,
            (Some(serial), None) => serial.to_string(),
            (None, _) => row.text,
        },
        serial: row.serial,
        light,
        words,
        tick,
    }
}
