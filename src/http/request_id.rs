//! The number that ties a request, its answer and its log line together.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::HeaderValue;
use bytes::Bytes;

/// A request's number; the answer carries it as `x-request-id`, and so does its log line.
///
/// It is always our own: one that the caller sent is neither read nor logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(u64);

impl RequestId {
    fn hex(self) -> [u8; 16] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        std::array::from_fn(|place| DIGITS[(self.0 >> (60 - 4 * place)) as usize & 15])
    }

    /// The number as a header carries it.
    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::from_maybe_shared(Bytes::copy_from_slice(&self.hex())).expect("hex digits are header characters")
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Numbers that differ within a process, and between processes as far as 64 bits can.
pub(super) struct RequestIds {
    start: u64,
    count: AtomicU64,
}

impl RequestIds {
    pub(super) fn new() -> RequestIds {
        let mut seed = [0; 8];
        aws_lc_rs::rand::fill(&mut seed).expect("the system gives random bytes");
        RequestIds {
            start: u64::from_ne_bytes(seed),
            count: AtomicU64::new(0),
        }
    }

    pub(super) fn next(&self) -> RequestId {
        // An odd factor maps distinct counts to distinct numbers.
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        RequestId(count.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.start)
    }
}
