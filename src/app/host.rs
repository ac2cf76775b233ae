//! Answers only under our own names: a foreign name that points here is somebody else's page.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::response::Response;
use futures_util::future::Either;
use tower::{Layer, Service};

use super::identity::Names;
use super::router::refused;
use crate::http::Problem;

/// The layer round the https door's router.
#[derive(Clone)]
pub(super) struct OurHost {
    names: Arc<Names>,
}

impl OurHost {
    pub(super) fn new(names: Names) -> OurHost {
        OurHost { names: Arc::new(names) }
    }
}

impl<S> Layer<S> for OurHost {
    type Service = UnderOurHost<S>;

    fn layer(&self, inner: S) -> UnderOurHost<S> {
        let names = Arc::clone(&self.names);
        UnderOurHost { inner, names }
    }
}

/// A service inside [`OurHost`].
#[derive(Clone)]
pub(super) struct UnderOurHost<S> {
    inner: S,
    names: Arc<Names>,
}

impl<S> Service<Request> for UnderOurHost<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response, Infallible>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (status, text) = match host_of(&request) {
            Some(host) if self.names.are_ours(host) => return Either::Left(self.inner.call(request)),
            Some(_) => (
                StatusCode::MISDIRECTED_REQUEST,
                "This box does not answer under that name",
            ),
            None => (StatusCode::BAD_REQUEST, "The request names no host, or several"),
        };
        let problem = Problem::new(status, "wrong-host", text);
        Either::Right(ready(Ok(refused(request.uri().path(), problem, text))))
    }
}

/// The host that a request names, without its port and brackets.
pub(super) fn host_of(request: &Request) -> Option<&str> {
    if let Some(authority) = request.uri().authority() {
        return bare(authority.as_str());
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then(|| bare(host)).flatten()
}

/// The host of `host[:port]` (RFC 9110 section 7.2); `None` when it is not that.
fn bare(authority: &str) -> Option<&str> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn request(hosts: &[&str]) -> Request {
        let mut request = Request::get("/x");
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(Body::empty()).unwrap()
    }

    #[test]
    fn a_host_is_read_without_its_port() {
        for (host, expected) in [
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
            assert_eq!(host_of(&request(&[host])), expected, "{host}");
        }
    }

    #[test]
    fn a_request_names_one_host() {
        assert_eq!(host_of(&request(&[])), None);
        assert_eq!(host_of(&request(&["localhost", "localhost"])), None);
        let mut absolute = request(&["evil.example"]);
        *absolute.uri_mut() = "https://localhost:1/x".parse().unwrap();
        assert_eq!(
            host_of(&absolute),
            Some("localhost"),
            "an absolute address wins, RFC 9112 section 3.2.2"
        );
    }
}
