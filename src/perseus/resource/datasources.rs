//! The data sources of a permission, and what they measure (PER §6.2).

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value as Json_, json};

use super::super::filter::{Filter, word};
use super::super::room::Perseus;
use super::access::Access;
use super::answer::{Denied, Interaction};
use crate::accounts::AUDIT;
use crate::tls::PeerCertificate;

async fn certificate(parts: &mut Parts) -> Option<PeerCertificate> {
    let found = <Option<PeerCertificate> as FromRequestParts<()>>::from_request_parts(parts, &()).await;
    found.ok().flatten()
}

/// What there is.
pub(super) async fn root() -> Response {
    Json(json!({
        "urls": ["/datasources", "/datasources/{id}/{measure}"],
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
                let data: Vec<Json_> = access.filters.iter().map(shown).collect();
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

/// `GET /datasources/{id}/{measure}`: a source that is known and of which nothing was read yet is answered so (202).
pub(super) async fn readings(State(room): State<Arc<Perseus>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let interaction = Interaction::of(&parts.headers);
    let certificate = certificate(&mut parts).await;
    interaction.answer(match parts.method == Method::GET {
        false => Denied::Method.into_response(),
        true => match asked(&room, certificate, (&parts, &interaction)) {
            Ok(()) => {
                let body = json!({ "message": "nothing of this data source can be fetched yet; try again later" });
                (StatusCode::ACCEPTED, [(RETRY_AFTER, "1800")], Json(body)).into_response()
            }
            Err(denied) => denied.into_response(),
        },
    })
}

/// The data source and the measure of an address: two steps below the sources, each decoded by itself, so that an id may
/// have a slash in it (PER §6.1). Whatever else stands there is nobody's.
fn named(path: &str) -> Option<(String, String)> {
    let below = path.strip_prefix("/datasources/")?;
    let (id, measure) = below.strip_suffix('/').unwrap_or(below).split_once('/')?;
    let text = |step: &str| percent_decode_str(step).decode_utf8().ok().map(String::from);
    (!measure.contains('/')).then_some(())?;
    Some((text(id)?, text(measure)?))
}

fn asked(
    room: &Perseus,
    certificate: Option<PeerCertificate>,
    (parts, interaction): (&Parts, &Interaction),
) -> Result<(), Denied> {
    let access = room.access(certificate, &parts.headers)?;
    let named = named(parts.uri.path());
    audit(&access, named.as_ref().map(|(id, _)| id.as_str()), interaction);
    let (id, measure) = named.ok_or(Denied::Meter)?;
    let filter = access
        .filters
        .iter()
        .find(|filter| filter.source == id)
        .ok_or(Denied::Meter)?;
    let measure = super::super::filter::measure(&measure).filter(|measure| filter.shares(*measure));
    measure.map(drop).ok_or(Denied::Measure)
}

/// Who looked at what.
fn audit(access: &Access, source: Option<&str>, interaction: &Interaction) {
    let row = &access.permission;
    let known = source.filter(|source| access.filters.iter().any(|filter| filter.source == *source));
    tracing::info!(
        target: AUDIT, client = row.client, permission = row.id, source = known.unwrap_or_default(), %interaction,
        "data sources were asked for"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_source_and_a_measure_or_nothing() {
        let is = |path: &str, id: &str, measure: &str| {
            assert_eq!(named(path), Some((id.to_owned(), measure.to_owned())), "{path}")
        };
        is("/datasources/S1/import", "S1", "import");
        is("/datasources/S1/export/", "S1", "export");
        is("/datasources/S90%2Fr2+mSV2/import", "S90/r2+mSV2", "import");
        is("/datasources//import", "", "import");
        for none in [
            "/datasources/S1",
            "/datasources/S1/",
            "/datasources/a/b/c",
            "/datasources/%ff/import",
            "/datasources/a/%ff",
        ] {
            assert_eq!(named(none), None, "{none}");
        }
    }
}
