//! `GET /evidence/{name}`: how a permission was given, for whoever is shown its address (PER §4.5).

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};

use super::super::filter::masked;
use super::super::ledger;
use super::super::room::Perseus;
use super::super::rows::{Happened, HistoryRow, PermissionRow};
use super::spoken;
use crate::face::{Page, PageState, Shell, Visitor};
use crate::http::problem::nothing;
use crate::store::ReadError;
use crate::texts::{Language, Said, Texts, Value, named};

#[derive(Template)]
#[template(path = "evidence.html", config = ".askama.toml")]
struct EvidencePage {
    shell: Shell,
    /// Who may or might see something, by whose leave.
    who: Said,
    state: Said,
    /// Whether it still stands.
    may: bool,
    expires: String,
    sources: Vec<Said>,
    happened: Vec<(String, Said)>,
    /// Absent: they are missing, or are not what they were.
    words: Option<Vec<String>>,
    /// What they are in.
    language: Language,
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
        Ok(None) => nothing().into_response(),
        Err(error) => {
            tracing::error!(%error, "evidence could not be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn page(state: &PageState<Perseus>, visitor: &Visitor, row: PermissionRow) -> Result<EvidencePage, ReadError> {
    let room = &state.room;
    let shell = state.face.shell_for("evidence", visitor);
    let t = shell.t;
    let filters = ledger::filters(&room.store, &row.id)?;
    let history = ledger::history(&room.store, &row.id)?;
    let (standing, open) = room.standing_of(&row)?;
    let live = standing.is_live();
    let sources = filters.iter().map(|filter| {
        let goes_out = open.iter().any(|one| one.source == filter.source);
        let measures: Vec<Said> = filter.measures.iter().map(|one| spoken::measure(t, *one)).collect();
        let places = [
            ("source", Value::from(masked(&filter.source))),
            ("outcode", filter.outcode.as_str().into()),
            ("measures", spoken::joined(t, &measures).into()),
            ("from", format!("{:.0}", filter.from).into()),
        ];
        match live && !goes_out {
            true => t.say_with("evidence-nothing-now", &places),
            false => t.say_with("evidence-source", &places),
        }
    });
    let sources = sources.collect();
    let places = [
        ("name", Value::from(room.name_of(&row))),
        ("client", row.client.as_str().into()),
        ("account", row.account.as_str().into()),
        ("issuer", room.places.issuer.as_str().into()),
        ("licence", row.licence.as_str().into()),
    ];
    Ok(EvidencePage {
        who: match live {
            true => t.say_with("evidence-may", &places),
            false => t.say_with("evidence-might", &places),
        },
        state: spoken::standing(t, standing),
        may: live,
        expires: format!("{:.0}", row.expires),
        sources,
        happened: history.iter().map(|row| told(t, row)).collect(),
        words: room
            .words_of(&row.text)
            .map(|words| words.split("\n\n").map(str::to_owned).collect()),
        // A build that knew more languages wrote the row: what it is in stands in the words themselves.
        language: row.language.parse().unwrap_or_default(),
        fingerprint: row.text,
        shell,
    })
}

/// Data sources as anybody may read them.
fn all_masked(sources: &[String]) -> String {
    let sources: Vec<String> = sources.iter().map(|source| masked(source)).collect();
    sources.join(", ")
}

fn told(t: Texts, row: &HistoryRow) -> (String, Said) {
    let what = match &row.what {
        Happened::Granted {
            sources,
            expires,
            agent,
            proved,
            again,
            text,
            language,
        } => {
            let places = [
                ("proved", Value::from(format!("{proved:.0}"))),
                ("sources", all_masked(sources).into()),
                ("expires", format!("{expires:.0}").into()),
                ("text", text[..12.min(text.len())].into()),
                ("language", language.as_str().into()),
                ("agent", agent.as_str().into()),
            ];
            t.say_with(
                match (*again, agent.is_empty()) {
                    (false, true) => named("evidence-given"),
                    (true, true) => named("evidence-given-again"),
                    (false, false) => named("evidence-given-browser"),
                    (true, false) => named("evidence-given-again-browser"),
                },
                &places,
            )
        }
        Happened::Redeemed => t.say("evidence-redeemed"),
        Happened::CodeReplayed => t.say("evidence-replayed"),
        Happened::NarrowedAgain { sources, expires } => {
            let at = format!("{expires:.0}");
            match sources.is_empty() {
                true => t.say1("evidence-narrowed-all", "expires", at),
                false => t.say2("evidence-narrowed", ("sources", all_masked(sources)), ("expires", at)),
            }
        }
        Happened::Revoked { by } => t.say1("evidence-stopped", "by", spoken::revoker(t, *by).text()),
    };
    (format!("{:.0}", row.at), what)
}
