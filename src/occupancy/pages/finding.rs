//! The space that a page is of, for whoever may see it; and how a page answers when something is not done.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::accounts::{Act, Secret};
use crate::domain::{Space, SpaceId};
use crate::face::{PageState, SignedIn};
use crate::http::Problem;
use crate::occupancy::Occupancy;
use crate::occupancy::manage::ManageError;
use crate::texts::named;

/// The answer to somebody whose wish is not carried out.
pub(super) struct Refusal(Box<Response>);

impl From<Response> for Refusal {
    fn from(response: Response) -> Refusal {
        Refusal(Box::new(response))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// The space, when somebody may do that and sees it. Of a space that they do not see they are told what they would be
/// told of one that is not there.
pub(super) fn find(state: &PageState<Occupancy>, (person, act): (&SignedIn, Act), id: &str) -> Result<Space, Refusal> {
    person.must(act).map_err(IntoResponse::into_response)?;
    let missing = || Refusal::from(no_such_space().into_response());
    let id: SpaceId = id.parse().map_err(|_| missing())?;
    if !person.sees_space(id) {
        return Err(missing());
    }
    let found = state.room.get(id).map_err(|error| broken(&error))?;
    found.ok_or_else(missing)
}

/// What somebody is told whose wish was not carried out.
pub(super) fn refused(error: &ManageError) -> Response {
    let words = error.to_string();
    let problem = match error {
        ManageError::Write(why) => {
            tracing::warn!(%error, "what a page asked for was not written");
            return Problem::from(why)
                .detail("That was not counted. Try again.")
                .on_page(named("fault-503"), named("fault-not-counted"))
                .into_response();
        }
        ManageError::Read(_) | ManageError::Row(_) => return broken(error),
        ManageError::Unknown(_) | ManageError::UnknownKiosk => {
            return no_such_space().into_response();
        }
        ManageError::TooMany(_) | ManageError::TooManyKiosks(_) => {
            Problem::new(StatusCode::CONFLICT, "too-many", "There are too many").on_page(named("fault-too-many"), None)
        }
        ManageError::Bounds { .. }
        | ManageError::Name(_)
        | ManageError::Nothing
        | ManageError::Wish(_)
        | ManageError::Key
        | ManageError::KeyReused
        | ManageError::KioskName => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-taken", "That is not taken")
            .on_page(named("fault-taken"), None),
    };
    problem.detail(words).into_response()
}

fn no_such_space() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown-space", "There is no such space")
        .on_page(named("fault-no-space"), None)
}

pub(super) fn broken(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "a page could not be read");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// What a form carries so that it counts once, however often it is sent.
pub(super) fn once() -> String {
    Secret::random("").reveal().to_owned()
}

/// Who somebody is in the words of an audit.
pub(super) fn by(person: &SignedIn) -> String {
    person.who().in_audit()
}
