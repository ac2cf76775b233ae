//! `POST /api/v1/authorize/revoke`: an application gives back what it was given (RFC 7009).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::access_token::verify_signed;
use super::super::ledger;
use super::super::refusal::Refusal;
use super::super::room::Perseus;
use super::super::rows::Revoker;
use super::answer::{Refused, json as answer};
use super::asked::Asked;
use crate::accounts::{AUDIT, Secret};
use crate::store::RowError;

/// A token that has ended may still be taken for good by a clock that is behind.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

pub(super) async fn revoke(State(room): State<Arc<Perseus>>, request: Request) -> Result<Response, Refused> {
    let asked = Asked::of(&room, request).await?;
    let text = asked.form.needed("token", Refusal::NoToken)?;
    let now = room.store.now();
    let token = Secret::given(text);
    let found = ledger::by_refresh_token(&room.store, &token).map_err(|error| {
        tracing::error!(%error, "a token could not be looked up");
        Refusal::Ours
    })?;
    // One that ended already takes nothing with it, least of all what came after it.
    let found = found.filter(|(grant, _)| grant.client == asked.client());
    if let Some((grant, row)) = found {
        if grant.ended.is_none() {
            room.revoke(&row.id, Revoker::Application).await?;
        }
    } else if let Ok(claims) = verify_signed(text, |kid| room.keys.of(kid))
        && claims.client_id == asked.client()
    {
        let ends = Timestamp::from_second(claims.exp).unwrap_or(now);
        let ends = ends.max(now).saturating_add(MARGIN).unwrap_or(Timestamp::MAX);
        let jti = claims.jti.clone();
        let written = room.store.write(move |page| {
            ledger::revoke_access_token_on(page, &jti, ends)?;
            Ok::<(), RowError>(())
        });
        written.await.map_err(|error| {
            tracing::warn!(%error, "an access token was not revoked");
            Refusal::Unavailable
        })?;
        tracing::info!(target: AUDIT, client = asked.client(), permission = claims.pid, "an access token was revoked");
    }
    Ok(answer(
        StatusCode::OK,
        json!({ "status": "success", "message": "Token revoked" }),
    ))
}
