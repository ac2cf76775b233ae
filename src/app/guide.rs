//! The pages below `/docs` that are read on the box, without a network: what everybody forgets one day, and what programs of
//! others want to know. Their commands stand in `<pre class="run">`, and tests run them.

use askama::Template;
use axum::Router;
use axum::routing::get;

use crate::face::{Face, Shell, Visitor, secured};

/// For whom a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shelf {
    /// Whoever stands before a box that does not do what it did.
    BadDay,
    /// Whoever writes a program.
    Programs,
}

/// A page.
#[derive(Clone, Copy)]
pub(super) struct Guide {
    /// Its address below `/docs`.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) shelf: Shelf,
    /// As it stands in `web/guide`.
    body: &'static str,
}

/// A page of that name in `web/guide`.
macro_rules! guide {
    ($shelf:ident, $name:literal, $title:literal) => {
        Guide {
            name: $name,
            title: $title,
            shelf: Shelf::$shelf,
            body: include_str!(concat!("../../web/guide/", $name, ".html")),
        }
    };
}

/// All of them, in the order in which they are listed.
pub(super) const GUIDES: &[Guide] = &[
    guide!(BadDay, "lost-password", "A lost password"),
    guide!(BadDay, "lost-authority", "The box's own authority is lost"),
    guide!(BadDay, "replaced-meter", "A meter was replaced"),
    guide!(BadDay, "replaced-box", "The box was replaced"),
    guide!(BadDay, "changed-network", "The network changed"),
    guide!(BadDay, "wrong-clock", "The clock was wrong"),
    guide!(BadDay, "full-disk", "The disk is full"),
    guide!(BadDay, "after-a-winter", "Everything expired after a winter off"),
    guide!(Programs, "meters", "Meters over HTTPS"),
    guide!(Programs, "consented-data", "Energy data that people allow you to see"),
    guide!(Programs, "mqtt", "What a broker is told"),
    guide!(Programs, "webhooks", "Webhooks, and who sent them"),
    guide!(Programs, "relay", "Meeting at the relay"),
    guide!(Programs, "grpc", "The mediator over gRPC"),
    guide!(Programs, "backup", "Backups, and collecting them"),
];

#[derive(Template)]
#[template(path = "guide.html", config = ".askama.toml")]
struct GuidePage {
    shell: Shell,
    title: &'static str,
    body: &'static str,
}

/// Serves them. Each is written once in each language of the pages, here: all are in English, and say so.
pub(super) fn router(face: &Face) -> Router {
    let pages = GUIDES.iter().fold(Router::new(), |router, guide| {
        let page = face.fixed("docs", |shell| GuidePage {
            shell,
            title: guide.title,
            body: guide.body,
        });
        let show = async move |visitor: Visitor| page.for_reader(&visitor);
        router.route(&format!("/docs/{}", guide.name), get(show))
    });
    secured(pages.with_state(face.clone()))
}
