//! Forms that only our own pages can send (`spec/perseus.md` 13.4).
//!
//! The token is made from the cookie, which other sites can neither read nor set, and is checked
//! together with what the browser says about where the form came from.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use data_encoding::BASE64URL_NOPAD;

use crate::accounts::Secret;

/// What a visitor's forms are bound to.
#[derive(Clone)]
pub struct Csrf {
    cookie: Secret,
}

/// A form that did not come from our own page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the form did not come from this site, or its page was too old")]
pub struct Forged;

impl Csrf {
    /// Bound to this cookie.
    #[must_use]
    pub fn of(cookie: Secret) -> Csrf {
        Csrf { cookie }
    }

    /// What forms carry as `csrf_token`: 256 bits that cannot be made without the cookie.
    #[must_use]
    pub fn token(&self) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.cookie.reveal().as_bytes());
        BASE64URL_NOPAD.encode(hmac::sign(&key, b"form").as_ref())
    }

    /// Checks a form that was sent.
    pub fn check(&self, headers: &HeaderMap, token: &str) -> Result<(), Forged> {
        let same = verify_slices_are_equal(self.token().as_bytes(), token.as_bytes()).is_ok();
        if same && from_here(headers) {
            Ok(())
        } else {
            Err(Forged)
        }
    }
}

/// Whether the browser says that the request comes from our own pages; old ones say nothing.
fn from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let fetch_site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin = match (text(ORIGIN.as_str()), text(HOST.as_str())) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, origin)| origin == host),
        (Some(_), None) | (None, _) => true,
    };
    fetch_site && origin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_our_own_forms_pass() {
        let csrf = Csrf::of(Secret::given("cookie"));
        let token = csrf.token();
        let own = headers(&[
            ("host", "lodge:8443"),
            ("origin", "https://lodge:8443"),
            ("sec-fetch-site", "same-origin"),
        ]);
        assert_eq!(csrf.check(&own, &token), Ok(()));
        assert_eq!(csrf.check(&headers(&[]), &token), Ok(()), "browsers that say nothing");
        assert_eq!(csrf.check(&own, ""), Err(Forged));
        assert_eq!(csrf.check(&own, &Csrf::of(Secret::given("other")).token()), Err(Forged));
        for foreign in [
            headers(&[("host", "lodge"), ("origin", "https://evil.example")]),
            headers(&[("host", "lodge"), ("origin", "null")]),
            headers(&[("host", "lodge"), ("sec-fetch-site", "cross-site")]),
        ] {
            assert_eq!(csrf.check(&foreign, &token), Err(Forged), "{foreign:?}");
        }
    }
}
