//! Which language the pages are read in: chosen on a device, and `/docs/languages`, which tells what nobody has checked.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::REFERER;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::{Face, Page, Shell, Visitor};
use crate::texts::{Language, unchecked};

pub(super) fn router() -> Router<Face> {
    Router::new()
        .route("/language/{tag}", get(choose))
        .route("/docs/languages", get(show))
}

/// Has a device read in another language, and shows the page again from which that was asked. A link is enough: what it
/// changes is how the next page reads, and any page changes it back.
async fn choose(visitor: Visitor, Path(tag): Path<String>, headers: HeaderMap) -> Response {
    let Ok(language) = tag.parse() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let back = headers
        .get(REFERER)
        .and_then(|from| from.to_str().ok())
        .and_then(path_of);
    (visitor.who_reads(language), Redirect::to(back.unwrap_or("/"))).into_response()
}

/// What follows the host of an address: whoever links here from elsewhere leads to a page of ours all the same.
fn path_of(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let path = &rest[rest.find('/')?..];
    // What begins with two strokes names another host (RFC 3986 §4.2).
    (!path.starts_with("//") && !path.starts_with("/\\")).then_some(path)
}

#[derive(Template)]
#[template(path = "languages.html", config = ".askama.toml")]
struct LanguagesPage {
    shell: Shell,
    tables: Vec<(Language, Vec<String>)>,
}

async fn show(State(face): State<Face>, visitor: Visitor) -> Response {
    let shell = face.shell_for("docs", &visitor);
    let tables = Language::ALL
        .into_iter()
        .map(|language| (language, unchecked(language)));
    let page = LanguagesPage {
        shell,
        tables: tables.collect(),
    };
    Page(StatusCode::OK, page).into_response()
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn back_leads_to_a_page_of_ours_alone() {
        for (address, path) in [
            ("https://box/energy?sort=worst", Some("/energy?sort=worst")),
            ("https://box", None),
            ("https://box//elsewhere.example/", None),
            ("https://box/\\elsewhere.example/", None),
            ("about:blank", None),
        ] {
            assert_eq!(path_of(address), path, "{address}");
        }
    }
}
