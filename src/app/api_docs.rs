//! `/openapi.json` and `/docs`: the document made from the code, and a page to read it on. `/docs/privacy`: what is
//! known of whom (`spec/occupancy.md` N17).

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, PathItem};

use crate::face::{Face, Shell, fixed, secured};
use crate::http::Fixed;
use crate::meter;
use crate::occupancy::{compat, v1};
use crate::relay;
use crate::uplink;
use crate::webhooks;

#[derive(OpenApi)]
#[openapi(
    info(title = "Gatelodge", description = "What this box answers over HTTPS", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "/", description = "This box"))
)]
struct House;

/// The whole document (OpenAPI 3.1).
#[must_use]
pub(super) fn document() -> utoipa::openapi::OpenApi {
    let mut document = House::openapi();
    document.merge(compat::docs::Docs::openapi());
    document.merge(v1::Docs::openapi());
    document.merge(relay::v1::Docs::openapi());
    document.merge(meter::v1::Docs::openapi());
    document.merge(uplink::v1::Docs::openapi());
    document.merge(webhooks::v1::Docs::openapi());
    document
}

/// Serves them all. Each is written once, here.
pub(super) fn router(face: &Face) -> Router {
    let json = document().to_json().unwrap_or_else(|_| "{}".to_owned());
    let json = Fixed::new("application/json", json);
    let docs = fixed(&DocsPage::new(face));
    let privacy = fixed(&PrivacyPage {
        shell: face.shell("docs", None),
    });
    let pages = Router::new()
        .route("/docs", get(async move || docs.clone()))
        .route("/docs/privacy", get(async move || privacy.clone()));
    secured(pages).route("/openapi.json", get(async move || json.clone()))
}

#[derive(Template)]
#[template(path = "docs.html", config = ".askama.toml")]
struct DocsPage {
    shell: Shell,
    routes: Vec<Route>,
}

#[derive(Template)]
#[template(path = "privacy.html", config = ".askama.toml")]
struct PrivacyPage {
    shell: Shell,
}

struct Route {
    method: &'static str,
    path: String,
    summary: String,
    parameters: Vec<(String, String)>,
    answers: BTreeMap<String, String>,
}

impl DocsPage {
    fn new(face: &Face) -> DocsPage {
        let routes = document()
            .paths
            .paths
            .into_iter()
            .flat_map(|(path, item)| routes(&path, item))
            .collect();
        DocsPage {
            shell: face.shell("docs", None),
            routes,
        }
    }
}

fn routes(path: &str, item: PathItem) -> Vec<Route> {
    let methods = [
        ("GET", item.get),
        ("PUT", item.put),
        ("POST", item.post),
        ("PATCH", item.patch),
        ("DELETE", item.delete),
    ];
    methods
        .into_iter()
        .filter_map(|(method, operation)| Some(route(method, path, operation?)))
        .collect()
}

fn route(method: &'static str, path: &str, operation: Operation) -> Route {
    let parameters = operation
        .parameters
        .unwrap_or_default()
        .into_iter()
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some((parameter.name, parameter.description.unwrap_or_default())),
            RefOr::Ref(_) => None,
        });
    let answers = operation.responses.responses.into_iter().map(|(status, answer)| {
        let words = match answer {
            RefOr::T(answer) => answer.description,
            RefOr::Ref(reference) => reference.ref_location,
        };
        (status, words)
    });
    Route {
        method,
        path: path.to_owned(),
        summary: operation.summary.or(operation.description).unwrap_or_default(),
        parameters: parameters.collect(),
        answers: answers.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_openapi_3_1_with_every_route_of_the_old_api() {
        let json: serde_json::Value = serde_json::from_str(&document().to_json().unwrap()).unwrap();
        assert!(
            json["openapi"].as_str().unwrap().starts_with("3.1"),
            "{}",
            json["openapi"]
        );
        assert!(json["paths"]["/space/{id}/increment"]["put"].is_object());
        assert_eq!(json["info"]["license"]["identifier"], "Apache-2.0");
    }

    #[test]
    fn the_page_on_privacy_speaks_of_every_ledger() {
        let page = include_str!("../../web/templates/privacy.html");
        let ledgers = include_str!("../store/schema.rs")
            .lines()
            .filter_map(|line| line.trim().strip_prefix("name: \""))
            .filter_map(|rest| rest.split('"').next());
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
        assert!(seen > 10, "the ledgers are read from schema.rs");
    }
}
