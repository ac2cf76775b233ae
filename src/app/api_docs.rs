//! `/openapi.json` and `/docs`: the document made from the code, and pages to read it on, one for each of its parts. `/docs/privacy`: what is
//! known of whom (OCC §5.8).

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use serde_json::Value;

use super::guide::{GUIDES, Guide, Shelf};
use super::openapi::{EVERYWHERE, METHODS, document};

use crate::face::{Face, Shell, Visitor, secured};
use crate::http::Fixed;

/// Serves them all. Each is written once, here.
pub(super) fn router(face: &Face) -> Router {
    let json = Fixed::new("application/json", document().to_string());
    let parts = Part::all(&document());
    let docs = face.fixed("docs", |shell| DocsPage::new(shell, &parts));
    let privacy = face.fixed("docs", |shell| PrivacyPage { shell });
    let pages = Router::new()
        .route("/docs", get(async move |visitor: Visitor| docs.for_reader(&visitor)))
        .route("/docs/", get(async || Redirect::permanent("/docs")))
        .route(
            "/docs/privacy",
            get(async move |visitor: Visitor| privacy.for_reader(&visitor)),
        );
    let pages = parts.iter().fold(pages, |pages, part| {
        let path = format!("/docs/api/{}", part.name);
        let everywhere = EVERYWHERE;
        let page = face.fixed("docs", |shell| PartPage {
            shell,
            part,
            everywhere,
        });
        pages.route(&path, get(async move |visitor: Visitor| page.for_reader(&visitor)))
    });
    let pages = pages.with_state(face.clone());
    secured(pages).route("/openapi.json", get(async move || json.clone()))
}

#[derive(Template)]
#[template(path = "docs.html", config = ".askama.toml")]
struct DocsPage<'p> {
    shell: Shell,
    bad_day: Vec<Guide>,
    programs: Vec<Guide>,
    parts: &'p [Part],
}

#[derive(Template)]
#[template(path = "docs_api.html", config = ".askama.toml")]
struct PartPage<'p> {
    shell: Shell,
    part: &'p Part,
    /// What every call may be answered.
    everywhere: [(&'static str, &'static str); EVERYWHERE.len()],
}

/// What belongs together in the API: the routes of one tag.
struct Part {
    name: String,
    about: String,
    routes: Vec<Route>,
}

impl Part {
    /// All of them, in the document's order.
    fn all(document: &Value) -> Vec<Part> {
        let tags = document["tags"].as_array().into_iter().flatten();
        let named = tags.map(|tag| (tag["name"].as_str(), tag["description"].as_str()));
        let part = |(name, about): (Option<&str>, Option<&str>)| {
            let name = name?;
            let paths = document["paths"].as_object().into_iter().flatten();
            let routes = paths.flat_map(|(path, item)| routes(path, item, name)).collect();
            let about = about.unwrap_or_default().trim_end_matches('.').to_owned();
            Some(Part {
                name: name.to_owned(),
                about,
                routes,
            })
        };
        named.filter_map(part).collect()
    }
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

impl DocsPage<'_> {
    fn new(shell: Shell, parts: &[Part]) -> DocsPage<'_> {
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
            parts,
        }
    }
}

/// The routes of a path that have this tag first.
fn routes<'a>(path: &'a str, item: &'a Value, tag: &'a str) -> impl Iterator<Item = Route> + 'a {
    let all = METHODS
        .into_iter()
        .filter_map(move |method| Some((method, item.get(method)?)));
    let tagged = all.filter(move |(_, operation)| operation["tags"][0] == tag);
    tagged.map(move |(method, operation)| route(method, path, operation))
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
            .filter(|(status, words)| !EVERYWHERE.contains(&(status.as_str(), words.as_str())))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_stands_on_the_page_of_one_part() {
        let document = document();
        let parts = Part::all(&document);
        let listed: Vec<_> = parts
            .iter()
            .flat_map(|part| &part.routes)
            .map(|route| (&route.method, &route.path))
            .collect();
        let mut all = 0;
        for (path, item) in document["paths"].as_object().expect("it has paths") {
            for method in METHODS.into_iter().filter(|method| item.get(method).is_some()) {
                let known = listed
                    .iter()
                    .filter(|(one, at)| one.eq_ignore_ascii_case(method) && *at == path);
                assert_eq!(known.count(), 1, "{method} {path}");
                all += 1;
            }
        }
        assert!(all > 60, "{all}");
        assert!(
            parts
                .iter()
                .all(|part| !part.about.is_empty() && !part.routes.is_empty())
        );
    }

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
