//! Who calls `/v1`: an API token of the operator, or a key of one space.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::error::ApiError;
use crate::accounts::{Act, Secret, Who};
use crate::domain::{Space, SpaceId};
use crate::http::bearer;
use crate::occupancy::Occupancy;
use crate::occupancy::keys::{self, Held, KeyRole};

/// Somebody who is known.
pub(super) enum Caller {
    /// A token of the operator.
    Token(Who),
    /// A key of one space.
    Key(Held),
}

impl FromRequestParts<Arc<Occupancy>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, room: &Arc<Occupancy>) -> Result<Caller, ApiError> {
        let secret = Secret::given(bearer(&parts.headers).ok_or(ApiError::Unauthorized)?);
        let caller = if secret.reveal().starts_with(keys::PREFIX) {
            keys::find(&room.store, &secret)?.map(Caller::Key)
        } else {
            room.accounts.token(&secret)?.map(Caller::Token)
        };
        let caller = caller.ok_or(ApiError::Unauthorized)?;
        room.bearers.count(&secret).map_err(ApiError::TooMany)?;
        Ok(caller)
    }
}

impl Caller {
    /// Who they are in the words of an audit.
    pub(super) fn in_audit(&self) -> String {
        match self {
            Caller::Token(who) => who.in_audit(),
            Caller::Key(key) => format!("key {}", key.id),
        }
    }

    /// What idempotency keys of this caller are counted under, and what logs call it.
    pub(super) fn name(&self) -> String {
        match self {
            Caller::Token(Who::Token { id, .. }) => format!("token {id}"),
            Caller::Token(Who::Person { name, .. }) => format!("person {name}"),
            Caller::Token(Who::Operator) => "operator".to_owned(),
            Caller::Key(key) => format!("key {} of {}", key.id, key.space),
        }
    }

    /// Whether the token or key is still in force, and as good as it was: streams ask.
    pub(super) fn still_known(&self, room: &Occupancy) -> bool {
        match self {
            Caller::Token(who) => room.accounts.still_known(who),
            Caller::Key(held) => {
                let same = |key: &keys::Key| key.id == held.id && key.role == held.role;
                keys::list(&room.store, held.space).is_ok_and(|keys| keys.iter().any(same))
            }
        }
    }

    /// Whether they may do what needs `role`, in this space.
    pub(super) fn may(&self, space: SpaceId, role: KeyRole) -> Result<(), ApiError> {
        match self {
            // Whoever sees some spaces alone learns nothing of the others.
            Caller::Token(who) if !who.sees_space(space) => Err(ApiError::Unknown),
            Caller::Token(who) => covered(who, role),
            // A key of another space learns nothing of this one.
            Caller::Key(key) if key.space != space => Err(ApiError::Unknown),
            Caller::Key(key) if key.role >= role => Ok(()),
            Caller::Key(_) => Err(ApiError::Forbidden),
        }
    }

    /// Whether they may do what needs `role` in every space.
    pub(super) fn is_operator(&self, role: KeyRole) -> Result<(), ApiError> {
        match self {
            Caller::Token(who) if who.only_spaces().is_none() => covered(who, role),
            Caller::Token(_) | Caller::Key(_) => Err(ApiError::Forbidden),
        }
    }

    /// The space, when it lives and they may. Reading with a viewer's key does not renew its life (OCC §5.9).
    pub(super) fn space(&self, room: &Occupancy, id: &str, role: KeyRole) -> Result<Space, ApiError> {
        let id: SpaceId = id.parse().map_err(|_| ApiError::Id)?;
        self.may(id, role)?;
        let space = room.get(id)?.ok_or(ApiError::Unknown)?;
        self.renew(room, id, room.now());
        Ok(space)
    }

    fn renew(&self, room: &Occupancy, id: SpaceId, now: Timestamp) {
        let only_looks = matches!(self, Caller::Key(key) if key.role == KeyRole::Viewer);
        if !only_looks {
            room.last_use.renew(id, now);
        }
    }
}

fn covered(who: &Who, role: KeyRole) -> Result<(), ApiError> {
    let act = match role {
        KeyRole::Viewer => Act::ReadSpaces,
        KeyRole::Counter => Act::Count,
        KeyRole::Owner => Act::ManageSpaces,
    };
    if who.may(act) { Ok(()) } else { Err(ApiError::Forbidden) }
}

/// Which pages of other origins may call (OCC §5.10); `None`: none. Cookies are never allowed.
pub(super) fn cors(room: &Occupancy) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = room
        .config
        .cors_origins
        .iter()
        .filter_map(|origin| origin.parse().ok())
        .collect();
    if origins.is_empty() {
        return None;
    }
    let origins = match room.config.cors_origins.iter().any(|origin| origin == "*") {
        true => AllowOrigin::any(),
        false => AllowOrigin::list(origins),
    };
    let headers = [
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "last-event-id",
    ];
    let exposed = ["etag", "retry-after", "x-request-id", "location"];
    Some(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers(headers.map(HeaderName::from_static))
            .expose_headers(exposed.map(HeaderName::from_static))
            .max_age(std::time::Duration::from_secs(86_400)),
    )
}
