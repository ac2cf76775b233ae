//! `/box/people`: who may sign in, what is theirs, and what programs carry.

mod ask;
mod common;
mod list;
mod made;
mod one;
mod tokens;

use axum::Router;
use axum::routing::{get, post};

use super::desk::PeopleDesk;
use crate::face::PageState;

pub(super) fn router() -> Router<PageState<PeopleDesk>> {
    Router::new()
        .route("/box/people", get(list::show).post(list::add))
        .route("/box/people/{name}", get(one::show))
        .route("/box/people/{name}/meters", post(one::meters))
        .route("/box/people/{name}/spaces", post(one::spaces))
        .route("/box/people/{name}/invitation", post(made::invite))
        .route("/box/people/{name}/move-out", get(ask::move_out).post(ask::moved_out))
        .route("/box/people/{name}/remove", get(ask::remove).post(ask::removed))
        .route("/box/tokens", get(tokens::show).post(tokens::create))
        .route("/box/tokens/{id}/revoke", get(tokens::ask_revoke).post(tokens::revoke))
}
