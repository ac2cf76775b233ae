//! The document of the API (OpenAPI 3.1), made from the code: what each room says of its routes, put together, and what
//! all of them have alike said once.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::alarms;
use super::people;
use super::setup;
use super::{box_backups, box_doors, box_log};
use crate::face::{CSRF_HEADER, SESSION_COOKIE};
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
struct BoxApi;

/// The methods of a path, as the document names them.
pub(super) const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// What each room says.
fn parts() -> [utoipa::openapi::OpenApi; 12] {
    [
        compat::docs::Docs::openapi(),
        v1::Docs::openapi(),
        relay::v1::Docs::openapi(),
        meter::v1::Docs::openapi(),
        uplink::v1::Docs::openapi(),
        webhooks::v1::Docs::openapi(),
        alarms::Docs::openapi(),
        people::Docs::openapi(),
        setup::Docs::openapi(),
        box_backups::Docs::openapi(),
        box_doors::Docs::openapi(),
        box_log::Docs::openapi(),
    ]
}

/// The whole document.
#[must_use]
pub(super) fn document() -> Value {
    let mut document = BoxApi::openapi();
    for part in parts() {
        document.merge(part);
    }
    let mut document = serde_json::to_value(document).unwrap_or_else(|_| json!({}));
    let components = &mut document["components"];
    components["schemas"]["Problem"] = problem();
    components["securitySchemes"]["bearer"] = json!({
        "type": "http", "scheme": "bearer",
        "description": "An API token (`gatelodge token create`), or, for one space, one of its keys"
    });
    components["securitySchemes"]["session"] = json!({
        "type": "apiKey", "in": "cookie", "name": SESSION_COOKIE,
        "description": "The session of somebody who signed in at `/login`; where the role covers it, and at `/v1/people` and `/v1/tokens` the only \
                        way. What changes something wants `form` beside it"
    });
    components["securitySchemes"]["form"] = json!({
        "type": "apiKey", "in": "header", "name": CSRF_HEADER,
        "description": "The value `csrf_token` of the forms on that session's pages"
    });
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                complete(method, path, operation);
            }
        }
    }
    document
}

/// What a refusal of `/v1` looks like (RFC 9457).
fn problem() -> Value {
    json!({
        "type": "object",
        "description": "What is wrong, for programs and people (RFC 9457)",
        "required": ["type", "title", "status"],
        "properties": {
            "type": { "type": "string", "description": "The kind of problem, as a relative reference" },
            "title": { "type": "string", "description": "The same for all problems of a kind" },
            "status": { "type": "integer", "description": "The status it is answered with", "minimum": 400, "maximum": 599 },
            "detail": { "type": "string", "description": "What is wrong this time" },
            "error": { "type": "string", "description": "The same in one line, as the old API has it" },
            "pointer": { "type": "string", "description": "Which member of the body is wrong, as a JSON Pointer (RFC 6901)" },
        },
        "additionalProperties": true,
    })
}

/// Says of an operation what is true of all of its kind.
fn complete(method: &str, path: &str, operation: &mut Value) {
    operation["operationId"] = json!(id(method, path));
    let is_v1 = path.starts_with("/v1/");
    let anybody = json!({});
    let bearer = json!({ "bearer": [] });
    let changes = method != "get";
    // Where more or others than programs with a token may call, the route says so itself.
    if operation.get("security").is_none() {
        operation["security"] = match is_v1 {
            true => json!([bearer]),
            false => json!([anybody, bearer]),
        };
    }
    let is_space = path.starts_with("/v1/spaces");
    if changes && is_space {
        add_parameter(
            operation,
            "Idempotency-Key",
            (1, 100),
            "Sent again under the same key, a change is made once",
        );
        if path != "/v1/spaces" && !path.contains("/keys") {
            add_parameter(
                operation,
                "If-Match",
                (1, 1000),
                "Only on this version, as `ETag` said it; else 412",
            );
        }
    }
    let takes_a_body = operation.get("requestBody").is_some();
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    if is_v1 {
        for (status, words) in usual_refusals(path, changes, takes_a_body, is_space) {
            responses
                .entry(status)
                .or_insert_with(|| json!({ "description": words }));
        }
    }
    for (status, response) in responses {
        if let Some(response) = response.as_object_mut() {
            respond(path, status, response, is_v1);
        }
    }
}

/// Refusals that every route of `/v1` has.
pub(super) const EVERYWHERE: [(&str, &str); 6] = [
    ("400", "The request cannot be read"),
    ("401", "No token or key, or an unknown one"),
    ("403", "The token or key does not cover that"),
    ("421", "This box does not answer under that name"),
    ("429", "Too many requests; `Retry-After` says when to come back"),
    ("500", "The fault is the box's own and is in its log"),
];

/// Refusals that a route of `/v1` need not name.
fn usual_refusals(
    path: &str,
    changes: bool,
    takes_a_body: bool,
    is_space: bool,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let has_parts = path.contains('{');
    let some = [
        (true, "503", "Busy; `Retry-After` says when to come back"),
        (has_parts, "404", "There is no such thing"),
        (takes_a_body, "413", "The body is too long"),
        (takes_a_body && !is_space, "415", "The body is not `application/json`"),
        (
            is_space && changes,
            "422",
            "A value is out of bounds, or the idempotency key was used for another request",
        ),
        (changes, "507", "The disk is full, nothing was changed"),
    ];
    let some = some
        .into_iter()
        .filter_map(|(applies, status, words)| applies.then_some((status, words)));
    EVERYWHERE.into_iter().chain(some)
}

/// A name for an operation that no other has: its method and the words of its path.
fn id(method: &str, path: &str) -> String {
    let path = path.strip_prefix("/v1").unwrap_or(path);
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let words = path.split(|c| !is_word(c)).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

fn add_parameter(operation: &mut Value, name: &str, (least, most): (u32, u32), description: &str) {
    let parameter = json!({
        "name": name, "in": "header", "required": false, "description": description,
        "schema": { "type": "string", "minLength": least, "maxLength": most },
    });
    match operation["parameters"].as_array_mut() {
        Some(parameters) => parameters.push(parameter),
        None => operation["parameters"] = json!([parameter]),
    }
}

/// Completes one response: its body and its headers.
fn respond(path: &str, status: &str, response: &mut Map<String, Value>, is_v1: bool) {
    let class = status.as_bytes().first().copied();
    let mut headers = Map::new();
    let mut header = |name: &str, kind: &str, words: &str| {
        headers.insert(
            name.to_owned(),
            json!({ "description": words, "schema": { "type": kind } }),
        );
    };
    if matches!(status, "429" | "503" | "507") {
        header("Retry-After", "integer", "Seconds until it is worth another try");
    }
    if status == "401" && is_v1 {
        header("WWW-Authenticate", "string", "`Bearer`");
    }
    let of_a_space = [
        "/v1/spaces",
        "/v1/spaces/{id}",
        "/v1/spaces/{id}/change",
        "/v1/spaces/{id}/reset",
        "/v1/spaces/{id}/maximum",
    ];
    let shows_a_space = of_a_space.contains(&path) && (status == "201" || path != "/v1/spaces");
    if shows_a_space && class == Some(b'2') && status != "204" {
        header("ETag", "string", "The space's version, for `If-Match`");
    }
    if !headers.is_empty() {
        let known = response.entry("headers").or_insert_with(|| json!({}));
        if let Some(known) = known.as_object_mut() {
            for (name, value) in headers {
                known.entry(name).or_insert(value);
            }
        }
    }
    if !is_v1 {
        return;
    }
    if matches!(class, Some(b'4' | b'5')) {
        let reference = json!({ "$ref": "#/components/schemas/Problem" });
        response.insert(
            "content".to_owned(),
            json!({ "application/problem+json": { "schema": reference } }),
        );
    } else if status == "200" && path.ends_with("/events") {
        let events =
            json!({ "schema": { "type": "string", "description": "Server-sent events, each with JSON as its data" } });
        response.insert("content".to_owned(), json!({ "text/event-stream": events }));
    } else if status == "200" {
        let others: &[&str] = match path.rsplit('/').next() {
            Some("intervals" | "readings" | "history") => &["text/csv", "application/x-ndjson"],
            _ => &[],
        };
        let content = response
            .entry("content")
            .or_insert_with(|| json!({ "application/json": { "schema": { "type": "object" } } }));
        for kind in others {
            content[*kind] = json!({ "schema": { "type": "string" } });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Every operation: method, path, and what is said of it.
    fn operations(document: &Value) -> Vec<(String, &Value)> {
        let paths = document["paths"].as_object().unwrap();
        let all = paths.iter().flat_map(|(path, item)| {
            METHODS
                .into_iter()
                .filter_map(move |method| Some((format!("{method} {path}"), item.get(method)?)))
        });
        all.collect()
    }

    #[test]
    fn it_is_openapi_3_1_with_every_route_of_the_old_api() {
        let document = document();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        assert!(document["paths"]["/space/{id}/increment"]["put"].is_object());
        assert_eq!(document["info"]["license"]["identifier"], "Apache-2.0");
    }

    #[test]
    fn operations_have_names_of_their_own_and_parameters_where_they_are() {
        let document = document();
        let mut names = BTreeSet::new();
        for (at, operation) in operations(&document) {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{at}: {name} is there twice");
            let mut parameters = BTreeSet::new();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let (name, place) = (parameter["name"].as_str().unwrap(), parameter["in"].as_str().unwrap());
                assert!(parameters.insert((name, place)), "{at}: {name} is there twice");
                let in_path = at.contains(&format!("{{{name}}}"));
                assert_eq!(place == "path", in_path, "{at}: {name} in {place}");
                assert!(!in_path || parameter["required"] == json!(true), "{at}: {name}");
            }
            let named = at.matches('{').count();
            let declared = parameters.iter().filter(|(_, place)| *place == "path").count();
            assert_eq!(declared, named, "{at}");
        }
        assert!(names.len() > 30);
    }

    #[test]
    fn every_refusal_of_v1_is_a_problem_and_every_route_asks_who() {
        let document = document();
        for (at, operation) in operations(&document) {
            assert!(operation["security"].is_array(), "{at}");
            if !at.contains(" /v1/") {
                continue;
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                let content = &response["content"];
                if status.starts_with(['4', '5']) {
                    assert!(content["application/problem+json"].is_object(), "{at} {status}");
                } else if status == "200" || status == "201" {
                    assert!(content.is_object(), "{at} {status}");
                }
                if ["429", "503"].contains(&status.as_str()) {
                    assert!(response["headers"]["Retry-After"].is_object(), "{at} {status}");
                }
            }
        }
    }

    #[test]
    fn no_two_schemas_share_a_name() {
        let mut known: BTreeMap<String, Value> = BTreeMap::new();
        for part in parts() {
            let part = serde_json::to_value(part).unwrap();
            for (name, schema) in part["components"]["schemas"].as_object().into_iter().flatten() {
                if let Some(other) = known.insert(name.clone(), schema.clone()) {
                    assert_eq!(&other, schema, "{name} is the name of two");
                }
            }
        }
        assert!(known.len() > 20);
    }
}
