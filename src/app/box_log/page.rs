//! `/box/log`: the newest lines, by how grave they are and by words, and the same as a file; without script.

use std::fmt::Write;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use super::desk::{ACTS, Level, Line, LogDesk, Wanted};
use crate::app::measures::Moment;
use crate::face::{self, Forbidden, Light, Page, Shell, SignedIn};
use crate::texts::{Said, Texts};

type PageState = face::PageState<LogDesk>;

/// Lines on the page, and in the file.
const SHOWN: usize = 200;
const IN_FILE: usize = 5_000;
/// Longer words are looked for by nobody.
const LONGEST: usize = 200;

pub(super) fn router() -> Router<PageState> {
    Router::new()
        .route("/box/log", get(show))
        .route("/box/log.txt", get(download))
}

#[derive(Template)]
#[template(path = "box_log.html", config = ".askama.toml")]
struct LogPage {
    shell: Shell,
    /// As it was asked: what each level is called in forms, its text, and whether it is this one.
    levels: Vec<LevelChoice>,
    with: String,
    lines: Vec<Row>,
    more: bool,
    since: Option<Moment>,
    /// Where the same is had as a file.
    file: String,
}

struct LevelChoice {
    value: &'static str,
    words: Said,
    chosen: bool,
}

struct Row {
    at: String,
    light: Light,
    level: Said,
    text: String,
}

/// What a form asks for; what it does not know asks for everything.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    level: String,
    #[serde(default)]
    with: String,
}

/// Every level as forms call it, the gravest first.
const LEVELS: [(&str, Level); 4] = [
    ("error", Level::Error),
    ("warn", Level::Warn),
    ("info", Level::Info),
    ("debug", Level::Debug),
];

impl Asked {
    fn wanted(&self, most: usize) -> Wanted {
        let level = LEVELS.iter().find(|(name, _)| *name == self.level);
        let mut with = self.with.trim().to_owned();
        with.truncate(with.floor_char_boundary(LONGEST));
        Wanted {
            level: level.map(|(_, level)| *level).unwrap_or_default(),
            with,
            most,
        }
    }
}

fn allowed(person: &SignedIn) -> Result<(), Forbidden> {
    let mut each = ACTS.into_iter();
    each.try_for_each(|act| person.must(act))
}

async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Response> {
    allowed(&person).map_err(IntoResponse::into_response)?;
    let wanted = asked.wanted(SHOWN);
    let (level, with) = (wanted.level, wanted.with.clone());
    let found = state.room.find(wanted).await.map_err(IntoResponse::into_response)?;
    let t = Texts::of(person.language);
    let name = LEVELS
        .iter()
        .find(|(_, one)| *one == level)
        .map_or("", |(name, _)| name);
    let encoded = percent_encoding::utf8_percent_encode(&with, percent_encoding::NON_ALPHANUMERIC);
    let page = LogPage {
        shell: state.face.shell("box", Some(&person)),
        file: format!("/box/log.txt?level={name}&with={encoded}"),
        levels: LEVELS
            .into_iter()
            .map(|(value, one)| LevelChoice {
                value,
                words: level_words(t, one).1,
                chosen: one == level,
            })
            .collect(),
        lines: found.lines.into_iter().map(|line| row(&state, t, line)).collect(),
        more: found.more,
        since: found.since.map(|at| Moment::of((&state.face, t), at, person.now)),
        with,
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

fn row(state: &PageState, t: Texts, line: Line) -> Row {
    let (light, level) = level_words(t, line.level);
    Row {
        at: state.face.time(line.at),
        light,
        level,
        text: line.text,
    }
}

/// A level as people read it, and its light.
fn level_words(t: Texts, level: Level) -> (Light, Said) {
    match level {
        Level::Error => (Light::Bad, t.say("log-error")),
        Level::Warn => (Light::Warn, t.say("log-warn")),
        Level::Info => (Light::Off, t.say("log-info")),
        Level::Debug => (Light::Off, t.say("log-debug")),
    }
}

async fn download(
    State(state): State<PageState>,
    person: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Response> {
    allowed(&person).map_err(IntoResponse::into_response)?;
    let found = state.room.find(asked.wanted(IN_FILE)).await;
    let found = found.map_err(IntoResponse::into_response)?;
    let mut text = String::new();
    for line in found.lines {
        let level = LEVELS.iter().find(|(_, one)| *one == line.level);
        let level = level.map_or("", |(name, _)| name).to_uppercase();
        let _ = writeln!(text, "{:.3} {level:<5} {}", line.at, line.text);
    }
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"gatelodge-log.txt\""),
    ];
    Ok((headers, text).into_response())
}
