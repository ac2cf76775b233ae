//! Backups for whoever runs the box: `/v1/backups` and the page `/box/backups`. What is asked for here is done by the house's own
//! service of backups, one thing after the other.

mod desk;
mod page;
mod v1;

use std::sync::Arc;

use axum::Router;
use tokio::sync::watch;

use super::parts::Schedule;
use crate::accounts::Bearers;
use crate::admin::Backups;
use crate::face::{Face, mounted};

use desk::BackupDesk;
pub(super) use v1::Docs;

/// The service, which is not there without `[backup]`.
type Scheduled = watch::Receiver<Option<Arc<Schedule>>>;

/// The routes, for programs and for pages.
pub(super) fn router((backups, schedule): (Backups, Scheduled), bearers: Arc<Bearers>, face: &Face) -> Router {
    let desk = BackupDesk { backups, schedule };
    mounted(desk, (bearers, face), (v1::router(), page::router()))
}
