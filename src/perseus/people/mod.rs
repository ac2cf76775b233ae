//! What people see: they come from an application, sign in, decide; and later look at what they allowed, and stop it
//! (PER §2.4, §4).

mod allowed;
mod authorize;
mod consent;
mod decide;
mod evidence;
mod message;
mod offer;
mod own;
mod spoken;
mod week;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use jiff::{SignedDuration, Timestamp};

pub use allowed::Allowed;

use super::metadata::paths;
use super::room::Perseus;
use crate::accounts::Secret;
use crate::face::{Errands, Face, PageState, secured};
use crate::texts::{Said, Texts};

/// What binds a visit to the browser that began it.
const VISITOR: &str = "__Host-gatelodge-visit";

/// The pages, behind the https door.
pub(super) fn router(room: &Arc<Perseus>, face: &Face) -> Router {
    face.lead_back_to(Arc::clone(room) as Arc<dyn Errands>);
    let state = PageState {
        room: Arc::clone(room),
        face: face.clone(),
    };
    let routes = Router::new()
        .route(paths::AUTHORIZE, get(authorize::authorize))
        .route("/consent", get(consent::show).post(decide::decide))
        .route("/permissions", get(own::list))
        .route("/permissions/{id}/stop", get(own::ask).post(own::stop))
        .route("/evidence/{name}", get(evidence::show))
        .with_state(state);
    secured(routes)
}

/// The browser's own secret, when it has one that was made here.
fn visitor(jar: &CookieJar) -> Option<Secret> {
    let cookie = jar.get(VISITOR).filter(|cookie| Secret::is_formed(cookie.value()));
    cookie.map(|cookie| Secret::given(cookie.value()))
}

impl Perseus {
    /// A day as people here read it.
    fn day(&self, t: Texts, at: Timestamp) -> String {
        t.date(at.to_zoned(self.timezone.clone()).date())
    }

    /// A day and the time on it.
    fn moment(&self, t: Texts, at: Timestamp) -> String {
        let here = at.to_zoned(self.timezone.clone());
        format!("{} {}", t.date(here.date()), here.strftime("%H:%M"))
    }

    /// The last day of what ends at `end`; where that is no midnight, the time on it.
    fn last_day(&self, t: Texts, end: Timestamp) -> String {
        let before = end.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(end);
        let (end, before) = (
            end.to_zoned(self.timezone.clone()),
            before.to_zoned(self.timezone.clone()),
        );
        match end.date() == before.date() {
            true => format!("{}, {}", t.date(end.date()), end.strftime("%H:%M")),
            false => t.date(before.date()),
        }
    }
}

/// The same, made when it has none, and the cookies that say so.
fn known_visitor(jar: &CookieJar) -> (Secret, CookieJar) {
    let secret = visitor(jar).unwrap_or_else(|| Secret::random(""));
    let cookie = Cookie::build((VISITOR, secret.reveal().to_owned()))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build();
    let jar = jar.clone().add(cookie);
    (secret, jar)
}

impl Errands for Perseus {
    fn goes_on(&self, name: &str, cookies: &CookieJar) -> Option<String> {
        let visit = Secret::given(name);
        let there = self.pushed.at(&visit, visitor(cookies).as_ref(), self.store.now());
        there.is_ok().then(|| format!("/consent?i={name}"))
    }

    fn about(&self, name: &str, cookies: &CookieJar, t: Texts) -> Option<Said> {
        let there = self
            .pushed
            .at(&Secret::given(name), visitor(cookies).as_ref(), self.store.now());
        let client = self.client_called(&there.ok()?.pushed.client)?.name.clone();
        Some(t.say1("login-errand", "client", client))
    }
}
