//! `/me/again`: whoever is about to change who may what types their password once more, unless they did of late.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::proof::Refused;
use super::{Face, Form, Shell, SignedIn, Visitor};
use crate::accounts::Secret;
use crate::http::{Peer, Problem};
use crate::texts::{Said, named};

pub(super) fn router() -> Router<Face> {
    Router::new().route("/me/again", get(show).post(prove))
}

impl Face {
    /// Lets somebody on who proved of late who they are; else answers where they do, from where they come back to `page`, one
    /// of ours that can be looked at.
    ///
    /// # Errors
    ///
    /// The answer, when they did not.
    pub fn must_have_proved(&self, person: &SignedIn, page: &str) -> Result<(), Redirect> {
        match self.has_proved(person) {
            true => Ok(()),
            false => Err(Redirect::to(&format!("/me/again?to={page}"))),
        }
    }
}

#[derive(Template)]
#[template(path = "again.html", config = ".askama.toml")]
struct AgainPage {
    shell: Shell,
    name: String,
    to: String,
    fault: Option<Said>,
    csrf_token: String,
}

/// Where it goes on.
#[derive(Deserialize)]
struct On {
    to: String,
}

impl On {
    /// A page of this box, and of nobody else (OWASP, Unvalidated Redirects and Forwards Cheat Sheet).
    fn here(self) -> Result<String, Box<Problem>> {
        let ours = self
            .to
            .parse::<Uri>()
            .is_ok_and(|uri| uri.authority().is_none() && uri.scheme().is_none());
        match ours && self.to.starts_with('/') && !self.to.starts_with("//") && !self.to.contains('\\') {
            true => Ok(self.to),
            false => {
                let problem = Problem::new(
                    StatusCode::BAD_REQUEST,
                    "bad-way-back",
                    "That leads to no page of this box",
                )
                .on_page(named("fault-way-back"), None);
                Err(Box::new(problem))
            }
        }
    }
}

fn page(face: &Face, person: &SignedIn, to: String, refused: Option<Refused>) -> Response {
    let page = AgainPage {
        shell: face.shell("me", Some(person)),
        name: person.name.clone(),
        to,
        fault: refused.as_ref().map(|refused| refused.words.clone()),
        csrf_token: person.csrf.token(),
    };
    Refused::answer(refused, page)
}

async fn show(State(face): State<Face>, person: SignedIn, Query(on): Query<On>) -> Result<Response, Response> {
    let to = on.here().map_err(|problem| problem.into_response())?;
    Ok(match face.has_proved(&person) {
        true => Redirect::to(&to).into_response(),
        false => page(&face, &person, to, None),
    })
}

#[derive(Deserialize)]
struct Typed {
    password: String,
}

async fn prove(
    State(face): State<Face>,
    person: SignedIn,
    visitor: Visitor,
    peer: Peer,
    Query(on): Query<On>,
    Form(typed): Form<Typed>,
) -> Result<Response, Response> {
    let to = on.here().map_err(|problem| problem.into_response())?;
    let proved = face.prove((&visitor, &person), Secret::given(typed.password), &peer);
    Ok(match proved.await {
        Ok(cookies) => (cookies, Redirect::to(&to)).into_response(),
        Err(refused) => page(&face, &person, to, Some(refused)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_leads_nowhere_else() {
        let here = |to: &str| On { to: to.to_owned() }.here().is_ok();
        assert!(here("/box/people") && here("/box/people/flat-1/remove") && here("/box/tokens?x=1"));
        for elsewhere in [
            "",
            "box",
            "//example.org",
            "/\\example.org",
            "https://example.org/",
            "javascript:alert(1)",
            "/a b",
        ] {
            assert!(!here(elsewhere), "{elsewhere}");
        }
    }
}
