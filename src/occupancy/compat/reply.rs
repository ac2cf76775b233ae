//! One answer of the old API: status, JSON, and the headers of OCC §2.4, V8.

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use super::body;
use crate::domain::Space;

const ALLOWED_HEADERS: HeaderValue =
    HeaderValue::from_static("x-requested-with, content-type, authorization, if-match, if-none-match, idempotency-key");

/// An answer before it has its headers.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    body: Option<String>,
    tag: Option<String>,
    allow: Option<&'static str>,
    retry_after: Option<u64>,
    challenge: bool,
    fault: Option<String>,
}

impl Reply {
    fn new(status: StatusCode, body: Option<String>) -> Reply {
        Reply {
            status,
            body,
            tag: None,
            allow: None,
            retry_after: None,
            challenge: false,
            fault: None,
        }
    }

    /// 200 with the space.
    pub(super) fn space(space: &Space) -> Reply {
        Reply::new(StatusCode::OK, Some(body::space(space)))
    }

    /// An error with its text.
    pub(super) fn error(status: StatusCode, text: &str) -> Reply {
        Reply::new(status, Some(body::error(text)))
    }

    /// 500: the cause is for the log, not for the caller.
    pub(super) fn broken(text: &str, cause: &impl std::fmt::Display) -> Reply {
        let mut reply = Reply::error(StatusCode::INTERNAL_SERVER_ERROR, text);
        reply.fault = Some(cause.to_string());
        reply
    }

    /// What went wrong in here, to be logged once.
    pub(super) fn take_fault(&mut self) -> Option<String> {
        self.fault.take()
    }

    /// 204 or 304.
    pub(super) fn empty(status: StatusCode) -> Reply {
        Reply::new(status, None)
    }

    /// 405 with `Allow` (OCC V3).
    pub(super) fn method_not_allowed(methods: &'static str) -> Reply {
        let mut reply = Reply::error(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed");
        reply.allow = Some(if methods.starts_with("GET") {
            "GET, HEAD, OPTIONS"
        } else {
            methods
        });
        reply
    }

    /// With the version of what is shown.
    pub(super) fn tagged(mut self, tag: String) -> Reply {
        self.tag = Some(tag);
        self
    }

    /// With the seconds after which to try again.
    pub(super) fn retry_after(mut self, seconds: Option<u64>) -> Reply {
        self.retry_after = seconds;
        self
    }

    /// With the question for a token (RFC 6750 section 3).
    pub(super) fn challenge(mut self) -> Reply {
        self.challenge = true;
        self
    }

    /// The whole answer; `methods` are those of the route.
    pub(super) fn into_response(self, methods: &'static str) -> Response {
        let mut response = Response::new(self.body.map_or_else(Body::empty, Body::from));
        *response.status_mut() = self.status;
        let has_body = self.status != StatusCode::NO_CONTENT && self.status != StatusCode::NOT_MODIFIED;
        let headers = response.headers_mut();
        // Room for these and for the door's own, so that the map grows once.
        headers.reserve(16);
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("etag, retry-after, x-request-id"),
        );
        if self.status == StatusCode::NO_CONTENT {
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
        }
        if has_body {
            headers.insert(
                CONTENT_TYPE,
                HeaderValue::from_static("application/json; charset=UTF-8"),
            );
        }
        let reading = methods.starts_with("GET");
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static(if reading { "no-cache" } else { "no-store" }),
        );
        if let Some(tag) = self.tag {
            headers.insert(
                ETAG,
                HeaderValue::try_from(tag).expect("tags are digits, a dot and quotes"),
            );
        }
        if let Some(methods) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(methods));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"gatelodge\""));
        }
        response
    }
}

/// Whether an `If-None-Match` value names `tag` (RFC 9110 section 13.1.2: weak comparison, lists, `*`).
pub(crate) fn matches(value: &HeaderValue, tag: &str) -> bool {
    let Ok(value) = value.to_str() else { return false };
    value
        .split(',')
        .map(str::trim)
        .any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_match_as_lists_and_weakly() {
        for (value, expected) in [
            ("\"1.5\"", true),
            ("W/\"1.5\"", true),
            ("\"x\", \"1.5\"", true),
            ("*", true),
            ("\"1.50\"", false),
            ("1.5", false),
            ("", false),
        ] {
            assert_eq!(
                matches(&HeaderValue::from_static(value), "\"1.5\""),
                expected,
                "{value}"
            );
        }
    }
}
