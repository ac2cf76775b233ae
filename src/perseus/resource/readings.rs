//! `GET /datasources/{id}/{measure}`: half-hours through the filter, with a record of where they came from; and
//! `GET /provenance/{origin}`, that record by itself (PER §6.4, PER §6.5).

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, LINK, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::super::period::Period;
use super::super::provenance::step_id;
use super::super::room::Perseus;
use super::access::Access;
use super::answer::{Denied, Interaction, certificate};
use super::answering::{Answering, Asked, Broken, record};
use super::datasources::audit;
use super::format::Format;
use crate::http::blocking;
use crate::store::ReadError;
use crate::tls::PeerCertificate;

pub(super) async fn readings(State(room): State<Arc<Perseus>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let interaction = Interaction::of(&parts.headers);
    let certificate = certificate(&mut parts).await;
    let answer = match parts.method == Method::GET {
        false => Denied::Method.into_response(),
        true => answered(&room, certificate, (&parts, &interaction)).await,
    };
    interaction.answer(answer)
}

async fn answered(
    room: &Arc<Perseus>,
    certificate: Option<PeerCertificate>,
    (parts, interaction): (&Parts, &Interaction),
) -> Response {
    let access = match room.access(certificate, &parts.headers) {
        Ok(access) => access,
        Err(denied) => return denied.into_response(),
    };
    let now = access.now;
    if room.signing.ready(now).is_err() {
        // One of the box's own may be made anew at once.
        room.signing.tend(now).await;
    }
    let named = named(parts.uri.path());
    audit(&access, named.as_ref().map(|(id, _)| id.as_str()), interaction);
    let looked = {
        let (room, format) = (Arc::clone(room), Format::wanted(&parts.headers));
        let (query, transaction) = (
            parts.uri.query().unwrap_or_default().to_owned(),
            interaction.to_string(),
        );
        blocking(move || asked(&room, access, named, (&query, format), transaction)).await
    };
    let asked = match looked {
        Ok(Ok(asked)) => asked,
        Ok(Err(not)) => return not.into_response(),
        Err(_) => return Denied::Ours.into_response(),
    };
    let (format, link) = (asked.format, link(room, &asked));
    let answering = Answering::new(Arc::clone(room), asked, now);
    let mut response = match first(answering).await {
        Ok(body) => body.into_response(),
        Err(error) => return broken(&error).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.media()));
    if format == Format::Csv
        && let Ok(link) = HeaderValue::from_str(&link)
    {
        headers.insert(LINK, link);
    }
    response
}

/// Where the record of an answer is found once the answer has ended (RFC 8288 §3).
fn link(room: &Perseus, asked: &Asked) -> String {
    format!(
        "<{}/provenance/{}>; rel=\"describedby\"; type=\"application/json\"",
        room.places.resource, asked.origin
    )
}

fn broken(error: &Broken) -> Denied {
    match error {
        Broken::Ended => Denied::Ended,
        Broken::NotNow => Denied::Unavailable,
        Broken::Read(_) | Broken::Record(_) => {
            tracing::error!(%error, "half-hours were not sent");
            Denied::Unavailable
        }
    }
}

/// Why there is no answer.
enum Not {
    Denied(Denied),
    Period(super::super::period::PeriodError),
    /// Nothing was ever read of it.
    Never,
}

impl IntoResponse for Not {
    fn into_response(self) -> Response {
        match self {
            Not::Denied(denied) => denied.into_response(),
            Not::Period(error) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                Json(json!({ "detail": error.detail() })),
            )
                .into_response(),
            Not::Never => {
                let body = json!({ "message": "nothing of this data source was read yet; try again later" });
                (StatusCode::ACCEPTED, [(RETRY_AFTER, "1800")], Json(body)).into_response()
            }
        }
    }
}

impl From<ReadError> for Not {
    fn from(error: ReadError) -> Not {
        tracing::error!(%error, "readings could not be read");
        Not::Denied(Denied::Ours)
    }
}

/// What an answer is made of, in the order of PER §6.1: who, which source, which measure, which time.
fn asked(
    room: &Perseus,
    access: Access,
    named: Option<(String, String)>,
    (query, format): (&str, Format),
    transaction: String,
) -> Result<Asked, Not> {
    let (id, measure) = named.ok_or(Not::Denied(Denied::Meter))?;
    let Access { pass, allowance, now } = access;
    let is_known = allowance.filters.iter().any(|filter| filter.source == id);
    is_known.then_some(()).ok_or(Not::Denied(Denied::Meter))?;
    let measure = super::super::filter::measure(&measure).ok_or(Not::Denied(Denied::Measure))?;
    let filter = allowance.filter(&id, measure).cloned();
    let filter = filter.ok_or(Not::Denied(Denied::Measure))?;
    let period = Period::read(query, now).map_err(Not::Period)?;
    let registers = room.registers(&filter.meter, (measure, filter.element))?;
    if registers.is_empty() {
        return Err(Not::Never);
    }
    let ready = room.signing.ready(now).map_err(|error| {
        tracing::warn!(%error, "half-hours were asked for, and their record cannot be signed");
        Not::Denied(Denied::Unavailable)
    })?;
    Ok(Asked {
        stretches: allowance.stretches(&filter, period, now),
        pass,
        permission: allowance.permission,
        filter,
        measure,
        period,
        registers,
        format,
        ready,
        transaction,
        origin: step_id(),
    })
}

/// The first piece, and how the rest comes: a short answer is sent whole.
async fn first(answering: Answering) -> Result<Body, Broken> {
    let (mut answering, piece) = next(answering).await?;
    if piece.last {
        let rest = answering.seal().await?;
        return Ok(Body::from(piece.bytes + &rest));
    }
    answering.begin().await?;
    let begun = stream::unfold(Way::Sending(piece.bytes, Box::new(answering)), |way| async move {
        match way {
            Way::Sending(bytes, next) => Some((Ok(Bytes::from(bytes)), Way::Going(next))),
            Way::Going(answering) => match further(*answering).await {
                Ok((bytes, next)) => Some((Ok(Bytes::from(bytes)), next.map_or(Way::Over, Way::Going))),
                Err(error) => {
                    tracing::warn!(%error, "an answer was broken off");
                    Some((Err(error), Way::Over))
                }
            },
            Way::Over => None,
        }
    });
    Ok(Body::from_stream(begun))
}

/// Where an answer in pieces stands.
enum Way {
    Sending(String, Box<Answering>),
    Going(Box<Answering>),
    Over,
}

async fn further(answering: Answering) -> Result<(String, Option<Box<Answering>>), Broken> {
    let (answering, piece) = next(answering).await?;
    match piece.last {
        true => Ok((piece.bytes + &answering.seal().await?, None)),
        false => Ok((piece.bytes, Some(Box::new(answering)))),
    }
}

async fn next(mut answering: Answering) -> Result<(Answering, super::answering::Piece), Broken> {
    let read = blocking(move || {
        let piece = answering.piece();
        (answering, piece)
    });
    let (answering, piece) = read.await.map_err(|error| Broken::Record(error.to_string()))?;
    Ok((answering, piece?))
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

/// The record of an answer that has no place for it.
pub(super) async fn provenance(State(room): State<Arc<Perseus>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let interaction = Interaction::of(&parts.headers);
    let certificate = certificate(&mut parts).await;
    let origin = parts
        .uri
        .path()
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    interaction.answer(match parts.method == Method::GET {
        false => Denied::Method.into_response(),
        true => match room.access(certificate, &parts.headers) {
            Err(denied) => denied.into_response(),
            Ok(access) => match record(&room, origin, &access.allowance.permission.id) {
                Ok(Some(record)) => Json(record).into_response(),
                Ok(None) => Denied::Record.into_response(),
                Err(error) => Not::from(error).into_response(),
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_source_and_a_measure_or_nothing() {
        let is = |path: &str, id: &str, measure: &str| {
            assert_eq!(named(path), Some((id.to_owned(), measure.to_owned())), "{path}");
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
