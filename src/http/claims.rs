//! Headers in which a proxy would claim that a client certificate was shown: taken off every request.
//!
//! A certificate counts only from our own handshake. Older systems read such
//! headers and nothing stripped a forged one; here no room ever sees them.

use axum::http::{HeaderMap, HeaderName};

/// Names that begin like one of these are claims.
const PREFIXES: &[&str] = &[
    "client-cert",
    "ssl-",
    "x-amzn-mtls-",
    "x-arr-clientcert",
    "x-client-cert",
    "x-client-dn",
    "x-client-san",
    "x-client-verif",
    "x-forwarded-client-",
    "x-forwarded-ssl-client",
    "x-forwarded-tls-",
    "x-mtls-",
    "x-ssl-",
    "x-tls-",
];

fn is_claim(name: &HeaderName) -> bool {
    let name = name.as_str();
    let first = name.as_bytes().first();
    matches!(first, Some(b'x' | b'c' | b's')) && PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Takes the claims off `headers`.
pub(super) fn strip(headers: &mut HeaderMap) {
    if !headers.keys().any(is_claim) {
        return;
    }
    let claims: Vec<HeaderName> = headers.keys().filter(|name| is_claim(name)).cloned().collect();
    for name in claims {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_go_and_everything_else_stays() {
        let claims = [
            "x-client-cert",
            "x-client-certificate",
            "X-SSL-Client-Verify",
            "X-Amzn-Mtls-Clientcert-Leaf",
            "x-amzn-mtls-clientcert",
            "X-Forwarded-Client-Cert",
            "X-Forwarded-Tls-Client-Cert",
            "Client-Cert",
            "Client-Cert-Chain",
            "ssl-client-subject-dn",
        ];
        let honest = [
            "cookie",
            "content-type",
            "x-request-id",
            "sec-fetch-site",
            "x-forwarded-for",
            "accept",
        ];
        let mut headers = HeaderMap::new();
        for name in claims.iter().chain(&honest) {
            let name: HeaderName = name.to_ascii_lowercase().parse().unwrap();
            headers.append(name.clone(), "a".parse().unwrap());
            headers.append(name, "b".parse().unwrap());
        }
        strip(&mut headers);
        assert_eq!(headers.keys().count(), honest.len());
        assert_eq!(headers.len(), honest.len() * 2);
    }
}
