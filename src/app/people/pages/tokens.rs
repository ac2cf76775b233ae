//! API tokens: those that are in force, a new one, and the end of one.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::super::desk::PeopleDesk;
use super::super::refusal::Refusal;
use super::super::typed::{self, Fields, Tick};
use super::ask::AskPage;
use super::common::{Manager, day};
use super::made;
use crate::face::{Form, Nothing, Page, PageState, Shell};
use crate::http::Problem;
use crate::http::problem::nothing;

#[derive(Template)]
#[template(path = "people_tokens.html", config = ".askama.toml")]
struct TokensPage {
    shell: Shell,
    tokens: Vec<Row>,
    fault: Option<String>,
    name: String,
    scopes: Vec<Tick>,
    csrf_token: String,
    base: String,
}

struct Row {
    id: String,
    name: String,
    scopes: String,
    created: String,
}

/// Who looks, and where they came to.
type Asked<'a> = (&'a PageState<PeopleDesk>, &'a Manager);

fn page(
    (state, manager): Asked<'_>,
    fields: &Fields,
    refusal: Option<(StatusCode, String)>,
) -> Result<Response, Refusal> {
    let tokens = state.room.admin.accounts.tokens()?;
    let (status, fault) = refusal.map_or((StatusCode::OK, None), |(status, words)| (status, Some(words)));
    let page = TokensPage {
        shell: state.face.shell("box", Some(&manager.person)),
        tokens: tokens
            .into_iter()
            .map(|token| Row {
                scopes: token
                    .scopes
                    .iter()
                    .map(|scope| scope.name())
                    .collect::<Vec<_>>()
                    .join(" "),
                created: day(&state.face, token.created),
                id: token.id,
                name: token.name,
            })
            .collect(),
        fault,
        name: typed::text(fields, "name"),
        scopes: typed::scope_ticks(&typed::scopes(fields)),
        csrf_token: manager.person.csrf.token(),
        base: manager.base(),
    };
    Ok(Page(status, page).into_response())
}

pub(super) async fn show(State(state): State<PageState<PeopleDesk>>, manager: Manager) -> Result<Response, Refusal> {
    page((&state, &manager), &Fields::new(), None)
}

pub(super) async fn create(
    State(state): State<PageState<PeopleDesk>>,
    manager: Manager,
    Form(fields): Form<Fields>,
) -> Result<Response, Refusal> {
    let (name, scopes) = (typed::text(&fields, "name"), typed::scopes(&fields));
    match state
        .room
        .admin
        .create_token((&name, scopes), &manager.person.who())
        .await
    {
        Ok((token, secret)) => Ok(made::token(&state, &manager, (&token, &secret))),
        Err(error) => {
            let problem = Problem::from(error);
            let refusal = Some((problem.status(), typed::words(&problem)));
            page((&state, &manager), &fields, refusal)
        }
    }
}

pub(super) async fn ask_revoke(
    State(state): State<PageState<PeopleDesk>>,
    manager: Manager,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let tokens = state.room.admin.accounts.tokens()?;
    let token = tokens.into_iter().find(|token| token.id == id);
    let token = token.ok_or_else(|| Refusal::of(nothing()))?;
    let t = manager.t();
    let page = AskPage {
        shell: state.face.shell("box", Some(&manager.person)),
        title: t.say1("people-revoke-one", "name", token.name.as_str()),
        what: t.say("people-revoke-what"),
        action: format!("/box/tokens/{}/revoke", token.id),
        button: t.say("people-revoke"),
        day: None,
        fault: None,
        back: ("/box/tokens".to_owned(), t.say("people-keep")),
        csrf_token: manager.person.csrf.token(),
        curl: format!("curl -X DELETE {}/v1/tokens/{}", manager.base(), token.id),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

pub(super) async fn revoke(
    State(state): State<PageState<PeopleDesk>>,
    manager: Manager,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refusal> {
    let revoked = state.room.admin.revoke_token(&id, &manager.person.who()).await;
    revoked?;
    Ok(Redirect::to("/box/tokens").into_response())
}
