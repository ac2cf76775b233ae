//! The screen at a door: how many may still come in, a button for one in and one out, everybody out, and a number that is
//! set. For an old phone, so it is small and works without script; with it, taps wait while the box is away.

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::card::{Card, name_of};
use super::finding::{by, find, once, refused};
use crate::accounts::Act;
use crate::domain::{OCCUPANCY_LIMIT, Space, SpaceId};
use crate::face::{Form, Page, PageState, Shell, SignedIn};
use crate::http::Problem;
use crate::occupancy::Occupancy;
use crate::occupancy::corrections::{LONGEST_REASON, What, Wish};
use crate::occupancy::door::Tap as OneTap;
use crate::texts::{Said, Texts, named};

#[derive(Template)]
#[template(path = "door.html", config = ".askama.toml")]
struct DoorPage {
    shell: Shell,
    script: String,
    mark: String,
    row: Card,
    /// How many of how many, with places for the script to fill.
    of: Said,
    may_count: bool,
    csrf_token: String,
    once: String,
    said: Option<&'static str>,
    /// Whether it is asked that one more comes in though it is full.
    asks: bool,
    /// What takes the last tap back.
    undo: Option<i64>,
}

#[derive(Template)]
#[template(path = "door_empty.html", config = ".askama.toml")]
struct EmptyPage {
    shell: Shell,
    id: SpaceId,
    what: Said,
    csrf_token: String,
    once: String,
    back: Back,
    longest: usize,
}

#[derive(Template)]
#[template(path = "door_set.html", config = ".askama.toml")]
struct SetPage {
    shell: Shell,
    id: SpaceId,
    name: String,
    what: Said,
    most: u32,
    csrf_token: String,
    once: String,
    back: Back,
    longest: usize,
}

/// What became of what was asked for at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Tap {
    /// One came in.
    In,
    /// One went out.
    Out,
    /// The space is full, so nobody was counted.
    Full,
    /// Nobody was there to go out.
    Empty,
    /// The tap before was taken back.
    Undone,
    /// Everybody is out.
    Emptied,
    /// The count was set.
    Set,
}

impl Tap {
    fn of(by: i64, applied: i64, undoes: bool) -> Tap {
        match (by > 0, applied) {
            (true, 0) => Tap::Full,
            (false, 0) => Tap::Empty,
            (_, _) if undoes => Tap::Undone,
            (true, _) => Tap::In,
            (false, _) => Tap::Out,
        }
    }

    /// As the address of the page says it.
    fn name(self) -> &'static str {
        match self {
            Tap::In => "in",
            Tap::Out => "out",
            Tap::Full => "full",
            Tap::Empty => "empty",
            Tap::Undone => "undone",
            Tap::Emptied => "emptied",
            Tap::Set => "set",
        }
    }

    fn said(self) -> &'static str {
        match self {
            Tap::In => named("door-came-in"),
            Tap::Out => named("door-went-out"),
            Tap::Full => named("door-not-counted"),
            Tap::Empty => named("door-nobody-there"),
            Tap::Undone => named("door-undone"),
            Tap::Emptied => named("door-emptied"),
            Tap::Set => named("door-was-set"),
        }
    }

    fn undo(self) -> Option<i64> {
        match self {
            Tap::In => Some(-1),
            Tap::Out => Some(1),
            Tap::Full | Tap::Empty | Tap::Undone | Tap::Emptied | Tap::Set => None,
        }
    }
}

/// What the page is told of the tap before.
#[derive(Deserialize)]
pub(super) struct Before {
    tap: Option<Tap>,
}

/// Where somebody goes on who put a count right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Back {
    #[default]
    Door,
    Space,
}

impl Back {
    pub(super) fn name(self) -> &'static str {
        match self {
            Back::Door => "door",
            Back::Space => "space",
        }
    }

    /// The page, with what became of it.
    fn after(self, space: SpaceId, tap: Tap) -> String {
        match self {
            Back::Door => format!("/spaces/{space}/door?tap={}", tap.name()),
            Back::Space => format!("/spaces/{space}?done={}", tap.name()),
        }
    }

    /// The page, with nothing done.
    pub(super) fn to(self, space: &SpaceId) -> String {
        match self {
            Back::Door => format!("/spaces/{space}/door"),
            Back::Space => format!("/spaces/{space}"),
        }
    }
}

/// The screen at a door. Nothing but that door is on it.
pub(super) async fn show(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(before): Query<Before>,
) -> Result<Response, Response> {
    let mark = state.room.hall.mark();
    let space = find(&state, (&person, Act::ReadSpaces), &id)?;
    let may_count = person.must(Act::Count).is_ok();
    let tap = before.tap.filter(|_| may_count);
    let t = Texts::of(person.language);
    let asks = tap == Some(Tap::Full) && space.overfill;
    let page = DoorPage {
        shell: bare(&state, &person),
        script: state.face.asset("door.js"),
        mark,
        row: Card::of(&space, &state.face, t),
        of: t.say2("spaces-of", ("current", "%c"), ("maximum", "%m")),
        may_count,
        csrf_token: person.csrf.token(),
        once: once(),
        said: tap.filter(|_| !asks).map(Tap::said),
        asks,
        undo: tap.and_then(Tap::undo),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// The shell of a page at a door: no way elsewhere, nothing of the rest of the house.
fn bare(state: &PageState<Occupancy>, person: &SignedIn) -> Shell {
    let mut shell = state.face.shell("door", Some(person));
    shell.lamps.clear();
    if let Some(person) = &mut shell.person {
        person.pages.clear();
        person.verdict = None;
    }
    shell
}

/// Somebody came in or went out.
#[derive(Deserialize)]
pub(super) struct Counted {
    by: i64,
    /// So that it counts once, however often it is sent.
    once: Option<String>,
    /// Though it is full, where that may be.
    over: Option<String>,
    /// Takes the tap before back.
    undo: Option<String>,
}

/// The buttons of the door's screen. Its script asks for JSON, and shows what became of the tap by itself.
pub(super) async fn count(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Counted>,
) -> Result<Response, Response> {
    let space = find(&state, (&person, Act::Count), &id)?.id;
    if form.by.abs() != 1 {
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-one", "One at a time");
        return Err(problem.detail("A tap counts one person in or out.").into_response());
    }
    let tap = OneTap {
        by: form.by,
        all_the_same: form.over.is_some(),
    };
    let tapped = state.room.tap(space, tap, form.once.as_deref()).await;
    let tapped = tapped.map_err(|error| refused(&error))?;
    let tap = Tap::of(form.by, tapped.applied, form.undo.is_some());
    Ok(done(&headers, (&tapped.space, tap), Back::Door))
}

/// What became of it: as JSON for the page's script, else the page itself.
fn done(headers: &HeaderMap, (space, tap): (&Space, Tap), back: Back) -> Response {
    let wants_json = headers.get(ACCEPT).is_some_and(|accept| accept == "application/json");
    match wants_json {
        true => {
            let (current, maximum) = (space.occupancy.current, space.occupancy.maximum);
            let body = json!({
                "tap": tap, "current": current, "maximum": maximum, "overfill": space.overfill, "seq": space.seq.0
            });
            Json(body).into_response()
        }
        false => Redirect::to(&back.after(space.id, tap)).into_response(),
    }
}

/// From which page somebody comes.
#[derive(Deserialize)]
pub(super) struct Coming {
    #[serde(default)]
    back: Back,
}

/// Asks once more whether everybody is out.
pub(super) async fn ask_empty(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(coming): Query<Coming>,
) -> Result<Response, Response> {
    let space = find(&state, (&person, Act::Count), &id)?;
    let t = Texts::of(person.language);
    let page = EmptyPage {
        shell: bare(&state, &person),
        id: space.id,
        what: t.say2(
            "door-empty-what",
            ("name", name_of(&space)),
            ("current", space.occupancy.current),
        ),
        csrf_token: person.csrf.token(),
        once: once(),
        back: coming.back,
        longest: LONGEST_REASON,
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// A count that is put right.
#[derive(Deserialize)]
pub(super) struct PutRight {
    current: Option<u32>,
    #[serde(default)]
    reason: String,
    once: Option<String>,
    #[serde(default)]
    back: Back,
}

/// Everybody is out.
pub(super) async fn empty(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<PutRight>,
) -> Result<Response, Response> {
    let space = find(&state, (&person, Act::Count), &id)?.id;
    put_right(&state, (&person, space), &headers, (form, What::Emptied)).await
}

/// Asks for a number and a reason.
pub(super) async fn ask_set(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(coming): Query<Coming>,
) -> Result<Response, Response> {
    let space = find(&state, (&person, Act::Count), &id)?;
    let t = Texts::of(person.language);
    let page = SetPage {
        shell: bare(&state, &person),
        id: space.id,
        name: name_of(&space),
        what: t.say2(
            "door-set-what",
            ("current", space.occupancy.current),
            ("maximum", space.occupancy.maximum),
        ),
        most: OCCUPANCY_LIMIT,
        csrf_token: person.csrf.token(),
        once: once(),
        back: coming.back,
        longest: LONGEST_REASON,
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// So many are inside.
pub(super) async fn set(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<PutRight>,
) -> Result<Response, Response> {
    let space = find(&state, (&person, Act::Count), &id)?.id;
    let Some(current) = form.current else {
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no-number", "How many are inside?");
        return Err(problem.detail("Give the number of people inside.").into_response());
    };
    put_right(&state, (&person, space), &headers, (form, What::SetTo(current))).await
}

async fn put_right(
    state: &PageState<Occupancy>,
    (person, space): (&SignedIn, SpaceId),
    headers: &HeaderMap,
    (form, what): (PutRight, What),
) -> Result<Response, Response> {
    let reason = form.reason.trim();
    let wish = Wish {
        what,
        reason: (!reason.is_empty()).then(|| reason.to_owned()),
    };
    let who = by(person);
    let corrected = state.room.correct(space, (wish, &who), form.once.as_deref());
    let space = corrected.await.map_err(|error| refused(&error))?;
    let tap = match what {
        What::Emptied => Tap::Emptied,
        What::SetTo(_) => Tap::Set,
    };
    Ok(done(headers, (&space, tap), form.back))
}
