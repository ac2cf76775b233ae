//! News of meters for pages that change by themselves.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event as Message;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PageState;
use super::card::Card;
use super::own_now::OwnNow;
use super::seen::Seen;
use crate::accounts::{Act, Who};
use crate::domain::MeterId;
use crate::face::{Forbidden, SignedIn};
use crate::feed::{Filter, Leave, News, stream};
use crate::texts::Texts;

#[derive(Deserialize)]
pub(super) struct Mark {
    after: Option<String>,
}

pub(super) async fn live(
    State(state): State<PageState>,
    person: SignedIn,
    Query(mark): Query<Mark>,
    headers: HeaderMap,
) -> Result<Response, Forbidden> {
    let wanted = hears(&person)?;
    let hall = Arc::clone(&state.room.hall);
    let (accounts, who, t) = (state.face.accounts().clone(), person.who(), Texts::of(person.language));
    let leave = Leave::new(accounts.bell(), {
        let (accounts, who) = (accounts.clone(), who.clone());
        move || accounts.still_known(&who)
    });
    let from = (&headers, mark.after.as_deref(), leave);
    Ok(stream::page(&hall, wanted, from, move |news| {
        told(&state, (&who, accounts.now(), t), news)
    }))
}

/// Of which meters somebody may hear who has a page of them: theirs, and those that will be.
pub(super) fn hears(person: &SignedIn) -> Result<Filter<MeterId>, Forbidden> {
    if person.must(Act::ReadMeters).is_ok() {
        return Ok(Filter::All);
    }
    let meters: BTreeSet<MeterId> = person.meters().cloned().collect();
    match person.saw_meters() && !meters.is_empty() {
        true => Ok(Filter::These(meters)),
        false => Err(Forbidden),
    }
}

/// What is told of a meter.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    card: Card,
    /// For the first page of whoever lives there.
    #[serde(skip_serializing_if = "Option::is_none")]
    own: Option<OwnNow>,
}

fn own(state: &PageState, seen: &Seen, of: (Texts, Timestamp)) -> Option<OwnNow> {
    if seen.sees_all || seen.until.is_some() {
        return None;
    }
    let own = OwnNow::of(state, seen, of);
    own.map_err(|error| tracing::error!(%error, "what a meter has left cannot be read"))
        .ok()
}

/// What somebody is told at `now` of a meter of which there is news; nothing, when it is not theirs yet, or no more, or
/// the news are of the time before.
fn told(state: &PageState, (who, now, t): (&Who, Timestamp, Texts), news: &News<MeterId>) -> Option<Message> {
    let meter = &news.subject;
    if !who.sees_since(meter, news.at, now) {
        return None;
    }
    let seen = state.room.show(meter).ok();
    let seen = seen.and_then(|shown| Seen::by(who, shown, now));
    let told = seen.map(|seen| Told {
        card: Card::of(&seen, (&state.face, t), now),
        own: own(state, &seen, (t, now)),
    });
    let message = told.and_then(|told| Message::default().event("meter").json_data(told).ok());
    Some(message.unwrap_or_else(|| Message::default().event("gone").data(meter.as_str())))
}
