//! The relay door: a request under the prefix becomes a WebSocket, when its certificate may come there.
//!
//! What is refused here is refused in HTTP, before the upgrade: a peer of the wrong certificate gets 403 and not a
//! WebSocket that closes (RELAY Q6).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper_util::rt::TokioIo;

use super::peer::Caller;
use super::room::{AdmissionError, LONGEST_ID, Relay};
use super::rule::Identity;
use super::{extension, ticket, upgrade};
use crate::http::problem::{method_not_allowed, not_found};
use crate::http::{Peer, Problem};
use crate::tls::{PeerCertificate, SubjectName};

/// What lies behind the relay door.
pub fn router(room: Option<Arc<Relay>>) -> Router {
    let router = match room {
        Some(room) => {
            let prefix = room.prefix();
            Router::new()
                .route(&prefix, get(meet))
                .route(&format!("{prefix}{{*id}}"), get(meet))
                .with_state(room)
        }
        None => Router::new(),
    };
    router
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

async fn meet(State(room): State<Arc<Relay>>, mut request: Request) -> Result<Response, Problem> {
    let mut agreed = upgrade::agree(request.headers()).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "no-websocket", "This is for WebSockets").detail(error.to_string())
    })?;
    // The id is all that follows the prefix, as it was sent: nothing is decoded, a query is part of it (RELAY §1).
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let target = target.strip_prefix(&room.prefix()).unwrap_or_default();
    let (id, identity) = match request.extensions().get::<PeerCertificate>() {
        Some(certificate) => (target.to_owned(), identity(certificate)),
        None => {
            let (id, ticket) = ticket::split(target);
            let holder = room.holder(ticket, &id).map_err(problem)?;
            (id, holder)
        }
    };
    let rule = room.admit(&id, &identity).map_err(problem)?;
    let address = request.extensions().get::<Peer>().map(|peer| peer.addr);
    let address = address.unwrap_or_else(|| ([0, 0, 0, 0], 0).into());
    let deflate = match room.compresses() {
        true => extension::negotiate(request.headers()),
        false => None,
    };
    if let Some(deflate) = deflate {
        agreed.extend(deflate.answer());
    }
    let caller = Caller {
        identity,
        address,
        deflate,
    };
    let upgraded = hyper::upgrade::on(&mut request);
    // A client that goes before its upgrade is done leaves nothing behind.
    let stream = async move { upgraded.await.ok().map(TokioIo::new) };
    room.welcome(&id, rule, caller, stream);
    Ok(agreed.into_response())
}

fn problem(refused: AdmissionError) -> Problem {
    match refused {
        AdmissionError::LongId => Problem::new(StatusCode::BAD_REQUEST, "long-id", "The id is too long")
            .detail(format!("at most {LONGEST_ID} bytes may follow the prefix")),
        AdmissionError::Forbidden => {
            Problem::new(StatusCode::FORBIDDEN, "forbidden", "This certificate may not come here")
                .detail("the relay's rules do not name it for this id; the box's operator can change them")
        }
        AdmissionError::NoTicket => Problem::new(
            StatusCode::FORBIDDEN,
            "no-ticket",
            "A client certificate or a ticket is needed",
        )
        .detail("there is none, or it is for another id, or it has expired: the box's operator makes a new one"),
        AdmissionError::Crowded => {
            let title = "This certificate has as many connections as it may have";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "per-identity", title).retry_after(10)
        }
        AdmissionError::Draining => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "draining",
            "The relay takes nobody new for now",
        )
        .detail("its operator lets it run empty; try again later, or at another relay")
        .retry_after(60),
        AdmissionError::Stopping => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "The relay stops").retry_after(5)
        }
    }
}

/// Who the certificate says it is.
fn identity(certificate: &PeerCertificate) -> Identity {
    let subject = [("O", certificate.organization()), ("CN", certificate.common_name())];
    let subject = subject
        .into_iter()
        .filter_map(|(kind, name)| Some(format!("{kind}:{}", name?)));
    let names = certificate.names().iter().map(|name| match name {
        SubjectName::Dns(name) => format!("DNS:{name}"),
        SubjectName::Uri(uri) => format!("URI:{uri}"),
        SubjectName::Email(address) => format!("email:{address}"),
        SubjectName::Ip(ip) => format!("IP:{ip}"),
    });
    Identity::new(subject.chain(names).collect(), &certificate.key_thumbprint())
}
