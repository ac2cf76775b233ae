//! What is learnt of meters on its way into the book: rows and events of several meters in one change, about once a
//! second, so that a fleet does not cost a sync of the disk for each reading.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use crate::domain::{MeterId, MeterNews, MeterState};
use crate::store::meters::{MetersWriter, Note};
use crate::store::{RowError, WriteError};

/// How long news gathers before it is written.
const GATHER: Duration = Duration::from_millis(500);
/// Bytes of rows and events in one change, well under what a change may hold.
const CHANGE_BYTES: usize = 96 << 10;
/// Meters in one change.
const CHANGE_METERS: usize = 64;
/// News of one meter that waits while the disk is full; older news is lost then, the newest values are not.
const WAITING: usize = 128;

/// What waits to be written.
#[derive(Default)]
pub(super) struct Notes {
    pending: Mutex<Pending>,
    bell: Notify,
}

#[derive(Default)]
struct Pending {
    order: VecDeque<MeterId>,
    news: HashMap<MeterId, Vec<MeterNews>>,
}

impl Notes {
    /// A meter's state has changed, and this happened.
    pub(super) fn add(&self, meter: &MeterId, news: Vec<MeterNews>) {
        self.pending().add(meter, news);
        self.bell.notify_one();
    }

    /// Nothing more is written of this meter.
    pub(super) fn forget(&self, meter: &MeterId) {
        let mut pending = self.pending();
        pending.news.remove(meter);
        pending.order.retain(|waiting| waiting != meter);
    }

    /// Writes what comes, for ever.
    pub(super) async fn keep(&self, writer: &MetersWriter, state_of: impl Fn(&MeterId) -> Option<MeterState>) {
        loop {
            self.bell.notified().await;
            sleep(GATHER).await;
            while !self.write(writer, &state_of).await {
                sleep(GATHER).await;
            }
        }
    }

    /// Writes all that waits. Answers whether that worked; if not, it waits still.
    pub(super) async fn write(&self, writer: &MetersWriter, state_of: impl Fn(&MeterId) -> Option<MeterState>) -> bool {
        loop {
            let portion = self.pending().portion(&state_of);
            if portion.is_empty() {
                return true;
            }
            match writer.note(portion.clone()).await {
                Ok(()) => {}
                Err(WriteError::Refused(error)) => self.apart(writer, portion, &error).await,
                Err(error) => {
                    tracing::debug!(%error, "what meters said was not written down; it is tried again");
                    let mut pending = self.pending();
                    for note in portion {
                        pending.put_back(note);
                    }
                    return false;
                }
            }
        }
    }

    /// One of them cannot be written; the others can.
    async fn apart(&self, writer: &MetersWriter, portion: Vec<Note>, error: &RowError) {
        tracing::debug!(%error, "a change of several meters was refused; each is written alone");
        for note in portion {
            let meter = note.meter.clone();
            if let Err(error) = writer.note(vec![note]).await {
                tracing::error!(meter.id = %meter, %error, "what a meter said could not be written down");
            }
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn add(&mut self, meter: &MeterId, news: Vec<MeterNews>) {
        let waiting = match self.news.get_mut(meter) {
            Some(waiting) => waiting,
            None => {
                self.order.push_back(meter.clone());
                self.news.entry(meter.clone()).or_default()
            }
        };
        waiting.extend(news);
        let many = waiting.len().saturating_sub(WAITING);
        waiting.drain(..many);
    }

    fn put_back(&mut self, note: Note) {
        let newer = self.news.remove(&note.meter);
        if newer.is_none() {
            self.order.push_back(note.meter.clone());
        }
        let mut news = note.news;
        news.extend(newer.unwrap_or_default());
        let many = news.len().saturating_sub(WAITING);
        news.drain(..many);
        self.news.insert(note.meter, news);
    }

    /// As much as fits into one change.
    fn portion(&mut self, state_of: impl Fn(&MeterId) -> Option<MeterState>) -> Vec<Note> {
        let (mut portion, mut bytes) = (Vec::new(), 0);
        while portion.len() < CHANGE_METERS
            && let Some(meter) = self.order.pop_front()
        {
            let news = self.news.remove(&meter).unwrap_or_default();
            let Some(state) = state_of(&meter) else { continue };
            bytes += length(&state) + news.iter().map(length).sum::<usize>();
            if bytes > CHANGE_BYTES && !portion.is_empty() {
                self.order.push_front(meter.clone());
                self.news.insert(meter, news);
                break;
            }
            portion.push(Note { meter, state, news });
        }
        portion
    }
}

/// Bytes in the log, with what stands around them.
fn length(value: &impl serde::Serialize) -> usize {
    serde_json::to_vec(value).map_or(0, |bytes| bytes.len() + 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_are_small_and_nothing_is_lost_or_told_twice() {
        let mut pending = Pending::default();
        let meter = |number: usize| format!("EML{number}").parse::<MeterId>().unwrap();
        let silent = || MeterNews::Silent { why: "x".repeat(2_000) };
        for number in 0..200 {
            pending.add(&meter(number), vec![silent(), MeterNews::Answers]);
            pending.add(&meter(number), vec![MeterNews::Added]);
        }
        let mut seen = Vec::new();
        loop {
            let portion = pending.portion(|_| Some(MeterState::default()));
            if portion.is_empty() {
                break;
            }
            let bytes: usize = portion
                .iter()
                .map(|note| length(&note.state) + note.news.iter().map(length).sum::<usize>())
                .sum();
            assert!(bytes <= CHANGE_BYTES && portion.len() <= CHANGE_METERS);
            for note in portion {
                assert_eq!(note.news, [silent(), MeterNews::Answers, MeterNews::Added]);
                seen.push(note.meter);
            }
        }
        assert_eq!(seen, (0..200).map(meter).collect::<Vec<_>>());
    }

    #[test]
    fn what_was_not_written_stands_before_what_came_since() {
        let mut pending = Pending::default();
        let meter: MeterId = "EML1".parse().unwrap();
        pending.add(&meter, vec![MeterNews::Added]);
        let portion = pending.portion(|_| Some(MeterState::default()));
        pending.add(&meter, vec![MeterNews::Answers]);
        for note in portion {
            pending.put_back(note);
        }
        let again = pending.portion(|_| Some(MeterState::default()));
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].news, [MeterNews::Added, MeterNews::Answers]);
    }
}
