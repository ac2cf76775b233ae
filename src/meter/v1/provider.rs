//! `POST /v1/topups/{provider}`: codes that a company which sells them hands over itself, signed (EMOP §21.6).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::Api;
use super::body::{object, whole};
use super::error::ApiError;
use super::tokens::created;
use crate::http::once::Once;
use crate::meter::topup::provider::{Message, ProviderError, Signed};
use crate::meter::topup::{NewTopup, Origin, Through};

/// A code of a provider.
#[derive(utoipa::ToSchema)]
#[schema(as = ProvidedTopup)]
#[expect(dead_code, reason = "utoipa reads it; what comes is read into another type")]
pub(super) struct Described {
    /// The meter's serial.
    #[schema(example = "EML2137580826")]
    meter: String,
    /// Twenty digits.
    #[schema(example = "71466394621589161020")]
    token: String,
    /// What it is worth, in pounds.
    #[schema(example = "20.00")]
    amount: Option<String>,
}

/// Takes a code from a provider.
#[utoipa::path(post, path = "/v1/topups/{provider}", tag = "meters", request_body = Described, security(()),
    params(("provider" = String, Path, description = "The name of a `[[meters.provider]]`"), ("webhook-id" = String, Header, description = "The message's id: the same message again is the same top-up"), ("webhook-timestamp" = String, Header, description = "Seconds since 1970"), ("webhook-signature" = String, Header, description = "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`")),
    responses((status = 202, description = "It will be sent", body = super::tokens::TopupV1), (status = 200, description = "It was given before", body = super::tokens::TopupV1), (status = 400, description = "The message cannot be read"), (status = 401, description = "The signature or its time is not right"), (status = 409, description = "The meter takes no codes, or the id was used for another message")))]
pub(super) async fn topup(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = whole(body)?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signed = || {
        Some(Signed {
            id: text("webhook-id")?,
            seconds: text("webhook-timestamp")?,
            signature: text("webhook-signature")?,
        })
    };
    let signed = signed().ok_or(ProviderError::Headers)?;
    let known = api.room.providers().iter().find(|provider| provider.name == name);
    let provider = known.ok_or(ProviderError::Signature)?;
    provider.check(&signed, &body, api.room.now())?;
    let message: Message = object(&body)?;
    let by = format!("provider {name}");
    let mark = api.room.mark_of(&message.meter, &message.token)?;
    let amount = message.amount.map(|amount| amount.to_string()).unwrap_or_default();
    // A seller who names a message by its code is served, and the code is kept nowhere.
    let key = (!message.token.is_in(signed.id)).then(|| signed.id.to_owned());
    let new = NewTopup {
        once: Some(Once::new(&by, signed.id, &[&mark, amount.as_bytes()])),
        meter: message.meter,
        token: message.token,
        origin: Origin {
            by,
            through: Through::Provider,
        },
        key,
        worth: message.amount,
        anyway: false,
    };
    let (topup, is_new) = api.room.top_up(new).await?;
    Ok(created(topup, is_new))
}
