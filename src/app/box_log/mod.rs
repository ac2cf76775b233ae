//! The newest lines of the log for whoever runs the box and may read of meters and spaces: `/v1/log` and the page `/box/log`.

mod desk;
mod page;
mod v1;

use std::sync::Arc;

use axum::Router;
use tokio::sync::watch;

use super::log_ring::LogRing;
use crate::accounts::Bearers;
use crate::face::{Face, mounted};
use crate::meter::Meters;

use desk::LogDesk;
pub(super) use v1::Docs;

/// The routes, for programs and for pages.
pub(super) fn router(
    (ring, meters): (LogRing, watch::Receiver<Option<Arc<Meters>>>),
    bearers: Arc<Bearers>,
    face: &Face,
) -> Router {
    let desk = LogDesk {
        ring,
        accounts: bearers.accounts().clone(),
        meters,
    };
    mounted(desk, (bearers, face), (v1::router(), page::router()))
}
