//! The pages as a program on somebody's phone: its name and signs (W3C Web Application Manifest), and the worker that keeps
//! what a door needs while the box is away (W3C Service Workers).

use askama::Template;
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::json;

use super::{Face, Shell, Visitor, secured};

/// What a phone may ask for anew each time: a worker of another build takes over at once.
const ASK: HeaderValue = HeaderValue::from_static("no-cache");

/// Files of the shell, beside the notice.
const SHELL: [&str; 4] = ["style.css", "door.js", "icon.svg", "icon-192.png"];

/// The ground behind the icon.
const GROUND: &str = "#1d4d4f";

#[derive(Template)]
#[template(path = "away.html", config = ".askama.toml")]
struct AwayPage {
    shell: Shell,
}

/// The routes. None of them says anything of anybody.
pub(super) fn router(face: &Face) -> Router {
    let (manifest, worker) = (manifest(face), worker(face));
    let away = face.fixed("away", |shell| AwayPage { shell });
    let pages = Router::new()
        .route("/away", get(async move |visitor: Visitor| away.for_reader(&visitor)))
        .route(
            "/manifest.webmanifest",
            get(async move || ([(CONTENT_TYPE, "application/manifest+json")], manifest.clone())),
        )
        .route("/worker.js", get(async move || script(worker.clone())));
    secured(pages.with_state(face.clone()))
}

fn script(worker: String) -> impl IntoResponse {
    let kind = HeaderValue::from_static("text/javascript; charset=utf-8");
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, ASK)], worker)
}

fn manifest(face: &Face) -> String {
    let name = &face.inner.site.name;
    let icon = |file: &str, sizes: &str, kind: &str| json!({ "src": face.asset(file), "sizes": sizes, "type": kind });
    json!({
        "id": "/", "start_url": "/", "scope": "/", "display": "standalone",
        "name": name, "short_name": name,
        "lang": face.first_language().tag(),
        "background_color": GROUND, "theme_color": GROUND,
        "icons": [
            icon("icon-192.png", "192x192", "image/png"), icon("icon-512.png", "512x512", "image/png"),
            icon("icon.svg", "any", "image/svg+xml"),
        ],
    })
    .to_string()
}

/// The worker, with what it keeps as this build has it.
fn worker(face: &Face) -> String {
    let mut shell = vec!["/away".to_owned()];
    shell.extend(SHELL.iter().map(|file| face.asset(file)));
    let build = face.asset("");
    format!(
        "const BUILD = {}, SHELL = {};\n{}",
        json!(build),
        json!(shell),
        include_str!("../../web/assets/worker.js")
    )
}
