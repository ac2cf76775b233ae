//! Who looks at a page, by their cookie.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use jiff::Timestamp;

use super::{Csrf, Face};
use crate::accounts::{Act, Link, Proof, Role, Secret, Who};
use crate::domain::{MeterId, SpaceId};
use crate::http::Problem;
use crate::store::ReadError;
use crate::texts::{Language, named};

/// The session's cookie: only over TLS, only to this host, not for scripts.
pub const SESSION_COOKIE: &str = "__Host-gatelodge";
/// The language that was chosen on this device.
const LANGUAGE: &str = "__Host-gatelodge-language";
/// What binds the login form before there is a session.
const BEFORE: &str = "__Host-gatelodge-before";

/// A person who is signed in.
#[derive(Clone)]
pub struct SignedIn {
    pub name: String,
    pub role: Role,
    /// The meters that were, are and will be theirs.
    pub links: Vec<Link>,
    /// The spaces that a doorman sees; empty: all of them.
    spaces: Vec<SpaceId>,
    /// When they asked, by the time that the box goes by.
    pub now: Timestamp,
    /// What their forms are bound to.
    pub csrf: Csrf,
    /// What they read.
    pub language: Language,
    /// Their session.
    proof: Proof,
}

impl SignedIn {
    #[cfg(test)]
    pub(super) fn for_tests_of(spaces: Vec<SpaceId>) -> SignedIn {
        SignedIn {
            spaces,
            ..SignedIn::for_tests(Role::Doorman, Vec::new(), Timestamp::UNIX_EPOCH)
        }
    }

    #[cfg(test)]
    pub(super) fn for_tests(role: Role, links: Vec<Link>, now: Timestamp) -> SignedIn {
        SignedIn {
            name: "p".to_owned(),
            role,
            links,
            spaces: Vec::new(),
            now,
            csrf: Csrf::of(Secret::given("cookie")),
            language: Language::English,
            proof: Proof::default(),
        }
    }

    /// Lets them on, or answers that they may not.
    pub fn must(&self, act: Act) -> Result<(), Forbidden> {
        if self.who().may(act) { Ok(()) } else { Err(Forbidden) }
    }

    /// Whether something that is so since `since` and is so now tells of their own time alone.
    #[must_use]
    pub fn sees_since(&self, meter: &MeterId, since: Timestamp) -> bool {
        self.who().sees_since(meter, since, self.now)
    }

    /// Whether there is any meter that they may see how it is now.
    #[must_use]
    pub fn sees_meters(&self) -> bool {
        self.links.iter().any(|link| link.in_force(self.now)) || self.must(Act::ReadMeters).is_ok()
    }

    /// Whether there is any meter of which they may see anything, be it long ago.
    #[must_use]
    pub fn saw_meters(&self) -> bool {
        self.links.iter().any(|link| link.since <= self.now) || self.must(Act::ReadMeters).is_ok()
    }

    /// The meters that are theirs, or will be; of these they may hear news.
    pub fn meters(&self) -> impl Iterator<Item = &MeterId> {
        let open = self.links.iter().filter(|link| !link.is_over(self.now));
        open.map(|link| &link.meter)
    }

    /// Whether they may see a space.
    #[must_use]
    pub fn sees_space(&self, space: SpaceId) -> bool {
        self.must(Act::ReadSpaces).is_ok() && self.who().sees_space(space)
    }

    /// The only spaces that they see; `None`: all of them, as far as they may see any.
    #[must_use]
    pub fn only_spaces(&self) -> Option<Vec<SpaceId>> {
        self.who().only_spaces().map(<[SpaceId]>::to_vec)
    }

    /// Who they are, so that it can be asked again.
    #[must_use]
    pub fn who(&self) -> Who {
        Who::Person {
            name: self.name.clone(),
            role: self.role,
            links: self.links.clone(),
            spaces: self.spaces.clone(),
            proof: self.proof,
        }
    }
}

/// The person's role does not cover what they asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forbidden;

impl IntoResponse for Forbidden {
    fn into_response(self) -> Response {
        Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not for you")
            .detail("Your role does not cover that.")
            .on_page(named("fault-forbidden"), named("fault-forbidden-text"))
            .into_response()
    }
}

/// Whoever looks at the page: signed in or not.
pub struct Visitor {
    /// The person, when the session lives.
    pub signed_in: Option<SignedIn>,
    /// The cookie of the session, for ending it.
    pub session: Option<Secret>,
    /// The cookies that came.
    pub jar: CookieJar,
    /// What they read: as they chose, else as their browser says.
    pub language: Language,
}

impl Visitor {
    /// Whoever carries these cookies.
    pub(super) fn of(face: &Face, headers: &HeaderMap) -> Result<Visitor, ReadError> {
        let jar = CookieJar::from_headers(headers);
        let session = jar.get(SESSION_COOKIE).map(|cookie| Secret::given(cookie.value()));
        let now = face.accounts().now();
        let language = face.language(jar.get(LANGUAGE).map(Cookie::value), headers);
        let who = match &session {
            Some(cookie) => face.accounts().session(cookie, now)?,
            None => None,
        };
        let signed_in = match (who, &session) {
            (
                Some(Who::Person {
                    name,
                    role,
                    links,
                    spaces,
                    proof,
                }),
                Some(cookie),
            ) => Some(SignedIn {
                name,
                role,
                links,
                spaces,
                now,
                csrf: Csrf::of(cookie.clone()),
                language,
                proof,
            }),
            _ => None,
        };
        Ok(Visitor {
            signed_in,
            session,
            jar,
            language,
        })
    }

    /// Whether a form of theirs carries this: one of their session, or one that was shown before it.
    pub(super) fn sent(&self, token: &str) -> bool {
        let of_session = self.signed_in.as_ref().map(|person| person.csrf.clone());
        let before = self
            .jar
            .get(BEFORE)
            .map(|cookie| Csrf::of(Secret::given(cookie.value())));
        [of_session, before].into_iter().flatten().any(|csrf| csrf.made(token))
    }

    /// What a form shown before login is bound to, and the cookie that says so.
    pub(super) fn before(&self) -> (Csrf, CookieJar) {
        let known = self.jar.get(BEFORE).map(|cookie| Secret::given(cookie.value()));
        let secret = known.unwrap_or_else(|| Secret::random(""));
        let jar = self.jar.clone().add(cookie(BEFORE, secret.reveal()));
        (Csrf::of(secret), jar)
    }

    /// The cookies of somebody who just signed in.
    pub(super) fn signed_in_with(&self, session: &Secret) -> CookieJar {
        self.jar
            .clone()
            .add(cookie(SESSION_COOKIE, session.reveal()))
            .remove(gone(BEFORE))
    }

    /// The cookies of somebody who chose a language on this device.
    pub(super) fn who_reads(&self, language: Language) -> CookieJar {
        let mut cookie = cookie(LANGUAGE, language.tag());
        cookie.set_max_age(time::Duration::days(400));
        self.jar.clone().add(cookie)
    }

    /// The cookies of somebody who just signed out.
    pub(super) fn signed_out(&self) -> CookieJar {
        self.jar.clone().remove(gone(SESSION_COOKIE))
    }
}

fn cookie(name: &'static str, value: &str) -> Cookie<'static> {
    Cookie::build((name, value.to_owned()))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build()
}

fn gone(name: &'static str) -> Cookie<'static> {
    cookie(name, "")
}

impl<S: Sync> FromRequestParts<S> for Visitor
where
    Face: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Visitor, Response> {
        Visitor::of(&Face::from_ref(state), &parts.headers).map_err(|error| {
            tracing::error!(%error, "a session could not be looked up");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        })
    }
}

impl<S: Sync> FromRequestParts<S> for SignedIn
where
    Face: FromRef<S>,
{
    type Rejection = Response;

    /// Whoever is not signed in is sent to the login page.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<SignedIn, Response> {
        let visitor = Visitor::from_request_parts(parts, state).await?;
        visitor.signed_in.ok_or_else(|| Redirect::to("/login").into_response())
    }
}
