//! API tokens: those that are in force, a new one, and the end of one.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};

use super::super::desk::PeopleDesk;
use super::super::refusal::Refusal;
use super::super::typed::{self, Fields, Tick};
use super::ask::AskPage;
use super::common::{Nothing, base, day, managing};
use super::made;
use crate::face::{Form, Page, PageState, Shell, SignedIn};
use crate::http::Problem;
use crate::http::problem::nothing;
use crate::texts::Texts;

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
type Asked<'a> = (&'a PageState<PeopleDesk>, &'a SignedIn, &'a Uri, &'a HeaderMap);

fn page(
    (state, person, uri, headers): Asked<'_>,
    fields: &Fields,
    refusal: Option<(StatusCode, String)>,
) -> Result<Response, Refusal> {
    let tokens = state.room.admin.accounts.tokens()?;
    let (status, fault) = refusal.map_or((StatusCode::OK, None), |(status, words)| (status, Some(words)));
    let page = TokensPage {
        shell: state.face.shell("box", Some(person)),
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
        csrf_token: person.csrf.token(),
        base: base(uri, headers),
    };
    Ok(Page(status, page).into_response())
}

pub(super) async fn show(
    State(state): State<PageState<PeopleDesk>>,
    person: SignedIn,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    managing(&person)?;
    page((&state, &person, &uri, &headers), &Fields::new(), None)
}

pub(super) async fn create(
    State(state): State<PageState<PeopleDesk>>,
    person: SignedIn,
    uri: Uri,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Result<Response, Refusal> {
    managing(&person)?;
    let (name, scopes) = (typed::text(&fields, "name"), typed::scopes(&fields));
    match state.room.admin.create_token((&name, scopes), &person.who()).await {
        Ok((token, secret)) => Ok(made::token(&state, &person, (&token, &secret))),
        Err(error) => {
            let problem = Problem::from(error);
            let refusal = Some((problem.status(), typed::words(&problem)));
            page((&state, &person, &uri, &headers), &fields, refusal)
        }
    }
}

pub(super) async fn ask_revoke(
    State(state): State<PageState<PeopleDesk>>,
    person: SignedIn,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    managing(&person)?;
    let tokens = state.room.admin.accounts.tokens()?;
    let token = tokens.into_iter().find(|token| token.id == id);
    let token = token.ok_or_else(|| Refusal::of(nothing()))?;
    let t = Texts::of(person.language);
    let page = AskPage {
        shell: state.face.shell("box", Some(&person)),
        title: t.say1("people-revoke-one", "name", token.name.as_str()),
        what: t.say("people-revoke-what"),
        action: format!("/box/tokens/{}/revoke", token.id),
        button: t.say("people-revoke"),
        day: None,
        fault: None,
        back: ("/box/tokens".to_owned(), t.say("people-keep")),
        csrf_token: person.csrf.token(),
        curl: format!("curl -X DELETE {}/v1/tokens/{}", base(&uri, &headers), token.id),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

pub(super) async fn revoke(
    State(state): State<PageState<PeopleDesk>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refusal> {
    managing(&person)?;
    let revoked = state.room.admin.revoke_token(&id, &person.who()).await;
    revoked?;
    Ok(Redirect::to("/box/tokens").into_response())
}
