//! "Is the building well, and what wants me?": the first page of whoever runs the box, and of whoever looks at spaces.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::StartState;
use crate::accounts::Act;
use crate::admin::{Finding, Grade, Status};
use crate::face::{Light, Page, Shell, SignedIn};

#[derive(Template)]
#[template(path = "building.html", config = ".askama.toml")]
struct BuildingPage {
    shell: Shell,
    /// The moment that it tells of.
    at: String,
    verdict: Option<VerdictShown>,
}

/// The one verdict, and what it is made of.
struct VerdictShown {
    light: Light,
    wanted: Vec<Wanted>,
}

/// Something that wants somebody.
struct Wanted {
    light: Light,
    words: String,
    next_step: Option<String>,
}

/// The page for one person.
pub(super) fn show(state: &StartState, person: &SignedIn) -> Response {
    let status = (state.start.report)();
    let page = BuildingPage {
        shell: state.face.shell("start", Some(person)),
        at: state.face.date(person.now),
        verdict: person.must(Act::ReadBox).is_ok().then(|| verdict(&status)),
    };
    Page(StatusCode::OK, page).into_response()
}

fn verdict(status: &Status) -> VerdictShown {
    VerdictShown {
        light: light(status.verdict.grade),
        wanted: status.verdict.findings.iter().map(wanted).collect(),
    }
}

fn wanted(found: &Finding) -> Wanted {
    Wanted {
        light: light(found.grade),
        words: found.words.clone(),
        next_step: found.next_step.clone(),
    }
}

fn light(grade: Grade) -> Light {
    match grade {
        Grade::Well => Light::Good,
        Grade::Attention => Light::Warn,
        Grade::Trouble => Light::Bad,
    }
}
