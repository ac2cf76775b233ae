//! The messages of one meetup in the log, for a limited time, on demand (RELAY Q19).
//!
//! A line says from whom to whom, what kind and how long; never what is in it, and not the id either, because an id may
//! be a secret: the peers' numbers lead to it in the table. Of a flood only a sample is written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::frame::Opcode;
use super::meetup::{PeerNumber, shown_id};

/// Traces at once.
const MOST: usize = 16;
/// The longest trace.
pub const LONGEST_TRACE: Duration = Duration::from_secs(3_600);
/// Lines of one trace in a second; more messages are only counted.
const LINES: u32 = 100;

/// A trace cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// It would last for no time, or for too long.
    #[error("a trace lasts for 1 s to 1 h")]
    Time,
    /// There are as many as may be.
    #[error("{MOST} meetups are traced already; wait until one of them ends")]
    TooMany,
}

/// One meetup's trace.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) number: u64,
    until: Instant,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    second: Instant,
    lines: u32,
    /// Messages of that second without a line.
    left_out: u64,
    messages: u64,
}

/// What kind of thing a peer said.
pub(super) fn kind(opcode: Opcode) -> &'static str {
    match opcode {
        Opcode::Continuation => "continuation",
        Opcode::Text => "text",
        Opcode::Binary => "binary",
        Opcode::Close => "close",
        Opcode::Ping => "ping",
        Opcode::Pong => "pong",
    }
}

impl Trace {
    fn new(number: u64, now: Instant, time: Duration) -> Arc<Trace> {
        Arc::new(Trace {
            number,
            until: now + time,
            seen: Mutex::new(Seen {
                second: now,
                lines: 0,
                left_out: 0,
                messages: 0,
            }),
        })
    }

    /// A peer has said something whole, to `partner` if there is one.
    pub(super) fn note(
        &self,
        peer: PeerNumber,
        partner: impl FnOnce() -> Option<PeerNumber>,
        (said, bytes): (Opcode, u64),
    ) {
        if let Some(left_out) = self.turn(Instant::now()) {
            let to = partner().map(|partner| partner.0);
            tracing::info!(
                relay.trace = self.number,
                relay.from = peer.0,
                relay.to = to,
                kind = kind(said),
                bytes,
                left_out,
                "a relay peer said something"
            );
        }
    }

    /// How many messages it has seen.
    pub(super) fn messages(&self) -> u64 {
        lock(&self.seen).messages
    }

    /// Whether what is said at `now` gets a line, and how many got none before it.
    fn turn(&self, now: Instant) -> Option<u64> {
        if now >= self.until {
            return None;
        }
        let mut seen = lock(&self.seen);
        seen.messages += 1;
        if now >= seen.second + Duration::from_secs(1) {
            (seen.second, seen.lines) = (now, 0);
        }
        if seen.lines == LINES {
            seen.left_out += 1;
            return None;
        }
        seen.lines += 1;
        Some(std::mem::take(&mut seen.left_out))
    }
}

/// The traces under way, by the id as it may be seen.
#[derive(Debug, Default)]
pub(super) struct Traces {
    under_way: Mutex<UnderWay>,
}

#[derive(Debug, Default)]
struct UnderWay {
    last: u64,
    by_id: HashMap<String, Arc<Trace>>,
}

impl Traces {
    /// Begins one, in place of one of the same id.
    pub(super) fn begin(&self, id: &str, now: Instant, time: Duration) -> Result<Arc<Trace>, TraceError> {
        if !(Duration::from_secs(1)..=LONGEST_TRACE).contains(&time) {
            return Err(TraceError::Time);
        }
        let mut under_way = lock(&self.under_way);
        if under_way.by_id.len() >= MOST && !under_way.by_id.contains_key(id) {
            return Err(TraceError::TooMany);
        }
        under_way.last += 1;
        let trace = Trace::new(under_way.last, now, time);
        under_way.by_id.insert(id.to_owned(), Arc::clone(&trace));
        Ok(trace)
    }

    /// The trace of what is said at `id`.
    pub(super) fn of(&self, id: &str) -> Option<Arc<Trace>> {
        lock(&self.under_way).by_id.get(shown_id(id)).cloned()
    }

    /// Takes out those whose time is over.
    pub(super) fn over(&self, now: Instant) -> Vec<Arc<Trace>> {
        let mut under_way = lock(&self.under_way);
        under_way
            .by_id
            .extract_if(|_, trace| now >= trace.until)
            .map(|(_, trace)| trace)
            .collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_writes_a_sample_of_a_flood_and_ends_by_itself() {
        let (now, traces) = (Instant::now(), Traces::default());
        let trace = traces.begin("gw/7", now, Duration::from_secs(10)).unwrap();
        assert!(traces.of("gw/7?ticket=x").is_some() && traces.of("gw/77").is_none());
        let lines = (0..250).filter(|_| trace.turn(now).is_some()).count();
        assert_eq!(lines, 100);
        assert_eq!(trace.turn(now + Duration::from_secs(1)), Some(150));
        assert_eq!(trace.turn(now + Duration::from_secs(10)), None);
        assert!(traces.over(now + Duration::from_secs(9)).is_empty());
        assert_eq!(traces.over(now + Duration::from_secs(10)).len(), 1);
        assert!(traces.of("gw/7").is_none());
    }

    #[test]
    fn there_are_few_traces_and_none_without_an_end() {
        let (now, traces) = (Instant::now(), Traces::default());
        for (time, error) in [(0, TraceError::Time), (3_601, TraceError::Time)] {
            assert_eq!(traces.begin("x", now, Duration::from_secs(time)).unwrap_err(), error);
        }
        let minute = Duration::from_secs(60);
        for number in 0..MOST {
            traces.begin(&number.to_string(), now, minute).unwrap();
        }
        assert_eq!(traces.begin("one more", now, minute).unwrap_err(), TraceError::TooMany);
        traces.begin("0", now, minute).unwrap();
    }
}
