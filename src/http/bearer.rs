//! What a program carries in `Authorization: Bearer` (RFC 6750 section 2.1).

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

/// The credential after `Bearer`; `None` when there is none.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let carried = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credential) = carried.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_is_one() {
        for (value, found) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic abc", None),
            ("Bearer", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            assert_eq!(bearer(&headers), found, "{value:?}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
