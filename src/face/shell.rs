//! The layout around every page.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::{Face, Lamp, SignedIn};
use crate::accounts::{Act, Role};
use crate::http::Fixed;

/// What the layout shows around a page.
pub struct Shell {
    /// The name of the site.
    pub site: String,
    /// Who is signed in.
    pub person: Option<PersonShown>,
    /// What they came for, so that who signs out on the way comes back to it as another.
    pub errand: Option<String>,
    /// Which page this is, for the navigation.
    pub here: &'static str,
    /// The state of the box, as far as they may know it.
    pub lamps: Vec<Lamp>,
    /// Where the style sheet is.
    pub style: String,
    /// Where the icon is.
    pub icon: String,
    /// Where the script is that pages which change by themselves begin with.
    pub live: String,
}

/// Who is signed in, as the layout shows it.
pub struct PersonShown {
    pub name: String,
    pub role: &'static str,
    /// Whether the navigation leads them to the spaces.
    pub sees_spaces: bool,
    /// Whether it leads them to meters.
    pub sees_meters: bool,
    /// Whether it leads them to whom they allowed to see their data.
    pub shares: bool,
    /// Whether it leads them to the page of the box.
    pub runs_box: bool,
    /// Whether it leads them to the page of the relay, too.
    pub runs_relay: bool,
    /// What the logout form carries.
    pub csrf_token: String,
}

impl Face {
    /// The layout of the page `here`, for whoever looks at it.
    #[must_use]
    pub fn shell(&self, here: &'static str, visitor: Option<&SignedIn>) -> Shell {
        let lamps = self.inner.lamps.borrow();
        // A room has a lamp when it is open, and its pages are there then.
        let has_relay = lamps.has("relay");
        let has_perseus = lamps.has("perseus");
        let seen = visitor.map(|visitor| lamps.seen_by(visitor)).unwrap_or_default();
        drop(lamps);
        Shell {
            site: self.inner.site.clone(),
            person: visitor.map(|visitor| PersonShown {
                name: visitor.name.clone(),
                role: visitor.role.name(),
                sees_spaces: visitor.must(Act::ReadSpaces).is_ok(),
                sees_meters: visitor.saw_meters(),
                shares: has_perseus && visitor.role == Role::Resident,
                runs_box: visitor.must(Act::ManageBox).is_ok(),
                runs_relay: has_relay && visitor.must(Act::ManageRelay).is_ok(),
                csrf_token: visitor.csrf.token(),
            }),
            errand: None,
            here,
            lamps: seen,
            style: self.asset("style.css"),
            icon: self.asset("icon.svg"),
            live: self.asset("live.js"),
        }
    }
}

/// A filled template as an answer.
pub struct Page<T>(pub StatusCode, pub T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.1.render() {
            Ok(html) => (self.0, Html(html)).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page could not be written");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// A page that is the same for everybody, written once.
#[must_use]
pub fn fixed(page: &impl Template) -> Fixed {
    let html = page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be written");
        String::new()
    });
    Fixed::new("text/html; charset=utf-8", html)
}
