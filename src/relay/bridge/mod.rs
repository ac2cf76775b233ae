//! Peers of the relay with an HTTP side: `relay connect` and `relay serve-http` (RELAY §5, Q16,
//! Q24, Q25, Q26).
//!
//! [`message`] and [`body`] are what peers say to each other, pure. [`Link`] keeps a connection to a relay; [`caller`]
//! turns HTTP requests into messages, [`responder`] messages into HTTP requests; [`events`] is both ways for events.

pub mod body;
pub mod caller;
mod error;
pub mod events;
mod header;
mod link;
pub mod message;
pub mod responder;
mod tls;

pub use error::MessageError;
pub use header::Header;
pub use link::{Dialing, Link, LinkGoneError, Pause};
pub use tls::{Bundle, BundleError, Names};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Headers that are between two neighbours (RFC 9110 §7.6.1), and those that are made anew on each side.
const OWN: [&str; 13] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
    "content-length",
    "content-type",
    "content-encoding",
];

/// The headers that travel, written as people write them (`User-Agent`).
fn travelling(headers: &HeaderMap) -> Vec<Header> {
    let named: Vec<String> = headers
        .get_all("connection")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect();
    let stays = |name: &str| OWN.contains(&name) || named.iter().any(|other| other == name);
    let header = |(name, value): (&HeaderName, &HeaderValue)| Header {
        name: titled(name.as_str()),
        value: value.as_bytes().iter().copied().map(char::from).collect(),
    };
    headers
        .iter()
        .filter(|(name, _)| !stays(name.as_str()))
        .map(header)
        .collect()
}

/// The headers of a message that HTTP can carry; of those that are made anew only a body's type and packing.
fn arriving(headers: Vec<Header>) -> HeaderMap {
    let mut found = HeaderMap::new();
    for Header { name, value } in headers {
        let lower = name.to_ascii_lowercase();
        if OWN.contains(&lower.as_str()) && lower != "content-type" && lower != "content-encoding" {
            continue;
        }
        let bytes: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(c).ok()).collect();
        let bytes = bytes.unwrap_or_else(|| value.into_bytes());
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(lower), HeaderValue::from_bytes(&bytes)) {
            found.append(name, value);
        }
    }
    found
}

fn titled(name: &str) -> String {
    let mut begins = true;
    let letter = |c: char| {
        let c = if begins { c.to_ascii_uppercase() } else { c };
        begins = c == '-';
        c
    };
    name.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_between_neighbours_stay_behind() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "x"),
            ("user-agent", "curl"),
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("content-length", "3"),
            ("content-type", "text/plain"),
            ("te", "trailers"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let mut names: Vec<String> = travelling(&headers).into_iter().map(|header| header.name).collect();
        names.sort();
        assert_eq!(names, ["Host", "User-Agent"]);
        let header = |name: &str, value: &str| Header {
            name: name.into(),
            value: value.into(),
        };
        let arrived = arriving(vec![
            header("Set-Cookie", "a"),
            header("set-cookie", "b"),
            header("Content-Length", "9"),
            header("Transfer-Encoding", "chunked"),
            header("X-Latin", "caf\u{e9}"),
            header("bad name", "x"),
            header("X-Bad", "a\nb"),
            header("Content-Type", "image/png"),
        ]);
        assert_eq!(arrived.get_all("set-cookie").iter().count(), 2);
        assert_eq!(arrived["x-latin"].as_bytes(), b"caf\xe9");
        assert_eq!(arrived.len(), 4);
    }
}
