//! `/openapi.json` and `/docs`: the document made from the code, and a page to read it on. `/docs/privacy`: what is
//! known of whom (OCC §5.8).

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use serde_json::Value;

use super::guide::{GUIDES, Guide, Shelf};
use super::openapi::{METHODS, document};

use crate::face::{Face, Shell, Visitor, secured};
use crate::http::Fixed;

/// Serves them all. Each is written once, here.
pub(super) fn router(face: &Face) -> Router {
    let json = Fixed::new("application/json", document().to_string());
    let docs = face.fixed("docs", DocsPage::new);
    let privacy = face.fixed("docs", |shell| PrivacyPage { shell });
    let pages = Router::new()
        .route("/docs", get(async move |visitor: Visitor| docs.for_reader(&visitor)))
        .route("/docs/", get(async || Redirect::permanent("/docs")))
        .route(
            "/docs/privacy",
            get(async move |visitor: Visitor| privacy.for_reader(&visitor)),
        )
        .with_state(face.clone());
    secured(pages).route("/openapi.json", get(async move || json.clone()))
}

#[derive(Template)]
#[template(path = "docs.html", config = ".askama.toml")]
struct DocsPage {
    shell: Shell,
    bad_day: Vec<Guide>,
    programs: Vec<Guide>,
    routes: Vec<Route>,
}

#[derive(Template)]
#[template(path = "privacy.html", config = ".askama.toml")]
struct PrivacyPage {
    shell: Shell,
}

struct Route {
    method: String,
    path: String,
    summary: String,
    parameters: Vec<(String, String)>,
    answers: BTreeMap<String, String>,
}

impl DocsPage {
    fn new(shell: Shell) -> DocsPage {
        let document = document();
        let paths = document["paths"].as_object().into_iter().flatten();
        let routes = paths.flat_map(|(path, item)| routes(path, item)).collect();
        let shelf = |shelf| {
            GUIDES
                .iter()
                .filter(move |guide| guide.shelf == shelf)
                .copied()
                .collect()
        };
        DocsPage {
            shell,
            bad_day: shelf(Shelf::BadDay),
            programs: shelf(Shelf::Programs),
            routes,
        }
    }
}

fn routes<'a>(path: &'a str, item: &'a Value) -> impl Iterator<Item = Route> + 'a {
    METHODS
        .into_iter()
        .filter_map(move |method| Some(route(method, path, item.get(method)?)))
}

fn route(method: &str, path: &str, operation: &Value) -> Route {
    let words = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let answers = operation["responses"].as_object().into_iter().flatten();
    let summary = match operation.get("summary") {
        Some(summary) => words(summary),
        None => words(&operation["description"]),
    };
    Route {
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        summary,
        parameters: parameters
            .map(|parameter| (words(&parameter["name"]), words(&parameter["description"])))
            .collect(),
        answers: answers
            .map(|(status, answer)| (status.clone(), words(&answer["description"])))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_on_privacy_speaks_of_every_ledger() {
        let page = include_str!("../../web/templates/privacy.html");
        let ledgers = crate::store::schema::PLACES.iter().map(|place| place.name);
        let terms: Vec<&str> = page
            .split("<dt>")
            .skip(1)
            .filter_map(|rest| rest.split("</dt>").next())
            .flat_map(|terms| terms.split(", "))
            .collect();
        let mut seen = 0;
        for ledger in ledgers {
            assert!(terms.contains(&ledger), "{ledger} is not among {terms:?}");
            seen += 1;
        }
        assert!(seen > 10, "the ledgers are read from the schema");
    }
}
