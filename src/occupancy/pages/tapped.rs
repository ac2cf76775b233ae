//! What became of something that was asked for at a door, as pages, their addresses and their scripts say it.

use axum::Json;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::{Space, SpaceId};
use crate::face::{PageState, Shell, SignedIn};
use crate::occupancy::Occupancy;
use crate::texts::named;

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
    pub(super) fn of(by: i64, applied: i64, undoes: bool) -> Tap {
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

    pub(super) fn said(self) -> &'static str {
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

    pub(super) fn undo(self) -> Option<i64> {
        match self {
            Tap::In => Some(-1),
            Tap::Out => Some(1),
            Tap::Full | Tap::Empty | Tap::Undone | Tap::Emptied | Tap::Set => None,
        }
    }
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

/// The shell of a page at a door: no way elsewhere, nothing of the rest of the house.
pub(super) fn bare(state: &PageState<Occupancy>, person: &SignedIn) -> Shell {
    let mut shell = state.face.shell("door", Some(person));
    shell.lamps.clear();
    if let Some(person) = &mut shell.person {
        person.pages.clear();
        person.verdict = None;
    }
    shell
}

/// What became of it: as JSON for the page's script, else the page itself.
pub(super) fn done(headers: &HeaderMap, (space, tap): (&Space, Tap), back: Back) -> Response {
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
