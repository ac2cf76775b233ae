//! A certificate that another ACME client had issued (MOVE §6).

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::super::AdminState;
use super::super::meters::origin;
use super::super::problem::AdminError;
use super::piece::Outcome;
use crate::accounts::AUDIT;

/// A certificate with its key.
#[derive(Serialize, Deserialize)]
pub struct NewServed {
    /// The certificate and those between it and its authority, PEM.
    pub chain: String,
    /// PEM.
    pub key: Zeroizing<String>,
    pub dry_run: bool,
}

pub(super) async fn take(
    State(state): State<AdminState>,
    Json(new): Json<NewServed>,
) -> Result<Json<Outcome>, AdminError> {
    let acme = state.running()?.acme.borrow().clone();
    let Some(acme) = acme else {
        return Ok(Json(Outcome::refused(
            "the https door orders no certificate by ACME: with [https] certificate = \"acme\" and acme.domains it takes this one over",
        )));
    };
    // The key stands first, as in what is issued.
    let pem = Zeroizing::new(format!("{}\n{}", new.key.trim_end(), new.chain));
    Ok(Json(match acme.bring(pem.as_bytes(), new.dry_run).await {
        Ok(Some(served)) => {
            let names = served.names.join(", ");
            if !new.dry_run {
                let by = origin().by;
                tracing::info!(target: AUDIT, by, names, not_after = %served.not_after, "a certificate came in from another ACME client");
            }
            let until = format!(
                "for {names}, shown until the box renews it; it ends on {}",
                served.not_after
            );
            Outcome::taken().because(Some(until))
        }
        Ok(None) => Outcome::already(),
        Err(error) => Outcome::refused(format!("{error} (the box orders for {})", acme.names().join(", "))),
    }))
}
