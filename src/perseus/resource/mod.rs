//! The door to data: who may see what of which meter (PER §6).

mod access;
mod answer;
mod answering;
mod datasources;
mod format;
mod readings;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;

use super::room::Perseus;

/// The data API, behind the mtls door.
pub(super) fn router(room: &Arc<Perseus>) -> Router {
    Router::new()
        .route("/", any(datasources::root))
        .route("/heartbeat", any(datasources::heartbeat))
        .route("/datasources", any(datasources::list))
        .route("/datasources/", any(datasources::list))
        .route("/datasources/{*measure}", any(readings::readings))
        .route("/provenance/{origin}", any(readings::provenance))
        .with_state(Arc::clone(room))
}
