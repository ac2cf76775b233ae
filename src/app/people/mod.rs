//! People and tokens for whoever manages them: `/v1/people`, `/v1/tokens` and the pages under `/box/people`, each of whose
//! actions is one call of the API.

mod desk;
mod pages;
mod refusal;
mod typed;
mod v1;

use std::sync::Arc;

use axum::Router;

use super::reach::Reach;
use crate::accounts::Bearers;
use crate::admin::AdminState;
use crate::face::{Face, mounted};

use desk::PeopleDesk;
pub(super) use refusal::Refusal;
pub(super) use v1::Docs;

/// The routes, for programs and for pages.
pub(super) fn router((admin, reach): (AdminState, Reach), bearers: Arc<Bearers>, face: &Face) -> Router {
    let desk = PeopleDesk { admin, reach };
    mounted(desk, (bearers, face), (v1::router(), pages::router()))
}
