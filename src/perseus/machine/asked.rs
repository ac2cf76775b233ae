//! What every machine endpoint does first: who asks, how, and what (PER §2.2).

use axum::body::to_bytes;
use axum::extract::{FromRequestParts, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, Method};

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
        if !is_form(&parts.headers) {
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

/// Whether a body is said to be a form, once, in the one encoding that forms have (WHATWG URL §5.1).
fn is_form(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(one), None) = (types.next(), types.next()) else {
        return false;
    };
    let Ok(text) = one.to_str() else { return false };
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    let mut charsets = parts
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    media.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && charsets.all(|(_, charset)| charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_said_to_be_one_once_and_is_utf_8() {
        let headers =
            |types: &[&str]| -> HeaderMap { types.iter().map(|one| (CONTENT_TYPE, one.parse().unwrap())).collect() };
        const FORM: &str = "application/x-www-form-urlencoded";
        for right in [
            FORM,
            "Application/X-WWW-Form-URLencoded; charset=UTF-8",
            &format!("{FORM};charset=\"utf-8\""),
        ] {
            assert!(is_form(&headers(&[right])), "{right}");
        }
        for wrong in [
            &[][..],
            &[FORM, FORM],
            &["application/json"],
            &["application/x-www-form-urlencoded; charset=utf-16"],
            &["application/x-www-form-urlencoded, text/plain"],
        ] {
            assert!(!is_form(&headers(wrong)), "{wrong:?}");
        }
    }
}
