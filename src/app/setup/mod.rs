//! `/setup`, the first day of a box: seven steps, the same as `gatelodge quickstart` walks, each as the box is now, with the
//! next move. Nothing is remembered of where somebody stopped; only that they set the page aside.

mod aside;
pub mod clock;
mod desk;
pub(super) mod empty;
mod folk;
mod outside;
mod pages;
mod place;
pub mod sheet;
mod steps;
mod told;
mod v1;

use std::sync::Arc;

use axum::Router;

use super::reach::Reach;
use crate::accounts::Bearers;
use crate::admin::AdminState;
use crate::config::Config;
use crate::face::{Face, mounted};

pub(super) use aside::SetAside;
use desk::SetupDesk;
pub(super) use v1::Docs;

/// The routes, for programs and for pages.
pub(super) fn router(admin: AdminState, config: &Config, bearers: Arc<Bearers>, face: &Face) -> Router {
    let desk = SetupDesk::new(admin, Reach::of(config), config);
    mounted(desk, (bearers, face), (v1::router(), pages::router()))
}
