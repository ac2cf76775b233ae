//! The bodies of a connection's requests: lent to handlers, and put aside when nobody reads them.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use tokio::sync::mpsc;

use crate::http::PatientBody;
use crate::http::leftover::{self, Comes, Leftover, Unread};

/// A request's body as it came, read with a limit to our patience.
type Patient = PatientBody<Incoming>;

/// What is put aside.
pub(super) type Left = mpsc::UnboundedReceiver<Unread<Patient>>;

/// Where the rest of a body goes when its request was answered.
#[derive(Clone)]
pub(super) enum Aside {
    /// HTTP/1.1: the connection ends with it.
    Nowhere,
    /// HTTP/2: it is thrown away while the connection goes on. A connection has no more of them than streams.
    Beside(mpsc::UnboundedSender<Unread<Patient>>),
}

impl Aside {
    /// A place for many, and what comes there.
    pub(super) fn new() -> (Aside, Option<Left>) {
        let (sender, left) = mpsc::unbounded_channel();
        (Aside::Beside(sender), Some(left))
    }

    /// Puts `unread` there.
    pub(super) fn leave(&self, unread: Unread<Patient>, answer: &mut Response) {
        match self {
            Aside::Nowhere => unread.close_after(answer.headers_mut()),
            // The other end is gone only with the connection.
            Aside::Beside(sender) => drop(sender.send(unread)),
        }
    }
}

/// Throws away what is put aside, as long as somebody waits for it.
pub(super) async fn discard(left: Option<Left>) -> Infallible {
    let Some(mut left) = left else { return pending().await };
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(unread) = left.recv() => under_way.push(unread.discard()),
            Some(()) = under_way.next() => {}
            else => return pending().await,
        }
    }
}

/// The request with a body that is read with a limit to our patience, and what will be left of it.
pub(super) fn lent(request: Request<Incoming>, grace: Duration) -> (Request<Body>, Option<Leftover<Patient>>) {
    let (head, body) = request.into_parts();
    if body.is_end_stream() {
        return (Request::from_parts(head, Body::empty()), None);
    }
    let (body, leftover) = leftover::lend(PatientBody::new(body, grace), Comes::of(&head));
    (Request::from_parts(head, Body::new(body)), Some(leftover))
}
