//! What a handler leaves unread of a request's body.
//!
//! An answer may come before its request has ended. A little of what is left is read off first, so that the connection
//! goes on as if nothing had been. Of more than that the peer is told: over HTTP/1.1 the connection is closed after the
//! answer (RFC 9112 §9.6); over HTTP/2 a server may reset the stream with `NO_ERROR` (RFC 9113 §8.1), but some clients,
//! curl 7.88 of Debian 12 among them, lose the answer over that, so the peer has some time to end the stream itself.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header::CONNECTION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Version};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{timeout, timeout_at};

use super::expect;
use super::linger::Parting;

/// So many bytes are read off before the answer at most.
const MOST: u64 = 256 << 10;

/// For so long at most.
const PATIENCE: Duration = Duration::from_millis(250);

/// Whether a body comes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comes {
    /// It is on its way.
    Unasked,
    /// Its sender expects `100 Continue` first, which goes out when somebody reads (RFC 9110 §10.1.1).
    WhenAsked,
}

impl Comes {
    /// How the body of a request with this head comes.
    pub(crate) fn of(head: &Parts) -> Comes {
        match expect::waits(head) {
            true => Comes::WhenAsked,
            false => Comes::Unasked,
        }
    }
}

/// The place where a body goes that was not read to its end.
pub(crate) struct Leftover<B>(Back<B>);

/// A body, and whether it comes by itself by now.
type Back<B> = Arc<Mutex<Option<(B, Comes)>>>;

/// A body that is given back when it is dropped too early.
pub(crate) struct Lent<B: Body> {
    /// `None` only while it is dropped.
    body: Option<B>,
    comes: Comes,
    back: Back<B>,
}

/// A body that is not read to its end before its request is answered.
pub(crate) struct Unread<B>(B);

/// Lends `body` to a handler.
pub(crate) fn lend<B: Body>(body: B, comes: Comes) -> (Lent<B>, Leftover<B>) {
    let back = Arc::new(Mutex::new(None));
    let leftover = Leftover(Arc::clone(&back));
    let body = Some(body);
    (Lent { body, comes, back }, leftover)
}

impl<B: Body + Unpin> Leftover<B>
where
    B::Data: AsRef<[u8]>,
{
    /// Reads off what is left if it is little, and gives back what is more; call it when there is an answer.
    pub(crate) async fn read_off(self) -> Option<Unread<B>> {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (mut body, comes) = left?;
        if comes == Comes::WhenAsked || body.size_hint().lower() > MOST {
            return Some(Unread(body));
        }
        let reading = async {
            let mut bytes = 0;
            while bytes <= MOST {
                match body.frame().await {
                    Some(Ok(frame)) => bytes += length(&frame),
                    Some(Err(_)) => return false,
                    None => return true,
                }
            }
            false
        };
        // Late is as good as too much.
        let ended = timeout(PATIENCE, reading).await.unwrap_or(false);
        (!ended).then_some(Unread(body))
    }
}

impl<B: Body + Unpin> Unread<B>
where
    B::Data: AsRef<[u8]>,
{
    /// Has the connection closed after the answer with these headers, which say so (RFC 9112 §9.6).
    pub(crate) fn close_after(self, answer: &mut HeaderMap) {
        answer.insert(CONNECTION, HeaderValue::from_static("close"));
    }

    /// Throws it away as it comes, until the peer ends it or it was enough.
    pub(crate) async fn discard(self) {
        let (mut body, mut parting) = (self.0, Parting::new());
        while !parting.is_over()
            && let Ok(Some(Ok(frame))) = timeout_at(parting.deadline(), body.frame()).await
        {
            parting.heard(length(&frame));
        }
    }
}

/// `router` where nothing else cares for it: its answers say when they end the connection for what they left unread.
pub(crate) fn closing(router: Router) -> Router {
    router.layer(from_fn(async |request: Request, next: Next| -> Response {
        let (head, body) = request.into_parts();
        let version = head.version;
        let (body, leftover) = lend(body, Comes::of(&head));
        let mut answer = next.run(Request::from_parts(head, axum::body::Body::new(body))).await;
        if let Some(unread) = leftover.read_off().await
            && version < Version::HTTP_2
        {
            unread.close_after(answer.headers_mut());
        }
        answer
    }))
}

fn length<D: AsRef<[u8]>>(frame: &Frame<D>) -> u64 {
    frame.data_ref().map_or(0, |data| data.as_ref().len() as u64)
}

impl<B: Body> Drop for Lent<B> {
    fn drop(&mut self) {
        if let Some(body) = self.body.take()
            && !body.is_end_stream()
        {
            *self.back.lock().unwrap_or_else(PoisonError::into_inner) = Some((body, self.comes));
        }
    }
}

impl<B: Body + Unpin> Body for Lent<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.comes = Comes::Unasked;
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http_body_util::StreamBody;
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// A body of `parts` KiB that counts what is read of it.
    fn body(parts: u64, read: &Arc<AtomicU64>) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
        let read = Arc::clone(read);
        StreamBody::new(futures_util::stream::iter((0..parts).map(move |_| {
            read.fetch_add(1, Ordering::Relaxed);
            Ok(Frame::data(Bytes::from(vec![0; 1024])))
        })))
    }

    #[tokio::test]
    async fn what_was_left_is_read_off_and_no_more_than_a_little() {
        for (parts, expected, more) in [(10, 10, false), (100_000, MOST / 1024 + 1, true)] {
            let read = Arc::default();
            let (lent, leftover) = lend(body(parts, &read), Comes::Unasked);
            drop(lent);
            let unread = leftover.read_off().await;
            assert_eq!(read.load(Ordering::Relaxed), expected);
            assert_eq!(unread.is_some(), more);
            if let Some(unread) = unread {
                unread.discard().await;
                assert_eq!(read.load(Ordering::Relaxed), parts);
            }
        }
    }

    #[tokio::test]
    async fn a_body_that_waits_to_be_asked_is_not_asked_for() {
        let read = Arc::default();
        let (lent, leftover) = lend(body(10, &read), Comes::WhenAsked);
        drop(lent);
        assert!(leftover.read_off().await.is_some());
        assert_eq!(read.load(Ordering::Relaxed), 0);

        let (mut lent, leftover) = lend(body(10, &read), Comes::WhenAsked);
        assert!(lent.frame().await.is_some());
        drop(lent);
        assert!(leftover.read_off().await.is_none(), "once asked for, it comes");
        assert_eq!(read.load(Ordering::Relaxed), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_body_keeps_no_answer_waiting_and_a_silent_one_not_for_long() {
        let began = tokio::time::Instant::now();
        let long = http_body_util::Full::new(Bytes::from(vec![0; 1 << 20]));
        let (lent, leftover) = lend(long, Comes::Unasked);
        drop(lent);
        assert!(leftover.read_off().await.is_some());
        assert_eq!(began.elapsed(), Duration::ZERO);

        let silent = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, Infallible>>());
        let (lent, leftover) = lend(silent, Comes::Unasked);
        drop(lent);
        let unread = leftover.read_off().await.unwrap();
        assert_eq!(began.elapsed(), PATIENCE);
        unread.discard().await;
        assert_eq!(began.elapsed().as_secs(), 2);
    }

    #[tokio::test]
    async fn a_body_that_is_kept_is_left_alone() {
        let read = Arc::default();
        let (mut lent, leftover) = lend(body(10, &read), Comes::Unasked);
        assert!(leftover.read_off().await.is_none());
        assert_eq!(read.load(Ordering::Relaxed), 0);
        assert!(lent.frame().await.is_some());
    }
}
