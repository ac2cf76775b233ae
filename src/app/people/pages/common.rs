//! What the pages of people share: who may, and where the box is.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};

use super::super::desk::PeopleDesk;
use super::super::refusal::Refusal;
use crate::accounts::{Act, Person};
use crate::domain::qr_svg;
use crate::face::{Face, SignedIn};
use crate::http::authority;
use crate::http::problem::nothing;
use crate::texts::Texts;

/// Somebody who manages people, at one of these pages: they may, and proved of late who they are. Nothing is said of people,
/// and nothing read, before that is known.
pub(super) struct Manager {
    pub(super) person: SignedIn,
    uri: Uri,
    headers: HeaderMap,
}

impl Manager {
    /// Where this box is, as they write it.
    pub(super) fn base(&self) -> String {
        authority::base(&self.uri, &self.headers)
    }

    /// What they came to, as [`PeopleDesk::link`] reads it.
    pub(super) fn asked(&self) -> (&Uri, &HeaderMap) {
        (&self.uri, &self.headers)
    }

    pub(super) fn t(&self) -> Texts {
        Texts::of(self.person.language)
    }
}

impl<S: Sync> FromRequestParts<S> for Manager
where
    Face: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Manager, Response> {
        let person = SignedIn::from_request_parts(parts, state).await?;
        person.must(Act::ManagePeople).map_err(IntoResponse::into_response)?;
        let proved = Face::from_ref(state).must_have_proved(&person, page_of(parts.uri.path()));
        proved.map_err(IntoResponse::into_response)?;
        Ok(Manager {
            person,
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
        })
    }
}

/// The page on which the form stood that was sent to this address: some forms have an address of their own, the others their
/// page's.
fn page_of(path: &str) -> &str {
    let forms = ["/meters", "/spaces", "/invitation"];
    forms.iter().find_map(|form| path.strip_suffix(form)).unwrap_or(path)
}

/// The person of that name.
pub(super) fn find(desk: &PeopleDesk, name: &str) -> Result<Person, Refusal> {
    let found = desk.admin.accounts.person(name)?;
    found.ok_or_else(|| Refusal::of(nothing()))
}

/// A link as a picture; the words for whoever cannot see it are ours.
pub(super) fn picture(link: &str) -> String {
    qr_svg(link, "QR").unwrap_or_default()
}

/// A day as people here read it.
pub(super) fn day(face: &Face, at: jiff::Timestamp) -> String {
    at.to_zoned(face.timezone().clone()).strftime("%-d %b %Y").to_string()
}
