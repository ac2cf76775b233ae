//! `/root.pem`: the root that the box's own certificates lead to, for phones and programs that are to trust it; and
//! `/signing-root.pem`, to which the signatures of consented data lead. They are no secret, and prove nothing by themselves:
//! whoever trusts one compares its fingerprint with what the installer hands over.

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
    Router::new()
        .route(
            "/root.pem",
            get(async |State(pki): State<Pki>| root(&pki, Hierarchy::Server, "gatelodge-root")),
        )
        .route(
            "/signing-root.pem",
            get(async |State(pki): State<Pki>| root(&pki, Hierarchy::Signing, "gatelodge-signing-root")),
        )
        .with_state(pki)
}

/// Asked for each time: an authority can be made anew while the box runs.
fn root(pki: &Pki, hierarchy: Hierarchy, called: &str) -> Response {
    match pki.roots(hierarchy) {
        Ok(roots) => {
            // The first is the box's own; authorities that it took over are others'.
            let text: String = roots.iter().take(1).map(pem::encoded).collect();
            let name = format!("inline; filename=\"{called}.pem\"");
            ([(CONTENT_TYPE, KIND.to_owned()), (CONTENT_DISPOSITION, name)], text).into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "the root was asked for, and there is none");
            let what = "This box has no authority of its own now";
            Problem::new(StatusCode::NOT_FOUND, "not-found", what).into_response()
        }
    }
}
