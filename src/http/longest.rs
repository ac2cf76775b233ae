//! The longest body that a router's handlers take, known before the first byte of one is asked for.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::map_request;
use axum::{BoxError, Router};
use bytes::Bytes;
use http_body_util::{Full, Limited};
use hyper::body::{Frame, SizeHint};

/// Bytes of a body at most where a room says nothing else.
pub const LONGEST_BODY: usize = 2 << 20;

/// Bodies of `router` with at most so many bytes.
///
/// One that says beforehand that it is longer is refused unread, by whoever would read it, and so after everything
/// that is asked for first: whoever expects `100 Continue` gets the refusal at once (RFC 9110 §10.1.1).
pub fn longest_body<S: Clone + Send + Sync + 'static>(router: Router<S>, bytes: usize) -> Router<S> {
    let bound = move |request: Request| {
        let said = request.body().size_hint().lower();
        let is_longer = usize::try_from(said).map_or(true, |said| said > bytes);
        std::future::ready(if is_longer { request.map(refused) } else { request })
    };
    router.layer(DefaultBodyLimit::max(bytes)).layer(map_request(bound))
}

/// `body` as one that is too long at its first byte.
fn refused(body: Body) -> Body {
    Body::new(Refused {
        inner: body,
        limited: Limited::new(Full::from("more"), 0),
    })
}

/// A body that nobody can read.
struct Refused {
    /// Kept until nobody wants it, as if it were read.
    inner: Body,
    limited: Limited<Full<Bytes>>,
}

impl HttpBody for Refused {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.limited).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
