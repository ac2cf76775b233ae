//! What a handler leaves unread of a request's body.
//!
//! Over HTTP/2 an answer may come before the request has ended, and the server then resets the stream with
//! `NO_ERROR` (RFC 9113 §8.1). Some clients, curl 7.88 of Debian 12 among them, lose the answer over that reset. So
//! a little is read off first; who sends more than that has to live with the reset.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::timeout;

/// So many bytes are read off at most.
const MOST: usize = 256 << 10;

/// For so long at most.
const PATIENCE: Duration = Duration::from_secs(1);

/// The place where a body goes that was not read to its end.
pub(crate) struct Leftover<B>(Arc<Mutex<Option<B>>>);

/// A body that is given back when it is dropped too early.
pub(crate) struct Lent<B: Body> {
    /// `None` only while it is dropped.
    body: Option<B>,
    back: Arc<Mutex<Option<B>>>,
}

/// Lends `body` to a handler.
pub(crate) fn lend<B: Body>(body: B) -> (Lent<B>, Leftover<B>) {
    let back = Arc::new(Mutex::new(None));
    let body = Some(body);
    let leftover = Leftover(Arc::clone(&back));
    (Lent { body, back }, leftover)
}

impl<B: Body + Unpin> Leftover<B>
where
    B::Data: AsRef<[u8]>,
{
    /// Reads off what is left, within limits; call it when there is an answer.
    pub(crate) async fn read_off(self) {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut body) = left else { return };
        let reading = async {
            let mut bytes = 0;
            while let Some(Ok(frame)) = body.frame().await {
                bytes += frame.data_ref().map_or(0, |data| data.as_ref().len());
                if bytes > MOST {
                    break;
                }
            }
        };
        // Late is as good as too much.
        let _: Result<(), _> = timeout(PATIENCE, reading).await;
    }
}

impl<B: Body> Drop for Lent<B> {
    fn drop(&mut self) {
        if let Some(body) = self.body.take()
            && !body.is_end_stream()
        {
            *self.back.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}

impl<B: Body + Unpin> Body for Lent<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A body of `parts` KiB that counts what is read of it.
    fn body(parts: usize, read: &Arc<AtomicUsize>) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
        let read = Arc::clone(read);
        StreamBody::new(futures_util::stream::iter((0..parts).map(move |_| {
            read.fetch_add(1, Ordering::Relaxed);
            Ok(Frame::data(Bytes::from(vec![0; 1024])))
        })))
    }

    #[tokio::test]
    async fn what_was_left_is_read_off_and_no_more_than_a_little() {
        for (parts, expected) in [(10, 10), (100_000, MOST / 1024 + 1)] {
            let read = Arc::new(AtomicUsize::new(0));
            let (lent, leftover) = lend(body(parts, &read));
            drop(lent);
            leftover.read_off().await;
            assert_eq!(read.load(Ordering::Relaxed), expected);
        }
    }

    #[tokio::test]
    async fn a_body_that_is_kept_is_left_alone() {
        let read = Arc::new(AtomicUsize::new(0));
        let (mut lent, leftover) = lend(body(10, &read));
        leftover.read_off().await;
        assert_eq!(read.load(Ordering::Relaxed), 0);
        assert!(lent.frame().await.is_some());
    }
}
