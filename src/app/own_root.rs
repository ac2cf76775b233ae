//! `/root.pem`: the root that the box's own certificates lead to, for phones and programs that are to trust it. It is no
//! secret, and proves nothing by itself: whoever trusts it compares its fingerprint with what the installer hands over.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::http::Problem;
use crate::pki::{Hierarchy, Pki, pem};

/// As the platforms of phones and browsers know certificates that they may be asked to trust.
const KIND: &str = "application/x-x509-ca-cert";

pub(super) fn router(pki: Pki) -> Router {
    Router::new().route("/root.pem", get(root)).with_state(pki)
}

/// Asked for each time: an authority can be made anew while the box runs.
async fn root(State(pki): State<Pki>) -> Response {
    match pki.roots(Hierarchy::Server) {
        Ok(roots) => {
            // The first is the box's own; authorities that it took over are others'.
            let text: String = roots.iter().take(1).map(pem::encoded).collect();
            let name = "inline; filename=\"gatelodge-root.pem\"";
            ([(CONTENT_TYPE, KIND), (CONTENT_DISPOSITION, name)], text).into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "the root was asked for, and there is none");
            let what = "This box has no authority of its own now";
            Problem::new(StatusCode::NOT_FOUND, "not-found", what).into_response()
        }
    }
}
