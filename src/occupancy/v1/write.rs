//! The frame of every change: sent again it is carried out once, and only on the version the caller knows.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::caller::Caller;
use super::error::{ApiError, not_written};
use crate::domain::Space;
use crate::http::asked;
use crate::http::once::{Answer, Known, LONGEST, Once};
use crate::occupancy::Occupancy;
use crate::store::{Page, Store};

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request that changes something: who asks, and for what. What every such handler takes.
pub(super) struct Request {
    pub(super) room: Arc<Occupancy>,
    pub(super) caller: Caller,
    pub(super) change: Change,
}

impl FromRequest<Arc<Occupancy>> for Request {
    type Rejection = Response;

    async fn from_request(request: axum::extract::Request, room: &Arc<Occupancy>) -> Result<Request, Response> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, room)
            .await
            .map_err(IntoResponse::into_response)?;
        let whole = axum::extract::Request::from_parts(parts.clone(), body);
        let body = Bytes::from_request(whole, room)
            .await
            .map_err(IntoResponse::into_response)?;
        let change = Change::read(&caller, &parts, body).map_err(IntoResponse::into_response)?;
        let room = Arc::clone(room);
        Ok(Request { room, caller, change })
    }
}

/// What surrounds a change.
pub(super) struct Change {
    once: Option<Once>,
    versions: Option<Vec<String>>,
    body: Bytes,
}

impl Change {
    /// Reads what surrounds the change: its idempotency key, the versions it is for.
    fn read(caller: &Caller, parts: &Parts, body: Bytes) -> Result<Change, ApiError> {
        let headers = &parts.headers;
        let once = match headers.get(&IDEMPOTENCY_KEY) {
            None => None,
            Some(key) => {
                let is_alone = headers.get_all(&IDEMPOTENCY_KEY).iter().count() == 1;
                let key = key
                    .to_str()
                    .ok()
                    .filter(|key| is_alone && (1..=LONGEST).contains(&key.len()));
                let wanted = format!("1 to {LONGEST} visible characters, given once");
                let key = key.ok_or(ApiError::Bounds {
                    what: "Idempotency-Key",
                    wanted,
                })?;
                let what: [&[u8]; 3] = [parts.method.as_str().as_bytes(), parts.uri.path().as_bytes(), &body];
                Some(Once::new(&caller.name(), key, &what))
            }
        };
        let versions: Vec<String> = headers
            .get_all(IF_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(',').map(|tag| tag.trim().to_owned()))
            .collect();
        Ok(Change {
            once,
            versions: (!versions.is_empty()).then_some(versions),
            body,
        })
    }

    /// The body as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        asked::object(&self.body).map_err(ApiError::Asked)
    }

    /// The body as JSON; without one, what it is by default.
    pub(super) fn json_if_any<T: DeserializeOwned + Default>(&self) -> Result<T, ApiError> {
        match self.body.is_empty() {
            true => Ok(T::default()),
            false => self.json(),
        }
    }

    /// Makes the change, or gives its kept answer again.
    pub(super) async fn make(
        self,
        room: &Occupancy,
        act: impl FnOnce(&mut Page, &Versions, Timestamp) -> Result<Answer, ApiError> + Send + 'static,
    ) -> Response {
        let now = room.now();
        let (once, versions) = (
            self.once,
            Versions {
                wanted: self.versions,
                store: room.store.clone(),
            },
        );
        let written = room.store.write(move |page| {
            match once.as_ref().map(|once| once.known_on(page, now)).transpose()? {
                None | Some(Known::Nothing) => {}
                Some(Known::Answered(answer)) => return Ok(answer),
                Some(Known::Another) => return Err(ApiError::KeyReused),
            }
            let answer = act(page, &versions, now)?;
            if let Some(once) = once {
                once.keep_on(page, &answer, now)?;
            }
            Ok(answer)
        });
        match written.await {
            Ok(answer) => sent(answer),
            Err(error) => not_written(error),
        }
    }
}

/// The versions a caller made its change for.
pub(super) struct Versions {
    wanted: Option<Vec<String>>,
    store: Store,
}

impl Versions {
    /// Refuses a change of a space that is another by now (RFC 9110 section 13.1.1).
    pub(super) fn check(&self, space: &Space) -> Result<(), ApiError> {
        let Some(wanted) = &self.wanted else { return Ok(()) };
        let tag = format!("\"{}\"", self.store.id_of(space.seq));
        if wanted.iter().any(|version| version == "*" || *version == tag) {
            Ok(())
        } else {
            Err(ApiError::Changed)
        }
    }
}

/// An answer with this status and body; with the version of `space`, if one is shown.
pub(super) fn answer(store: &Store, status: StatusCode, body: &impl Serialize, space: Option<&Space>) -> Answer {
    Answer {
        status: status.as_u16(),
        tag: space.map(|space| format!("\"{}\"", store.id_of(space.seq))),
        body: serde_json::to_string(body).expect("answers are plain data"),
    }
}

fn sent(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let empty = status == StatusCode::NO_CONTENT;
    let mut response = Response::new(if empty { Body::empty() } else { Body::from(answer.body) });
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if !empty {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(tag) = answer.tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
        headers.insert(ETAG, tag);
    }
    response
}
