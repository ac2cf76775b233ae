//! What is learnt of meters on its way into the book: rows and events of several meters in one change, about once a
//! second, so that a fleet does not cost a sync of the disk for each reading. What somebody waits for is written at
//! once. Nothing is shown before it is written.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use crate::domain::{MeterId, MeterNews, MeterState};
use crate::store::meter_money::MoneySeen;
use crate::store::meters::{MetersWriter, Note};
use crate::store::{RowError, WriteError};

/// How long news gathers before it is written.
const GATHER: Duration = Duration::from_millis(500);
/// How long somebody waits until what was learnt is on disk; an answer that was had is not lost by a full disk.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of rows and events in one change, well under what a change may hold.
const CHANGE_BYTES: usize = 96 << 10;
/// Meters in one change, each of which takes several rows.
const CHANGE_METERS: usize = 16;
/// What is said of money beside it, mostly less: the row of a day, and a tariff.
const MONEY_BYTES: usize = 4 << 10;
/// News of one meter that waits while the disk is full; older news is lost then, the newest values are not.
const WAITING: usize = 128;

/// Who knows the meters that notes are about.
pub(super) trait Knower {
    /// What is known of a meter now; `None`: it is there no more.
    fn state_of(&self, meter: &MeterId) -> Option<MeterState>;

    /// What a meter said of money that is not in the book yet.
    fn money_of(&self, meter: &MeterId) -> MoneySeen;

    /// Says that a state is on disk, so that it may be shown, and so is what was said of money.
    fn is_written(&self, meter: &MeterId, state: MeterState, money: &MoneySeen);

    /// Says that the book refused a state, which waits until there is something new of the meter.
    fn is_refused(&self, meter: &MeterId, error: &RowError);
}

/// What waits to be written.
#[derive(Default)]
pub(super) struct Notes {
    pending: Mutex<Pending>,
    /// Something waits.
    bell: Notify,
    /// Somebody waits for it.
    urgent: Notify,
    /// How many notes were written.
    written: watch::Sender<u64>,
}

#[derive(Default)]
struct Pending {
    order: VecDeque<MeterId>,
    news: HashMap<MeterId, Vec<MeterNews>>,
    /// What was refused; it is tried again with the next news of the meter.
    refused: HashMap<MeterId, Vec<MeterNews>>,
    /// How many notes there ever were.
    added: u64,
    /// Whether somebody writes.
    kept: bool,
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
        pending.refused.remove(meter);
        pending.order.retain(|waiting| waiting != meter);
    }

    /// Waits until all that was added is written, as long as it makes sense to wait.
    pub(super) async fn on_disk(&self) {
        let added = {
            let pending = self.pending();
            if !pending.kept {
                return;
            }
            pending.added
        };
        let mut written = self.written.subscribe();
        self.urgent.notify_one();
        let _ = timeout(PATIENCE, written.wait_for(|written| *written >= added)).await;
    }

    /// Writes what comes, for ever.
    pub(super) async fn keep(&self, writer: &MetersWriter, knower: &impl Knower) {
        self.pending().kept = true;
        loop {
            self.bell.notified().await;
            tokio::select! {
                () = sleep(GATHER) => {}
                () = self.urgent.notified() => {}
            }
            while !self.write(writer, knower).await {
                sleep(GATHER).await;
            }
        }
    }

    /// Whether somebody writes.
    pub(super) fn is_kept(&self) -> bool {
        self.pending().kept
    }

    /// Nobody writes any more.
    pub(super) fn close(&self) {
        self.pending().kept = false;
    }

    /// Writes all that waits. Answers whether that worked; if not, it waits still.
    pub(super) async fn write(&self, writer: &MetersWriter, knower: &impl Knower) -> bool {
        loop {
            let (portion, added) = {
                let mut pending = self.pending();
                let added = pending.added;
                let mut portion = pending.portion(|meter| knower.state_of(meter));
                for note in &mut portion {
                    note.money = knower.money_of(&note.meter);
                }
                (portion, added)
            };
            if portion.is_empty() {
                self.written.send_replace(added);
                return true;
            }
            match writer.note(portion.clone()).await {
                Ok(()) => self.told(portion, knower),
                Err(WriteError::Refused(error)) => {
                    if !self.apart(writer, portion, &error, knower).await {
                        return false;
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "what meters said was not written down; it is tried again");
                    self.put_back(portion);
                    return false;
                }
            }
        }
    }

    /// One of them cannot be written; the others can. Answers whether the book takes changes.
    async fn apart(&self, writer: &MetersWriter, portion: Vec<Note>, error: &RowError, knower: &impl Knower) -> bool {
        tracing::debug!(%error, "a change of several meters was refused; each is written alone");
        let mut left = VecDeque::from(portion);
        while let Some(note) = left.pop_front() {
            match writer.note(vec![note.clone()]).await {
                Ok(()) => self.told(vec![note], knower),
                Err(WriteError::Refused(error)) => {
                    tracing::error!(meter.id = %note.meter, %error, "what a meter said could not be written down; it is kept and tried again with the next that it says");
                    knower.is_refused(&note.meter, &error);
                    self.pending().refuse(note);
                }
                Err(_) => {
                    left.push_front(note);
                    self.put_back(left.into());
                    return false;
                }
            }
        }
        true
    }

    fn told(&self, portion: Vec<Note>, knower: &impl Knower) {
        for note in portion {
            knower.is_written(&note.meter, note.state, &note.money);
        }
    }

    fn put_back(&self, portion: Vec<Note>) {
        let mut pending = self.pending();
        for note in portion {
            pending.put_back(note);
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn add(&mut self, meter: &MeterId, news: Vec<MeterNews>) {
        self.added += 1;
        let news = [self.refused.remove(meter).unwrap_or_default(), news].concat();
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

    fn refuse(&mut self, note: Note) {
        if let Some(newer) = self.news.get_mut(&note.meter) {
            newer.splice(..0, note.news);
        } else {
            self.refused.insert(note.meter, note.news);
        }
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
            bytes += length(&state) + MONEY_BYTES + news.iter().map(length).sum::<usize>();
            if bytes > CHANGE_BYTES && !portion.is_empty() {
                self.order.push_front(meter.clone());
                self.news.insert(meter, news);
                break;
            }
            portion.push(Note {
                meter,
                state,
                news,
                money: MoneySeen::default(),
            });
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
    fn what_was_refused_waits_for_the_next_news_and_stands_before_it() {
        let mut pending = Pending::default();
        let meter: MeterId = "EML1".parse().unwrap();
        pending.add(&meter, vec![MeterNews::Added]);
        for note in pending.portion(|_| Some(MeterState::default())) {
            pending.refuse(note);
        }
        assert!(pending.portion(|_| Some(MeterState::default())).is_empty());
        pending.add(&meter, vec![MeterNews::Answers]);
        let again = pending.portion(|_| Some(MeterState::default()));
        assert_eq!(again[0].news, [MeterNews::Added, MeterNews::Answers]);
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
