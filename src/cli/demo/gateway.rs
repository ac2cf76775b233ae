//! A peer of the demonstration's relay: a gateway that waits at `gw/demo` and answers with the box's own metrics, so
//! that a partner has something to ask.

use std::path::PathBuf;
use std::time::Duration;

use axum::http::Uri;

use crate::app::Ready;
use crate::http::way_out::WayOut;
use crate::relay::PREFIX;
use crate::relay::bridge::responder::{Responder, Target};
use crate::relay::bridge::{Bundle, Dialing, Link, Names};

/// Where it waits.
pub(super) const ID: &str = "gw/demo";
/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The certificates it needs.
pub(super) struct Gateway {
    pub(super) bundle: PathBuf,
    pub(super) authority: PathBuf,
}

/// The relay's address, to which an id is added.
pub(super) fn url(ready: &Ready) -> Option<String> {
    let address = ready.doors.get("relay")?.first()?;
    Some(format!("wss://{address}{PREFIX}"))
}

impl Gateway {
    /// Waits for partners and answers them, for ever.
    pub(super) async fn run(self, ready: Ready) {
        let waits = url(&ready).and_then(|url| format!("{url}{ID}").parse::<Uri>().ok());
        let metrics = ready.doors.get("metrics").and_then(|addresses| addresses.first());
        let authority = metrics.and_then(|address| address.to_string().parse().ok());
        let bundle = Bundle {
            own: Some(self.bundle),
            authority: self.authority,
            names: Names::Checked,
        };
        match (waits, authority, bundle.read()) {
            (Some(url), Some(authority), Ok(tls)) => {
                let link = Link::default();
                let target = Target {
                    prefix: "/".to_owned(),
                    authority,
                    base: String::new(),
                };
                let responder = Responder::new(link.clone(), vec![target], Vec::new(), PATIENCE);
                let dialing = Dialing {
                    way: WayOut::default(),
                    urls: vec![url],
                    tls,
                    class: "gatelodge-demo-gateway",
                };
                link.keep(dialing, move |message| responder.heard(message)).await;
            }
            (_, _, Err(error)) => tracing::warn!(%error, "the demo's gateway has no certificate"),
            (_, _, Ok(_)) => tracing::warn!("the demo's gateway finds no door"),
        }
        std::future::pending().await
    }
}
