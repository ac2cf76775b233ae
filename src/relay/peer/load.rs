//! What is counted of a peer: what it sent, what waits for it, and when it last gave a sign of life.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::relay::inbound::Data;

/// What a peer sent that was handed on, and when it last gave a sign of life.
#[derive(Debug, Default)]
pub(in crate::relay) struct Counted {
    pub(in crate::relay) messages: AtomicU64,
    pub(in crate::relay) bytes: AtomicU64,
    /// How much of both the metrics know.
    messages_told: AtomicU64,
    bytes_told: AtomicU64,
    /// Seconds of the Unix epoch; 0: never.
    pub(in crate::relay) last_pong: AtomicU64,
    /// In microseconds.
    pub(in crate::relay) round_trip: AtomicU64,
}

impl Counted {
    /// What it sent since this was last asked.
    pub(in crate::relay) fn untold(&self) -> Load {
        let news = |counter: &AtomicU64, told: &AtomicU64| {
            let now = counter.load(Relaxed);
            now.saturating_sub(told.swap(now, Relaxed))
        };
        Load {
            messages: news(&self.messages, &self.messages_told),
            bytes: news(&self.bytes, &self.bytes_told),
        }
    }
}

/// Whole messages, and bytes of messages before anything is compressed, frames not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::relay) struct Load {
    pub(in crate::relay) messages: u64,
    pub(in crate::relay) bytes: u64,
}

impl Load {
    pub(super) fn of(data: &Data<'_>) -> Load {
        Load {
            messages: u64::from(data.fin),
            bytes: data.payload.len() as u64,
        }
    }

    pub(super) fn add(&mut self, more: Load) {
        self.messages += more.messages;
        self.bytes += more.bytes;
    }
}
