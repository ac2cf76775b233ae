//! From an HTTP request to a WebSocket (RFC 6455 §4.2). No subprotocol is agreed on.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use axum::http::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;

/// §1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A request that does not ask for a WebSocket as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeError {
    /// It is plain HTTP.
    #[error("this address is for WebSockets: `Connection: Upgrade` and `Upgrade: websocket` are missing")]
    Plain,
    /// Another version of the protocol.
    #[error("`Sec-WebSocket-Version` must be 13")]
    Version,
    /// 16 bytes in base64 are wanted.
    #[error("`Sec-WebSocket-Key` is missing or not 16 bytes in base64")]
    Key,
}

/// The answer that agrees.
#[derive(Debug)]
pub struct Agreed {
    accept: HeaderValue,
    extension: Option<HeaderValue>,
}

impl Agreed {
    /// Agrees on this extension too.
    pub fn extend(&mut self, extension: HeaderValue) {
        self.extension = Some(extension);
    }
}

/// Looks whether `headers` ask for a WebSocket.
pub fn agree(headers: &HeaderMap) -> Result<Agreed, UpgradeError> {
    if !names(headers, &CONNECTION, "upgrade") || !names(headers, &UPGRADE, "websocket") {
        return Err(UpgradeError::Plain);
    }
    if headers.get(SEC_WEBSOCKET_VERSION).map(HeaderValue::as_bytes) != Some(b"13") {
        return Err(UpgradeError::Version);
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).ok_or(UpgradeError::Key)?.as_bytes();
    if !BASE64.decode(key).is_ok_and(|nonce| nonce.len() == 16) {
        return Err(UpgradeError::Key);
    }
    let accept = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key, GUID].concat());
    let accept = HeaderValue::try_from(BASE64.encode(accept.as_ref())).expect("base64 is header text");
    Ok(Agreed {
        accept,
        extension: None,
    })
}

/// Whether a header that is a list names `wanted`.
fn names(headers: &HeaderMap, header: &HeaderName, wanted: &str) -> bool {
    let values = headers
        .get_all(header)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .any(|name| name.trim().eq_ignore_ascii_case(wanted))
}

impl IntoResponse for Agreed {
    fn into_response(self) -> Response {
        let headers = [
            (CONNECTION, HeaderValue::from_static("Upgrade")),
            (UPGRADE, HeaderValue::from_static("websocket")),
            (SEC_WEBSOCKET_ACCEPT, self.accept),
        ];
        let mut response = (StatusCode::SWITCHING_PROTOCOLS, headers).into_response();
        if let Some(extension) = self.extension {
            response.headers_mut().insert(SEC_WEBSOCKET_EXTENSIONS, extension);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(changed: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
        ]
        .iter()
        .chain(changed)
        {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_example_of_the_standard_is_agreed_to_without_extensions() {
        let response = agree(&request(&[])).unwrap().into_response();
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(
            response.headers()["sec-websocket-accept"],
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
        assert!(!response.headers().contains_key("sec-websocket-extensions"));
    }

    #[test]
    fn other_requests_are_refused_by_their_fault() {
        for (changed, fault) in [
            (("upgrade", "h2c"), UpgradeError::Plain),
            (("connection", "close"), UpgradeError::Plain),
            (("sec-websocket-version", "8"), UpgradeError::Version),
            (("sec-websocket-key", "short"), UpgradeError::Key),
            (("sec-websocket-key", "c2hvcnQ="), UpgradeError::Key),
        ] {
            assert_eq!(agree(&request(&[changed])).unwrap_err(), fault);
        }
    }
}
