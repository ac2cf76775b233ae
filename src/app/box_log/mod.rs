//! The newest lines of the log for whoever runs the box and may read of meters and spaces: `/v1/log` and the page `/box/log`.

mod desk;
mod page;
mod v1;

use std::sync::Arc;

use axum::Router;
use tokio::sync::watch;

use super::log_ring::LogRing;
use crate::accounts::Bearers;
use crate::face::{BoxApi, Face, PageState, secured};
use crate::meter::Meters;

use desk::LogDesk;
pub(super) use v1::Docs;

/// The routes, for programs and for pages.
pub(super) fn router(
    (ring, meters): (LogRing, watch::Receiver<Option<Arc<Meters>>>),
    bearers: Arc<Bearers>,
    face: &Face,
) -> Router {
    let desk = Arc::new(LogDesk {
        ring,
        accounts: bearers.accounts().clone(),
        meters,
    });
    let api = BoxApi {
        room: Arc::clone(&desk),
        bearers,
        face: face.clone(),
    };
    let page = PageState {
        room: desk,
        face: face.clone(),
    };
    v1::router()
        .with_state(api)
        .merge(secured(page::router().with_state(page)))
}
