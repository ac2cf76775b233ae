//! What a request expects (RFC 9110 §10.1.1).

use axum::http::header::EXPECT;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Version};

/// The one expectation that there is.
const CONTINUE: &[u8] = b"100-continue";

/// Whether the body of a request with this head is not sent before somebody reads it.
pub(super) fn waits(head: &Parts) -> bool {
    let mut expected = head.headers.get_all(EXPECT).iter();
    // HTTP/1.0 knows nothing of it.
    head.version > Version::HTTP_10 && expected.any(|expected| expected.as_bytes().eq_ignore_ascii_case(CONTINUE))
}

/// Whether anything else is expected.
pub(super) fn is_unknown(headers: &HeaderMap) -> bool {
    let expected = headers.get_all(EXPECT).iter();
    let mut members = expected.flat_map(|expected| expected.as_bytes().split(|byte| *byte == b','));
    members.any(|member| {
        let member = member.trim_ascii();
        !member.is_empty() && !member.eq_ignore_ascii_case(CONTINUE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn head(version: Version, expected: &[&str]) -> Parts {
        let mut request = Request::builder().version(version);
        for expected in expected {
            request = request.header(EXPECT, *expected);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn one_expectation_is_known_however_it_is_written() {
        for (expected, unknown, waiting) in [
            (&[][..], false, false),
            (&["100-continue"], false, true),
            (&["100-Continue"], false, true),
            (&["", "100-continue"], false, true),
            (&["100-continue", "a"], true, true),
            (&["100-continue, a=b"], true, false),
            (&["200-ok"], true, false),
            (&[" , "], false, false),
        ] {
            let head = |version| head(version, expected);
            assert_eq!(is_unknown(&head(Version::HTTP_11).headers), unknown, "{expected:?}");
            assert_eq!(waits(&head(Version::HTTP_11)), waiting, "{expected:?}");
            assert!(!waits(&head(Version::HTTP_10)), "{expected:?}");
        }
    }
}
