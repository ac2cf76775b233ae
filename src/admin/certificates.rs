//! `cert …`: what the doors show, and the one that ACME renews.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};

use super::problem::Refusal;
use super::status::running;
use super::{CertificateShown, Desk};
use crate::tls::{Acme, Renewed, Step};

pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/certificates", get(list))
        .route("/certificates/renewal", post(renew))
        .route("/certificates/rehearsal", post(rehearse))
}

async fn list(State(desk): State<Desk>) -> Result<Json<Vec<CertificateShown>>, Refusal> {
    Ok(Json((running(&desk)?.status)().certificates))
}

async fn renew(State(desk): State<Desk>) -> Result<Json<Renewed>, Refusal> {
    acme(&desk)?.renew().await.map(Json).map_err(Refusal::failed)
}

async fn rehearse(State(desk): State<Desk>) -> Result<Json<Vec<Step>>, Refusal> {
    Ok(Json(acme(&desk)?.rehearse().await))
}

fn acme(desk: &Desk) -> Result<Acme, Refusal> {
    let acme = running(desk)?.acme.borrow().clone();
    acme.ok_or_else(|| {
        Refusal::bad("no door shows a certificate by ACME: set https.certificate = \"acme\" and [acme], then reload")
    })
}
