//! `cert …`: what the doors show, and the one that ACME renews.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};

use super::problem::AdminError;
use super::{AdminState, CertificateShown};
use crate::tls::{Acme, Renewed, Step};

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/certificates", get(list))
        .route("/certificates/renewal", post(renew))
        .route("/certificates/rehearsal", post(rehearse))
}

async fn list(State(state): State<AdminState>) -> Result<Json<Vec<CertificateShown>>, AdminError> {
    Ok(Json((state.running()?.status)().certificates))
}

async fn renew(State(state): State<AdminState>) -> Result<Json<Renewed>, AdminError> {
    acme(&state)?.renew().await.map(Json).map_err(AdminError::failed)
}

async fn rehearse(State(state): State<AdminState>) -> Result<Json<Vec<Step>>, AdminError> {
    Ok(Json(acme(&state)?.rehearse().await))
}

fn acme(state: &AdminState) -> Result<Acme, AdminError> {
    let acme = state.running()?.acme.borrow().clone();
    acme.ok_or_else(|| {
        AdminError::bad("no door shows a certificate by ACME: set https.certificate = \"acme\" and [acme], then reload")
    })
}
