//! A request body with a limit to our patience: one that trickles in is cut.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

/// Bytes that a body must bring each second, on average, once the grace is over.
pub(crate) const LEAST_PACE: u64 = 1024;

/// The body did not come fast enough.
#[derive(Debug, thiserror::Error)]
#[error("the request body came too slowly: {received} bytes in {waited:?}")]
pub struct TooSlowError {
    received: u64,
    waited: Duration,
}

pin_project! {
    /// A body that must bring 1 KiB a second, after a first grace; else it ends in [`TooSlowError`].
    ///
    /// The clock starts when somebody first reads and finds nothing; each KiB received buys another second.
    pub struct PatientBody<B> {
        #[pin]
        body: B,
        grace: Duration,
        received: u64,
        started: Option<Instant>,
        timer: Option<Pin<Box<Sleep>>>,
    }
}

impl<B> PatientBody<B> {
    /// `body`, whose reader waits at most `grace` and then a second for every KiB.
    pub fn new(body: B, grace: Duration) -> PatientBody<B> {
        PatientBody {
            body,
            grace,
            received: 0,
            started: None,
            timer: None,
        }
    }
}

impl<B> Body for PatientBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.project();
        if let Poll::Ready(frame) = this.body.poll_frame(cx) {
            if let Some(Ok(frame)) = &frame {
                *this.received += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let started = *this.started.get_or_insert_with(Instant::now);
        let deadline = started + *this.grace + Duration::from_millis(*this.received * 1000 / LEAST_PACE);
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() < deadline {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Some(Err(Box::new(TooSlowError {
            received: *this.received,
            waited: started.elapsed(),
        }))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
