//! Doors and certificates for whoever runs the box: `/v1/doors`, `/v1/certificates` and the page `/box/doors`.

mod desk;
mod page;
mod v1;

use std::sync::Arc;

use axum::Router;
use tokio::sync::watch;

use super::box_page::Report;
use super::reach::Reach;
use crate::accounts::Bearers;
use crate::face::{Face, mounted};
use crate::pki::Pki;
use crate::tls::Acme;

use desk::DoorDesk;
pub(super) use v1::Docs;

/// The routes, for programs and for pages.
pub(super) fn router(
    (report, reach): (Report, Reach),
    (pki, acme): (Pki, watch::Receiver<Option<Acme>>),
    bearers: Arc<Bearers>,
    face: &Face,
) -> Router {
    let desk = DoorDesk {
        report,
        pki,
        reach,
        acme,
    };
    mounted(desk, (bearers, face), (v1::router(), page::router()))
}
