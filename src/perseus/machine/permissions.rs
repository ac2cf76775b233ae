//! `POST /api/v1/permissions`: what stands behind a refresh token (PER §4.4).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::json;

use super::super::ledger;
use super::super::refusal::Refusal;
use super::super::room::Perseus;
use super::answer::{Refused, json as answer};
use super::asked::Asked;
use crate::accounts::Secret;

pub(super) async fn permissions(State(room): State<Arc<Perseus>>, request: Request) -> Result<Response, Refused> {
    let asked = Asked::of(&room, request).await?;
    let token = Secret::given(asked.form.needed("token", Refusal::NoToken)?);
    let found = ledger::by_refresh_token(&room.store, &token).map_err(|error| {
        tracing::error!(%error, "a permission could not be looked up");
        Refusal::Ours
    })?;
    // Another application's is answered like one that is not.
    let Some((grant, row)) = found.filter(|(grant, _)| grant.client == asked.client()) else {
        let body = json!({ "detail": "No permissions found for token" });
        return Ok(answer(StatusCode::NOT_FOUND, body));
    };
    let at = |at: Timestamp| format!("{at:.0}");
    let revoked = row.revoked.as_ref().map(|revoked| at(revoked.at));
    let evidence = format!("{}/evidence/{}", room.places.issuer, row.evidence);
    let mut permission = json!({
        "oauthIssuer": room.places.issuer,
        "client": row.client,
        "license": row.licence,
        "account": row.account,
        "lastGranted": at(row.renewed),
        "expires": at(row.expires),
        "evidence": evidence,
        "dataAvailableFrom": at(row.data_from),
        "tokenIssuedAt": at(grant.issued),
        "tokenExpires": at(grant.ended.as_ref().map_or(row.expires, |(ended, _)| *ended)),
    });
    let mut permissions = permission.clone();
    permissions["refreshToken"] = json!(token.reveal());
    permissions["revoked"] = json!(revoked);
    permissions["evidenceId"] = json!(row.evidence);
    if let Some(revoked) = revoked {
        permission["revoked"] = json!(revoked);
    }
    Ok(answer(
        StatusCode::OK,
        json!({ "permissions": permissions, "permission": permission }),
    ))
}
