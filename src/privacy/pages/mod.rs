//! The pages: what the box holds of somebody, the archive of it, and having it erased (PRIV §1, §2).

mod answers;
mod forget;
mod mine;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::room::PersonalData;
use crate::face::{Face, PageState, secured};

/// The pages, behind the https door.
pub fn router(data: &Arc<PersonalData>, face: &Face) -> Router {
    let state = PageState {
        room: Arc::clone(data),
        face: face.clone(),
    };
    let routes = Router::new()
        .route("/me/data", get(mine::show).post(mine::take))
        .route("/me/data/stop", post(mine::stop))
        .route("/me/data/archive", get(mine::archive))
        .route("/me/forget", get(forget::ask).post(forget::forget))
        .route("/erasures/{id}", get(forget::shown))
        .with_state(state);
    secured(routes)
}
