//! What of backups is done just now, and what became of what somebody asked for.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Notify;

/// What somebody may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
#[schema(as = BackupOrder)]
pub enum Order {
    /// A backup now, whenever the last one was made.
    BackUp,
    /// The one of that name restored for trial.
    Trial {
        /// The name of its file.
        of: String,
    },
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BackupStep)]
pub enum Step {
    /// It is written, and read again to its end.
    Making,
    /// It is sealed, sent to the bucket, and read again there.
    Sending,
    /// One is restored for trial, and looked through.
    Trying,
}

/// What came of something that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub order: Order,
    pub at: Timestamp,
    /// Why it was not done, or what it found.
    pub fault: Option<String>,
}

/// How the work stands.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// What was asked for and has not ended.
    pub order: Option<Order>,
    /// What is done just now, asked for or not, and since when.
    pub step: Option<(Step, Timestamp)>,
    /// What was asked for last and has ended.
    pub ended: Option<Ended>,
}

/// The work, as whoever does it and whoever asks for it share it.
#[derive(Default)]
pub(super) struct Work {
    told: Mutex<Told>,
    asked: Notify,
}

impl Work {
    /// How it stands.
    pub(super) fn told(&self) -> Told {
        self.lock().clone()
    }

    /// Leaves an order; `false`: another one was not carried out yet.
    pub(super) fn ask(&self, order: Order) -> bool {
        let mut told = self.lock();
        if told.order.is_some() {
            return false;
        }
        told.order = Some(order);
        self.asked.notify_one();
        true
    }

    /// Waits until something is asked for.
    pub(super) async fn asked(&self) -> Option<Order> {
        self.asked.notified().await;
        self.lock().order.clone()
    }

    /// Whoever does it begins: what one before them left undone is not done any more.
    pub(super) fn begin(&self, now: Timestamp) {
        let mut told = self.lock();
        told.step = None;
        if let Some(order) = told.order.take() {
            let fault = Some("the work was interrupted".to_owned());
            told.ended = Some(Ended { order, at: now, fault });
        }
    }

    /// This is done now; the step ends with what is returned.
    pub(super) fn step(&self, step: Step) -> Under<'_> {
        self.lock().step = Some((step, Timestamp::now()));
        Under(self)
    }

    /// What was asked for has ended.
    pub(super) fn ended(&self, order: Order, fault: Option<String>) {
        let mut told = self.lock();
        let at = Timestamp::now();
        told.order = None;
        told.ended = Some(Ended { order, at, fault });
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A step that goes on.
pub(super) struct Under<'w>(&'w Work);

impl Drop for Under<'_> {
    fn drop(&mut self) {
        self.0.lock().step = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_order_at_a_time_and_what_broke_is_said() {
        let work = Work::default();
        assert!(work.ask(Order::BackUp));
        assert!(!work.ask(Order::Trial { of: "x".to_owned() }), "one at a time");
        assert_eq!(work.asked().await, Some(Order::BackUp));
        let step = work.step(Step::Making);
        assert_eq!(work.told().step.map(|(step, _)| step), Some(Step::Making));
        drop(step);
        assert!(work.told().step.is_none() && work.told().order.is_some());
        // Whoever carried it out broke; the next one begins.
        work.begin(Timestamp::UNIX_EPOCH);
        let told = work.told();
        assert!(told.order.is_none() && told.ended.is_some_and(|ended| ended.fault.is_some()));
        assert!(work.ask(Order::BackUp));
        work.ended(Order::BackUp, None);
        assert_eq!(work.told().ended.unwrap().fault, None);
    }
}
