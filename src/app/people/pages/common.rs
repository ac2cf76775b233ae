//! What the pages of people share: who may, and where the box is.

use axum::http::{HeaderMap, Uri};
use serde::Deserialize;

use super::super::desk::PeopleDesk;
use super::super::refusal::Refusal;
use crate::accounts::{Act, Person};
use crate::domain::qr_svg;
use crate::face::{Face, SignedIn};
use crate::http::authority::authority;
use crate::http::problem::nothing;

/// A form that only says yes.
#[derive(Deserialize)]
pub(super) struct Nothing {}

/// Nothing is said of people, and nothing read, before this.
pub(super) fn managing(person: &SignedIn) -> Result<(), Refusal> {
    person.must(Act::ManagePeople).map_err(Refusal::of)
}

/// The person of that name.
pub(super) fn find(desk: &PeopleDesk, name: &str) -> Result<Person, Refusal> {
    let found = desk.admin.accounts.person(name)?;
    found.ok_or_else(|| Refusal::of(nothing()))
}

/// Where this box is, as whoever asks writes it.
pub(super) fn base(uri: &Uri, headers: &HeaderMap) -> String {
    format!("https://{}", authority(uri, headers).unwrap_or("localhost"))
}

/// A link as a picture; the words for whoever cannot see it are ours.
pub(super) fn picture(link: &str) -> String {
    qr_svg(link, "QR").unwrap_or_default()
}

/// A day as people here read it.
pub(super) fn day(face: &Face, at: jiff::Timestamp) -> String {
    at.to_zoned(face.timezone().clone()).strftime("%-d %b %Y").to_string()
}
