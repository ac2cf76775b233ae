//! Which host a request is for: `:authority` in HTTP/2 (RFC 9113 §8.3.1), the address of a request in absolute form
//! (RFC 9112 §3.2.2), else the `Host` header. Pure.

use axum::http::header::HOST;
use axum::http::{HeaderMap, Uri, Version};

/// The authority of a request, `host[:port]`; `None` when it names none, or several.
#[must_use]
pub fn authority<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Option<&'r str> {
    if let Some(authority) = uri.authority() {
        return Some(authority.as_str());
    }
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}

/// Where this box is, as whoever asks writes it: `https://HOST[:PORT]`.
#[must_use]
pub fn base(uri: &Uri, headers: &HeaderMap) -> String {
    format!("https://{}", authority(uri, headers).unwrap_or("localhost"))
}

/// The host of an authority, without its port and brackets (RFC 9110 §7.2); `None` when it is not that.
#[must_use]
pub fn host(authority: &str) -> Option<&str> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(inside) => inside.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => port,
        None if rest.is_empty() => "",
        None => return None,
    };
    let of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'%');
    let sound = !host.is_empty() && host.bytes().all(of_a_name) && port.bytes().all(|byte| byte.is_ascii_digit());
    sound.then_some(host)
}

/// Whether a text can stand in an address as its authority: a name of labels, or an address, and a port that there is
/// (RFC 3986 §3.2).
#[must_use]
pub fn is_sound(authority: &str) -> bool {
    let Some(name) = host(authority) else { return false };
    let port = match authority.strip_prefix('[') {
        Some(inside) => inside.split_once("]:").map(|(_, port)| port),
        None => authority.split_once(':').map(|(_, port)| port),
    };
    let label = |label: &str| (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
    // Browsers take a name whose last label is a number for an address (WHATWG URL §3.5).
    let last = name.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.to_ascii_lowercase().starts_with("0x");
    let named = match authority.starts_with('[') {
        true => name.parse::<std::net::Ipv6Addr>().is_ok(),
        false if number => name.parse::<std::net::Ipv4Addr>().is_ok(),
        false => name.len() <= 253 && name.split('.').all(label) && !name.contains(['%', '_']),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|number| number > 0) && !port.starts_with(['0', '+']);
    named && port.is_none_or(is_port)
}

/// Whether two authorities of `https` addresses are one: letters of either case, and the usual port said or not.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    let plain = |authority: &str| {
        let authority = authority.strip_suffix(":443").unwrap_or(authority);
        authority.strip_suffix(':').unwrap_or(authority).to_ascii_lowercase()
    };
    plain(one) == plain(other)
}

/// Whether an HTTP/2 request has a `Host` beside its `:authority` that names another: it is malformed then
/// (RFC 9113 §8.3.1).
#[must_use]
pub fn contradicts(version: Version, uri: &Uri, headers: &HeaderMap) -> bool {
    let Some(authority) = uri.authority().filter(|_| version == Version::HTTP_2) else {
        return false;
    };
    let mut hosts = headers.get_all(HOST).iter();
    hosts.any(|host| !host.to_str().is_ok_and(|host| same(host, authority.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(hosts: &[&str]) -> HeaderMap {
        hosts.iter().map(|host| (HOST, host.parse().unwrap())).collect()
    }

    #[test]
    fn a_host_is_read_without_its_port() {
        for (authority, expected) in [
            ("lodge.example.org", Some("lodge.example.org")),
            ("Lodge.example.org:443", Some("Lodge.example.org")),
            ("localhost:", Some("localhost")),
            ("192.0.2.7:8443", Some("192.0.2.7")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("", None),
            (":443", None),
            ("[2001:db8::1", None),
            ("[::1]x", None),
            ("[::1]443", None),
            ("us:er@lodge.example.org", None),
            ("lodge.example.org:https", None),
            ("lodge example", None),
            ("a/b", None),
        ] {
            assert_eq!(host(authority), expected, "{authority}");
        }
    }

    #[test]
    fn an_authority_in_an_address_is_a_name_or_an_address_and_a_port_that_there_is() {
        for right in [
            "a.example",
            "localhost:3000",
            "192.0.2.7",
            "[2001:db8::1]:8443",
            "[::1]",
            "xn--9ca.example",
        ] {
            assert!(is_sound(right), "{right}");
        }
        for wrong in [
            "",
            "*.",
            "*.example",
            "a..example",
            "a.example.",
            "a;b",
            "a:99999",
            "a:0",
            "a:",
            "a:b",
            "[::g]",
            "-a.example",
            "a_b.example",
            "u@a.example",
            "[::1]:99999",
        ] {
            assert!(!is_sound(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_request_names_one_authority() {
        let (path, whole) = (Uri::from_static("/x"), Uri::from_static("https://localhost:1/x"));
        assert_eq!(authority(&path, &headers(&[])), None);
        assert_eq!(authority(&path, &headers(&["a", "a"])), None);
        assert_eq!(authority(&path, &headers(&["a:1"])), Some("a:1"));
        assert_eq!(
            authority(&whole, &headers(&["evil.example"])),
            Some("localhost:1"),
            "an absolute address wins"
        );
    }

    #[test]
    fn only_over_http_2_is_another_host_beside_the_authority_malformed() {
        let uri = Uri::from_static("https://lodge.example/x");
        for (version, hosts, malformed) in [
            (Version::HTTP_2, &[][..], false),
            (Version::HTTP_2, &["lodge.example"], false),
            (Version::HTTP_2, &["LODGE.example:443"], false),
            (Version::HTTP_2, &["evil.example"], true),
            (Version::HTTP_2, &["lodge.example:8443"], true),
            (Version::HTTP_2, &["lodge.example", "evil.example"], true),
            (Version::HTTP_11, &["evil.example"], false),
        ] {
            assert_eq!(contradicts(version, &uri, &headers(hosts)), malformed, "{hosts:?}");
        }
        assert!(!contradicts(Version::HTTP_2, &Uri::from_static("/x"), &headers(&["a"])));
    }
}
