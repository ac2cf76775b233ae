//! `POST /api/v1/authorize/token`: codes and refresh tokens become access tokens (RFC 6749 §4.1.3, §6; PER §3).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use serde_json::json;

use super::super::access_token::{Claims, Confirmation};
use super::super::ledger::{self, NotRedeemed, Presented, REFRESH_PREFIX, Redeemed};
use super::super::refusal::Refusal;
use super::super::room::Perseus;
use super::super::rows::{GrantRow, PermissionRow};
use super::answer::{Refused, json as answer};
use super::asked::Asked;
use crate::accounts::{AUDIT, Secret, random};

/// Seconds that an access token lives (PER §3.1: at most an hour).
const LIFE: i64 = 900;

pub(super) async fn token(State(room): State<Arc<Perseus>>, request: Request) -> Result<Response, Refused> {
    let asked = Asked::of(&room, request).await?;
    room.token_rate
        .check(&asked.client().to_owned())
        .map_err(|problem| Refused::until(Refusal::TooMany, problem.retries_after()))?;
    let now = room.now()?;
    match asked.form.needed("grant_type", Refusal::NoGrantType)? {
        "authorization_code" => redeem(&room, &asked, now).await,
        "refresh_token" => refresh(&room, &asked, now),
        _ => Err(Refusal::GrantType.into()),
    }
}

async fn redeem(room: &Perseus, asked: &Asked, now: Timestamp) -> Result<Response, Refused> {
    let refresh = Secret::random(REFRESH_PREFIX);
    let sealed = room.seal(&asked.caller.application.url, &refresh);
    let presented = Presented {
        refresh: (refresh, sealed),
        code: Secret::given(asked.form.needed("code", Refusal::NoCode)?),
        client: asked.client().to_owned(),
        redirect_uri: Some(asked.form.needed("redirect_uri", Refusal::NoRedirectUri)?.to_owned()),
        verifier: asked.form.get("code_verifier").map(str::to_owned),
    };
    let redeemed = room
        .store
        .write(move |page| ledger::redeem_on(page, &presented, now))
        .await;
    let redeemed = redeemed.map_err(|error| {
        tracing::warn!(%error, "a code was not redeemed");
        Refusal::Unavailable
    })?;
    let client = asked.client();
    match redeemed {
        // Whose data it was is gone meanwhile.
        Ok(Redeemed { permission, .. }) if !room.is_known(&permission) => Err(Refusal::Code.into()),
        Ok(Redeemed {
            grant,
            permission,
            refresh,
        }) => {
            tracing::info!(target: AUDIT, client, permission = permission.id, "a code became a token");
            Ok(tokens(room, asked, (&grant, &permission), &refresh, now))
        }
        Err(NotRedeemed { refusal, ended }) => {
            match ended {
                Some(permission) => {
                    tracing::warn!(target: AUDIT, client, permission, "a code came twice: what came of the first time was ended");
                }
                None => tracing::warn!(target: AUDIT, client, why = %refusal, "a code was refused"),
            }
            Err(refusal.into())
        }
    }
}

fn refresh(room: &Perseus, asked: &Asked, now: Timestamp) -> Result<Response, Refused> {
    let token = Secret::given(asked.form.needed("refresh_token", Refusal::NoRefreshToken)?);
    let found = ledger::by_refresh_token(&room.store, &token).map_err(|error| {
        tracing::error!(%error, "a refresh token could not be looked up");
        Refusal::Ours
    })?;
    let found = found.filter(|(grant, permission)| {
        grant.client == asked.client() && grant.ended.is_none() && permission.is_live(now) && room.is_known(permission)
    });
    let client = asked.client();
    let Some((grant, permission)) = found else {
        tracing::warn!(target: AUDIT, client, "a refresh token was refused");
        return Err(Refusal::RefreshToken.into());
    };
    let wanted = asked.form.get("scope");
    if wanted.is_some_and(|wanted| !grant.scope.covers(wanted, room.config.plus_scope)) {
        return Err(Refusal::WiderScope.into());
    }
    tracing::info!(target: AUDIT, client, permission = permission.id, "a refresh token was used");
    Ok(tokens(room, asked, (&grant, &permission), &token, now))
}

fn tokens(
    room: &Perseus,
    asked: &Asked,
    (grant, permission): (&GrantRow, &PermissionRow),
    refresh: &Secret,
    now: Timestamp,
) -> Response {
    let issued = now.as_second();
    let ends = issued.saturating_add(LIFE).min(permission.expires.as_second());
    let claims = Claims {
        iss: room.places.issuer.clone(),
        sub: permission.account.clone(),
        aud: vec![room.places.resource.clone()],
        client_id: grant.client.clone(),
        scope: permission.licence.clone(),
        scp: vec![permission.licence.clone()],
        iat: issued,
        nbf: issued,
        exp: ends,
        jti: BASE64URL_NOPAD.encode(&random::<16>()),
        cnf: Confirmation {
            x5t_s256: asked.caller.certificate.x5t_s256(),
        },
        pid: permission.id.clone(),
        gid: grant.id.clone(),
        epoch: room.store.epoch().0,
    };
    let body = json!({
        "access_token": room.keys.signing().sign(&claims),
        "token_type": "Bearer",
        "expires_in": ends - issued,
        "refresh_token": refresh.reveal(),
        "scope": permission.licence,
    });
    answer(StatusCode::OK, body)
}
