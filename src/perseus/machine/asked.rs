//! What every machine endpoint does first: who asks, how, and what (PER §2.2).

use axum::body::to_bytes;
use axum::extract::{FromRequestParts, Request};
use axum::http::Method;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::super::parameters::Parameters;
use super::super::refusal::Refusal;
use super::super::room::{Caller, Perseus};
use super::answer::Refused;
use crate::tls::PeerCertificate;

/// Bytes of a form at most.
const LONGEST: usize = 64 << 10;

/// A form that a known application sent.
pub(super) struct Asked {
    pub(super) caller: Caller,
    pub(super) form: Parameters,
}

impl Asked {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// For the first thing that is wrong: who asks comes before all else, but for the method.
    pub(super) async fn of(room: &Perseus, request: Request) -> Result<Asked, Refused> {
        let (mut parts, body) = request.into_parts();
        let certificate = <Option<PeerCertificate> as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        let caller = room.caller(certificate.ok().flatten())?;
        if parts.method != Method::POST {
            return Err(Refusal::Method.into());
        }
        let media = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = media.map(|value| value.split(';').next().unwrap_or_default().trim());
        if !media.is_some_and(|media| media.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
            return Err(Refusal::MediaType.into());
        }
        // No form is packed here, and what is packed is none.
        if parts.headers.contains_key(CONTENT_ENCODING) {
            return Err(Refusal::MediaType.into());
        }
        let body = to_bytes(body, LONGEST)
            .await
            .map_err(|error| match is_too_long(&error) {
                true => Refusal::TooLong,
                false => Refusal::Body,
            })?;
        let form = Parameters::read(&body)?;
        let named = form.get("client_id");
        if named.is_some_and(|client_id| !room.client(&caller).is_called(client_id)) {
            return Err(Refusal::ClientId.into());
        }
        Ok(Asked { caller, form })
    }

    /// The application's URL.
    pub(super) fn client(&self) -> &str {
        &self.caller.application.url
    }
}

fn is_too_long(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if one.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = one.source();
    }
    false
}
