//! What the meter itself noted: power cuts, settings, trouble; the newest first, a page at a time.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::PageState;
use super::error::{HalfHoursError, PageError};
use super::tabs::{Head, Tab};
use crate::face::{Page, Shell, SignedIn};
use crate::meter::emop::event_log;
use crate::texts::Texts;

/// Entries of a page.
const SHOWN: usize = 30;
/// Entries that every day brings: two snapshots and their unnamed companion (EMOP §7).
const ROUTINE: [u8; 3] = [38, 39, 52];

#[derive(Template)]
#[template(path = "meter_log.html", config = ".askama.toml")]
struct LogPage {
    shell: Shell,
    head: Head,
    events: Vec<EventRow>,
    /// The pages before and after this, where there are any.
    newer: Option<usize>,
    older: Option<usize>,
}

struct EventRow {
    at: String,
    name: String,
    alarm: bool,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    /// From 1 on; what is beyond the last is the last.
    page: Option<usize>,
}

/// The page.
pub(super) async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    Path(serial): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, PageError> {
    let seen = state.find(&person, &serial)?;
    let t = Texts::of(person.language);
    let events = state
        .room
        .logged(&seen.shown.meter.serial)
        .map_err(HalfHoursError::from)?;
    let theirs = events.into_iter().rev().filter(|logged| seen.sight.holds(logged.0));
    let told: Vec<_> = theirs.filter(|logged| !ROUTINE.contains(&logged.1)).collect();
    let pages = told.len().div_ceil(SHOWN).max(1);
    let page = wanted.page.unwrap_or(1).clamp(1, pages);
    let rows = told.iter().skip((page - 1) * SHOWN).take(SHOWN).map(|logged| EventRow {
        at: state.face.time_in(t, logged.0),
        name: event_log::name(logged.1).map_or_else(
            || t.say1("meter-event", "number", u32::from(logged.1)).text().to_owned(),
            |name| name.to_lowercase().replace('_', " "),
        ),
        alarm: event_log::is_alarm(logged.1),
    });
    let page = LogPage {
        shell: state.face.shell("meters", Some(&person)),
        head: Head::of(&state, &person, &seen, Tab::Log)?,
        events: rows.collect(),
        newer: (page > 1).then(|| page - 1),
        older: (page < pages).then_some(page + 1),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}
