//! The Occupancy API that existing clients speak, E1–E7 of OCC §2, with the
//! deliberate deviations V1–V8 of OCC §2.5. Every answer that has a body has JSON.

mod body;
pub mod docs;
mod path;
mod reply;

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use tower::{Service, service_fn};

use super::Occupancy;
use crate::accounts::{Act, Secret, Who, random};
use crate::domain::{OCCUPANCY_LIMIT, Occupancy as Counts, Space, SpaceId, SpaceOrigin};
use crate::http::{Peer, Problem, RequestId, counted};
use crate::store::WriteError;
use crate::store::spaces::{NewSpace, SpaceError};
pub use path::{Target, decode};
use reply::Reply;
pub(crate) use reply::matches;

/// The longest name, in characters and in bytes (OCC V6).
const NAME_CHARACTERS: usize = 500;
const NAME_BYTES: usize = 2_000;

/// Where the old URLs begin.
pub const PREFIX: &str = "/space/";

/// Answers the old URLs, and 404 in the old API's shape for everything else.
pub fn service(
    room: Arc<Occupancy>,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static {
    service_fn(move |request: Request| {
        let room = Arc::clone(&room);
        async move { Ok(answer(&room, request).await) }
    })
}

/// A refusal of the layer around the router, in the old API's shape.
#[must_use]
pub fn refusal(path: &str, status: StatusCode, text: &str) -> Response {
    Reply::error(status, text).into_response(Target::of(path).methods())
}

/// 404 in the old API's shape for addresses that never were its own: pages of other origins read nothing of it.
#[must_use]
pub fn unknown() -> Response {
    let mut response = refusal("/", StatusCode::NOT_FOUND, "Invalid URL requested");
    let headers = response.headers_mut();
    let shared = |name: &HeaderName| name.as_str().starts_with("access-control-");
    for name in headers.keys().filter(|name| shared(name)).cloned().collect::<Vec<_>>() {
        headers.remove(name);
    }
    response
}

async fn answer(room: &Occupancy, request: Request) -> Response {
    let id = request.extensions().get::<RequestId>().copied();
    let peer = *request
        .extensions()
        .get::<Peer>()
        .expect("every connection puts its peer into its requests");
    let target = Target::of(request.uri().path());
    let mut reply = match (&target, request.method()) {
        (Target::Unknown, _) => Reply::error(StatusCode::NOT_FOUND, "Invalid URL requested"),
        (_, &Method::OPTIONS) => Reply::empty(StatusCode::NO_CONTENT),
        (Target::Read(id), &Method::GET | &Method::HEAD) => read(room, id, request.headers()),
        (Target::Create { current, maximum, name }, &Method::PUT) => {
            create(room, peer, current, maximum, *name, request.headers()).await
        }
        (Target::Increment(id), &Method::PUT) => step(room, id, Step::Up, request.headers()).await,
        (Target::Decrement(id), &Method::PUT) => step(room, id, Step::Down, request.headers()).await,
        (Target::Maximum(id, maximum), &Method::PUT) => set_maximum(room, id, maximum, request.headers()).await,
        _ => Reply::method_not_allowed(target.methods()),
    };
    if let Some(error) = reply.take_fault() {
        tracing::error!(
            request.id = id.map(tracing::field::display),
            error,
            "the store failed a request"
        );
    }
    reply.into_response(target.methods())
}

async fn create(
    room: &Occupancy,
    peer: Peer,
    current: &str,
    maximum: &str,
    name: Option<&str>,
    headers: &HeaderMap,
) -> Reply {
    if let Err(reply) = may(room, headers, Act::ManageSpaces, SpaceOrigin::Open) {
        return reply;
    }
    // Whoever shows a token that is good for it is known, though no token be needed.
    let origin = match bearer_of(room, headers) {
        Ok(who) if who.as_ref().is_some_and(|who| who.may(Act::ManageSpaces)) => SpaceOrigin::Shared,
        Ok(_) => SpaceOrigin::Open,
        Err(reply) => return reply,
    };
    let bad = |text: &str| Reply::error(StatusCode::BAD_REQUEST, text);
    let maximum = match path::at_most(maximum, OCCUPANCY_LIMIT) {
        Ok(0) => return bad(&out_of_bounds_at_creation("0")),
        Ok(maximum) => maximum,
        Err(digits) => return bad(&out_of_bounds_at_creation(&shortened(digits))),
    };
    let current = match path::at_most(current, OCCUPANCY_LIMIT) {
        Ok(current) => current,
        Err(digits) => {
            let digits = shortened(digits);
            return bad(&format!(
                "Invalid occupancy value {digits}, must be 0 <= current <= {OCCUPANCY_LIMIT}"
            ));
        }
    };
    let name = match name.map(decode).transpose() {
        Ok(name) => name.map(Cow::into_owned),
        Err(_) => return bad("The name is not valid UTF-8"),
    };
    if name
        .as_ref()
        .is_some_and(|name| name.len() > NAME_BYTES || name.chars().count() > NAME_CHARACTERS)
    {
        return bad(&format!(
            "The name is too long, at most {NAME_CHARACTERS} characters and {NAME_BYTES} bytes"
        ));
    }
    if room.creations.check(&counted(peer.addr.ip())).is_err() {
        return Reply::error(StatusCode::TOO_MANY_REQUESTS, "Too many new spaces from this address")
            .retry_after(Some(60));
    }
    let id = SpaceId::from_random(random());
    let new = NewSpace {
        is_anonymous: origin == SpaceOrigin::Open,
        ..NewSpace::plain(id, name, Counts { current, maximum }, origin)
    };
    match room.writer.create(new, room.now()).await {
        Ok(space) => Reply::space(&space),
        Err(error) => not_written(error, || {
            Reply::error(StatusCode::INTERNAL_SERVER_ERROR, "The space was not made")
        }),
    }
}

fn read(room: &Occupancy, part: &str, headers: &HeaderMap) -> Reply {
    let (text, id) = id_of(part);
    let Some(id) = id else {
        return Reply::error(StatusCode::BAD_REQUEST, &format!("{text} is not in valid GUID format"));
    };
    let missing = || {
        Reply::error(
            StatusCode::NOT_FOUND,
            &format!("No space found with requested ID {text}"),
        )
    };
    let now = room.now();
    let space = match authorised_and_renewed(room, id, now, headers, Act::ReadSpaces) {
        Ok(Some(space)) => space,
        Ok(None) => return missing(),
        Err(reply) => return reply,
    };
    let tag = format!("\"{}\"", room.store.id_of(space.seq));
    if headers.get_all(IF_NONE_MATCH).iter().any(|value| matches(value, &tag)) {
        return Reply::empty(StatusCode::NOT_MODIFIED).tagged(tag);
    }
    Reply::space(&space).tagged(tag)
}

enum Step {
    Up,
    Down,
}

async fn step(room: &Occupancy, part: &str, step: Step, headers: &HeaderMap) -> Reply {
    let (text, id) = id_of(part);
    let Some(id) = id else {
        return Reply::error(
            StatusCode::BAD_REQUEST,
            &format!("Submitted ID {text} is not a valid GUID"),
        );
    };
    // V1: the original answers 500 when counting down a space that is not there.
    let missing = || Reply::error(StatusCode::NOT_FOUND, &format!("Space ID {text} was not found"));
    let now = room.now();
    match authorised_and_renewed(room, id, now, headers, Act::Count) {
        Ok(Some(_)) => {}
        Ok(None) => return missing(),
        Err(reply) => return reply,
    }
    let written = match step {
        Step::Up => room.writer.enter(id, now).await,
        Step::Down => room.writer.leave(id, now).await,
    };
    written.map_or_else(|error| not_written(error, missing), |space| Reply::space(&space))
}

async fn set_maximum(room: &Occupancy, part: &str, maximum: &str, headers: &HeaderMap) -> Reply {
    let (text, id) = id_of(part);
    let Some(id) = id else {
        return Reply::error(
            StatusCode::BAD_REQUEST,
            &format!("Given space ID {text} is not a valid GUID format"),
        );
    };
    let missing = || Reply::error(StatusCode::NOT_FOUND, &format!("Space {id} does not exist"));
    let now = room.now();
    let space = match authorised(room, id, headers, Act::ManageSpaces) {
        Ok(Some(space)) => space,
        Ok(None) => return missing(),
        Err(reply) => return reply,
    };
    let maximum = match path::at_most(maximum, OCCUPANCY_LIMIT) {
        Ok(maximum) if maximum > 0 => maximum,
        Ok(_) => return Reply::error(StatusCode::BAD_REQUEST, &out_of_bounds("0")),
        Err(digits) => return Reply::error(StatusCode::BAD_REQUEST, &out_of_bounds(&shortened(digits))),
    };
    let written = room.writer.set_maximum(space.id, maximum, now).await;
    written.map_or_else(|error| not_written(error, missing), |space| Reply::space(&space))
}

/// The space, when it lives and the caller may; its life is renewed by that.
fn authorised_and_renewed(
    room: &Occupancy,
    id: SpaceId,
    now: Timestamp,
    headers: &HeaderMap,
    act: Act,
) -> Result<Option<Space>, Reply> {
    let space = authorised(room, id, headers, act)?;
    if space.as_ref().is_some_and(|space| room.life(space).is_some()) {
        room.last_use.renew(id, now);
    }
    Ok(space)
}

/// As [`authorised_and_renewed`], but without renewing: a refused maximum does not (OCC §3).
fn authorised(room: &Occupancy, id: SpaceId, headers: &HeaderMap, act: Act) -> Result<Option<Space>, Reply> {
    let space = room
        .get(id)
        .map_err(|error| Reply::broken("The space could not be read", &error))?;
    may(
        room,
        headers,
        act,
        space.as_ref().map_or(SpaceOrigin::Open, |space| space.origin),
    )?;
    Ok(space)
}

/// Whether the caller may: anybody with an open space while the operator lets them, else a token.
fn may(room: &Occupancy, headers: &HeaderMap, act: Act, origin: SpaceOrigin) -> Result<(), Reply> {
    if room.config.anonymous && origin.is_open() {
        return Ok(());
    }
    match bearer_of(room, headers)? {
        Some(who) if who.may(act) => Ok(()),
        Some(_) => Err(Reply::error(StatusCode::FORBIDDEN, "This token does not cover that")),
        None => Err(Reply::error(StatusCode::UNAUTHORIZED, "An API token is needed").challenge()),
    }
}

/// Whose token a request carries; nobody's, when it carries none that is known.
fn bearer_of(room: &Occupancy, headers: &HeaderMap) -> Result<Option<Who>, Reply> {
    let carried = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = carried.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| Secret::given(token.trim()))
    });
    let who = token.map(|token| room.accounts.token(&token)).transpose();
    match who {
        Ok(who) => Ok(who.flatten()),
        Err(error) => Err(Reply::broken("The token could not be checked", &error)),
    }
}

/// The id as sent, decoded, and as a UUID if it is one.
fn id_of(part: &str) -> (Cow<'_, str>, Option<SpaceId>) {
    let text = percent_encoding::percent_decode_str(part).decode_utf8_lossy();
    let id = text.parse().ok();
    (text, id)
}

fn out_of_bounds(digits: &str) -> String {
    format!("Invalid occupancy value {digits}, must be 1 <= max <= {OCCUPANCY_LIMIT}")
}

fn out_of_bounds_at_creation(digits: &str) -> String {
    format!("Invalid occupancy value: {digits}, passed value must be 1 <= max_occupancy <= {OCCUPANCY_LIMIT}")
}

/// Digits as an answer repeats them: not by the kilobyte.
fn shortened(digits: &str) -> String {
    if digits.len() > 40 {
        format!("{}…", &digits[..40])
    } else {
        digits.to_owned()
    }
}

/// The answer to a change that was not made.
fn not_written(error: WriteError<SpaceError>, missing: impl FnOnce() -> Reply) -> Reply {
    match error.split() {
        Ok(SpaceError::Unknown(_)) => missing(),
        Ok(SpaceError::TooMany(many)) => Reply::error(StatusCode::CONFLICT, &many.to_string()),
        Ok(SpaceError::Row(error)) => Reply::broken("Nothing was changed, the fault is in the log", &error),
        Err(why) => {
            let problem = Problem::from(&why);
            Reply::error(problem.status(), problem.title()).retry_after(problem.retries_after())
        }
    }
}
