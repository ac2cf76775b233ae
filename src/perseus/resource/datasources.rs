//! The data sources of a permission, and what they measure (PER §6.2).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json_, json};

use super::super::filter::{Filter, word};
use super::super::room::Perseus;
use super::access::Access;
use super::answer::{Denied, Interaction, certificate};
use crate::accounts::AUDIT;

/// What there is.
pub(super) async fn root() -> Response {
    Json(json!({
        "urls": ["/datasources", "/datasources/{id}/{measure}", "/provenance/{origin}"],
    }))
    .into_response()
}

/// `GET /heartbeat`: that the service is there, for whoever has a certificate of the scheme.
pub(super) async fn heartbeat(State(room): State<Arc<Perseus>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let interaction = Interaction::of(&parts.headers);
    let certificate = certificate(&mut parts).await;
    let answer = match (certificate, parts.method == Method::GET) {
        (_, false) => Denied::Method.into_response(),
        (Some(one), true) if room.is_of_the_scheme(&one) => {
            Json(json!({ "status": "ok", "timestamp": format!("{:.0}", room.store.now()) })).into_response()
        }
        (Some(_), true) => Denied::Client(super::super::refusal::Refusal::Role).into_response(),
        (None, true) => Denied::Client(super::super::refusal::Refusal::NoCertificate).into_response(),
    };
    interaction.answer(answer)
}

/// `GET /datasources`.
pub(super) async fn list(State(room): State<Arc<Perseus>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let interaction = Interaction::of(&parts.headers);
    let certificate = certificate(&mut parts).await;
    interaction.answer(match parts.method == Method::GET {
        false => Denied::Method.into_response(),
        true => match room.access(certificate, &parts.headers) {
            Ok(access) => {
                audit(&access, None, &interaction);
                let data: Vec<Json_> = access.allowance.filters.iter().map(shown).collect();
                Json(json!({ "data": data })).into_response()
            }
            Err(denied) => denied.into_response(),
        },
    })
}

fn shown(filter: &Filter) -> Json_ {
    let measures: Vec<&str> = filter.measures.iter().copied().map(word).collect();
    json!({
        "id": filter.source,
        "type": "electricity",
        "location": { "ukPostcodeOutcode": filter.outcode },
        "availableMeasures": measures,
    })
}

/// Who looked at what.
pub(super) fn audit(access: &Access, source: Option<&str>, interaction: &Interaction) {
    let row = &access.allowance.permission;
    let known = source.filter(|source| access.allowance.filters.iter().any(|filter| filter.source == *source));
    tracing::info!(
        target: AUDIT, client = row.client, permission = row.id, source = known.unwrap_or_default(), %interaction,
        "data sources were asked for"
    );
}
