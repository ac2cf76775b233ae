//! `GET /evidence/{name}`: how a permission was given, for whoever is shown its address (PER §4.5).

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};

use super::super::filter::masked;
use super::super::ledger;
use super::super::room::Perseus;
use super::super::rows::{Happened, HistoryRow, PermissionRow};
use crate::face::{Page, PageState, Shell, Visitor};
use crate::http::Problem;
use crate::store::ReadError;

#[derive(Template)]
#[template(path = "evidence.html", config = ".askama.toml")]
struct EvidencePage {
    shell: Shell,
    issuer: String,
    client: String,
    name: String,
    licence: String,
    account: String,
    state: &'static str,
    /// Whether it still stands.
    may: bool,
    expires: String,
    sources: Vec<String>,
    happened: Vec<(String, String)>,
    words: Vec<String>,
    fingerprint: String,
}

pub(super) async fn show(
    State(state): State<PageState<Perseus>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Response {
    let room = &state.room;
    let found =
        ledger::by_evidence(&room.store, &name).and_then(|row| row.map(|row| page(&state, &visitor, row)).transpose());
    match found {
        Ok(Some(page)) => {
            let robots = HeaderName::from_static("x-robots-tag");
            ([(robots, "noindex")], Page(StatusCode::OK, page)).into_response()
        }
        Ok(None) => Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such page").into_response(),
        Err(error) => {
            tracing::error!(%error, "evidence could not be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn page(state: &PageState<Perseus>, visitor: &Visitor, row: PermissionRow) -> Result<EvidencePage, ReadError> {
    let room = &state.room;
    let filters = ledger::filters(&room.store, &row.id)?;
    let history = ledger::history(&room.store, &row.id)?;
    let (standing, open) = room.standing_of(&row)?;
    let live = standing.is_live();
    let sources = filters.iter().map(|filter| {
        let goes_out = open.iter().any(|one| one.source == filter.source);
        let measures: Vec<&str> = filter
            .measures
            .iter()
            .copied()
            .map(super::super::filter::word)
            .collect();
        format!(
            "{}{} ({}): half-hours of {}, from {:.0}",
            if live && !goes_out { "nothing now of " } else { "" },
            masked(&filter.source),
            filter.outcode,
            measures.join(" and "),
            filter.from
        )
    });
    let words = room.words_of(&row.text);
    let words = words.unwrap_or_else(|| "The words are missing on this box, or were changed there.".to_owned());
    Ok(EvidencePage {
        shell: state.face.shell("evidence", visitor.signed_in.as_ref()),
        issuer: room.places.issuer.clone(),
        name: room.name_of(&row),
        client: row.client.clone(),
        licence: row.licence.clone(),
        account: row.account.clone(),
        state: standing.words(),
        may: live,
        expires: format!("{:.0}", row.expires),
        sources: sources.collect(),
        happened: history.iter().map(told).collect(),
        words: words.split("\n\n").map(str::to_owned).collect(),
        fingerprint: row.text,
    })
}

fn told(row: &HistoryRow) -> (String, String) {
    let what = match &row.what {
        Happened::Granted {
            sources,
            expires,
            agent,
            proved,
            again,
            text,
        } => {
            let verb = if *again { "given again" } else { "given" };
            let sources: Vec<String> = sources.iter().map(|source| masked(source)).collect();
            format!(
                "{verb} on the page of this box, signed in with a password at {proved:.0}, for {} until {expires:.0}; words {}{}",
                sources.join(", "),
                &text[..12.min(text.len())],
                if agent.is_empty() {
                    String::new()
                } else {
                    format!("; browser: {agent}")
                }
            )
        }
        Happened::Redeemed => "the application fetched its token".to_owned(),
        Happened::CodeReplayed => "the application's code came a second time: what came of it was ended".to_owned(),
        Happened::NarrowedAgain { sources, expires } => {
            let sources: Vec<String> = sources.iter().map(|source| masked(source)).collect();
            format!(
                "the box was restored from a backup, and this was made no more than had been agreed to later: {} until {expires:.0}",
                if sources.is_empty() {
                    "nothing".to_owned()
                } else {
                    sources.join(", ")
                }
            )
        }
        Happened::Revoked { by } => format!("stopped by {}", by.words()),
    };
    (format!("{:.0}", row.at), what)
}
