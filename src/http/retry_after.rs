//! When a server wants to be asked again: `Retry-After` (RFC 9110 §10.2.3), in seconds or as a date.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::RETRY_AFTER;
use jiff::Timestamp;

/// The longest pause that is believed.
const LONGEST: Duration = Duration::from_secs(31 * 86_400);

/// How long to wait from now on, when `headers` say so in a form that RFC 9110 knows.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    after(headers.get(RETRY_AFTER)?.to_str().ok()?, Timestamp::now())
}

fn after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit say the same: for very long.
        let seconds = text.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    // A moment that is past says: at once.
    Some(
        Duration::try_from(at.duration_since(now))
            .unwrap_or_default()
            .min(LONGEST),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_nothing_else_is_believed() {
        let now: Timestamp = "1994-11-06T08:49:00Z".parse().unwrap();
        for (text, wanted) in [
            ("120", Some(120)),
            ("0", Some(0)),
            ("99999999999999999999999", Some(LONGEST.as_secs())),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(after(text, now).map(|wait| wait.as_secs()), wanted, "{text}");
        }
    }
}
