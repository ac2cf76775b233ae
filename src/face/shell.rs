//! The layout around every page.

use askama::Template;
use axum::http::header::VARY;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};

use super::{Face, Lamp, Light, SignedIn, Visitor};
use crate::accounts::{Act, Role};
use crate::http::Fixed;
use crate::texts::{Language, Texts, named};

/// What the layout shows around a page.
pub struct Shell {
    /// The name of the site.
    pub site: String,
    /// What it is written in.
    pub t: Texts,
    /// What it could be written in, and which of them this is; empty where there is no choice.
    pub languages: Vec<(Language, bool)>,
    /// Who is signed in.
    pub person: Option<PersonShown>,
    /// What they came for, so that who signs out on the way comes back to it as another.
    pub errand: Option<String>,
    /// Which page this is, for the navigation.
    pub here: &'static str,
    /// What is not well of what concerns them.
    pub lamps: Vec<Lamp>,
    /// Where the style sheet is.
    pub style: String,
    /// Where the icon is.
    pub icon: String,
    /// The same for phones that take no other.
    pub touch: String,
    /// Where the script is that pages which change by themselves begin with.
    pub live: String,
}

/// Who is signed in, as the layout shows it.
pub struct PersonShown {
    pub name: String,
    /// Their role, as its text is named.
    pub role: String,
    /// Where the bar leads them.
    pub pages: Vec<Link>,
    /// How the box is, for whoever runs it: the light, and how many things want somebody.
    pub verdict: Option<(Light, usize)>,
    /// What the logout form carries.
    pub csrf_token: String,
}

/// A page that the bar leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// As templates say where they are.
    pub key: &'static str,
    pub address: &'static str,
    /// The name of its text.
    pub text: &'static str,
}

/// Where the bar leads somebody: at most five words (by role, in the order of what they come for).
fn pages(person: &SignedIn, has: impl Fn(&str) -> bool) -> Vec<Link> {
    let link = |key, address, text| Link { key, address, text };
    let may = |act| person.must(act).is_ok();
    let (reads_box, reads_meters) = (may(Act::ManageBox), may(Act::ReadMeters));
    let mut pages = Vec::new();
    if person.role == Role::Resident {
        pages.push(link("start", "/my", named("shell-home")));
        if person.saw_meters() {
            pages.push(link("meters", "/energy", named("shell-use")));
        }
        if has("perseus") {
            pages.push(link("permissions", "/permissions", named("shell-consents")));
        }
        return pages;
    }
    if person.role != Role::Doorman {
        pages.push(link("start", "/", named("shell-building")));
    }
    if reads_meters && has("meters") {
        pages.push(link("meters", "/energy", named("shell-energy")));
    }
    if may(Act::ReadSpaces) && has("occupancy") {
        pages.push(link("spaces", "/spaces", named("shell-spaces")));
    }
    if reads_meters && has("meters") && may(Act::TopUp) {
        pages.push(link("money", "/money", named("shell-money")));
    }
    if reads_box {
        pages.push(link("box", "/box", named("shell-box")));
    }
    pages
}

impl Face {
    /// The layout of the page `here`, for whoever looks at it.
    #[must_use]
    pub fn shell(&self, here: &'static str, visitor: Option<&SignedIn>) -> Shell {
        let language = visitor.map_or_else(|| self.first_language(), |visitor| visitor.language);
        self.shell_in(language, here, visitor)
    }

    /// The layout of the page `here` for somebody who is not signed in.
    #[must_use]
    pub fn shell_before(&self, here: &'static str, visitor: &Visitor) -> Shell {
        self.shell_in(visitor.language, here, None)
    }

    /// The layout of the page `here` for a visitor, signed in or not.
    #[must_use]
    pub fn shell_for(&self, here: &'static str, visitor: &Visitor) -> Shell {
        self.shell_in(visitor.language, here, visitor.signed_in.as_ref())
    }

    fn shell_in(&self, language: Language, here: &'static str, visitor: Option<&SignedIn>) -> Shell {
        let offered = &self.inner.site.languages;
        let languages = offered.iter().filter(|_| offered.len() > 1);
        let lamps = self.inner.lamps.borrow();
        let wanting = visitor.map(|visitor| lamps.wanting(visitor)).unwrap_or_default();
        let person = visitor.map(|visitor| PersonShown {
            name: visitor.name.clone(),
            role: format!("role-{}", visitor.role.name()),
            // A room has a lamp when it is open, and its pages are there then.
            pages: pages(visitor, |room| lamps.has(room)),
            verdict: lamps.verdict_for(visitor),
            csrf_token: visitor.csrf.token(),
        });
        drop(lamps);
        Shell {
            site: self.inner.site.name.clone(),
            t: Texts::of(language),
            languages: languages.map(|one| (*one, *one == language)).collect(),
            person,
            errand: None,
            here,
            lamps: wanting,
            style: self.asset("style.css"),
            icon: self.asset("icon.svg"),
            touch: self.asset("icon-192.png"),
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

/// A page that is the same for everybody who reads a language, written once in each.
#[derive(Clone)]
pub struct FixedPage(Vec<(Language, Fixed)>);

impl Face {
    /// The page `here` that this makes in a shell, for everybody.
    #[must_use]
    pub fn fixed<T: Template>(&self, here: &'static str, make: impl Fn(Shell) -> T) -> FixedPage {
        let languages = self.inner.site.languages.iter();
        let page = |language: &Language| (*language, fixed(&make(self.shell_in(*language, here, None))));
        FixedPage(languages.map(page).collect())
    }
}

impl FixedPage {
    /// As that visitor reads it.
    #[must_use]
    pub fn for_reader(&self, visitor: &Visitor) -> Response {
        let theirs = self.0.iter().find(|(language, _)| *language == visitor.language);
        match theirs.or(self.0.first()) {
            Some((_, page)) => {
                let mut response = page.clone().into_response();
                let varies = HeaderValue::from_static("cookie, accept-language");
                response.headers_mut().insert(VARY, varies);
                response
            }
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }
}

fn fixed(page: &impl Template) -> Fixed {
    let html = page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be written");
        String::new()
    });
    Fixed::new("text/html; charset=utf-8", html)
}
