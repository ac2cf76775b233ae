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

async fn list(State(desk): State<AdminState>) -> Result<Json<Vec<CertificateShown>>, AdminError> {
    Ok(Json((desk.running()?.status)().certificates))
}

async fn renew(State(desk): State<AdminState>) -> Result<Json<Renewed>, AdminError> {
    acme(&desk)?.renew().await.map(Json).map_err(AdminError::failed)
}

async fn rehearse(State(desk): State<AdminState>) -> Result<Json<Vec<Step>>, AdminError> {
    Ok(Json(acme(&desk)?.rehearse().await))
}

fn acme(desk: &AdminState) -> Result<Acme, AdminError> {
    let acme = desk.running()?.acme.borrow().clone();
    acme.ok_or_else(|| {
        AdminError::bad("no door shows a certificate by ACME: set https.certificate = \"acme\" and [acme], then reload")
    })
}
