//! Where others and the rules leave word for each other: what was seen, which rules are in force, what the box measures.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

use super::rule::Rule;
use crate::domain::AlarmKey;
use crate::domain::series::Sample;

/// How long somebody waits until it is written down that they have seen an alarm.
const PATIENCE: Duration = Duration::from_secs(10);

/// Something that the box measures of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Gauge {
    /// What is measured.
    pub sample: Sample,
    /// What is to be said of it.
    pub detail: String,
}

/// What the box measures of itself, whenever it is asked.
pub type Gauges = Arc<dyn Fn() -> Vec<Gauge> + Send + Sync>;

/// Where others leave word for the rules that are in force, whichever these are.
#[derive(Clone, Default)]
pub struct Inbox(Arc<Mail>);

/// Word that somebody has seen alarms.
pub(super) enum Seen {
    /// Those of this rule, or of this type.
    Named(String),
    /// This one, and who is to be told whether it stood and was not seen before, once that is on disk.
    One(AlarmKey, oneshot::Sender<bool>),
}

/// No rules are in force, so that nobody took word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no rules are in force just now")]
pub struct NobodyThere;

#[derive(Default)]
struct Mail {
    seen: Mutex<Vec<Seen>>,
    rules: Mutex<Vec<Rule>>,
    gauges: Mutex<Option<Gauges>>,
    bell: Notify,
}

impl Inbox {
    /// Somebody has seen the alarms of this rule, or of this type.
    pub fn acknowledge(&self, name: &str) {
        self.leave(Seen::Named(name.to_owned()));
    }

    /// Somebody has seen one alarm. Whether it stood and was not seen before; it is on disk then.
    ///
    /// # Errors
    ///
    /// When no rules are in force, or they stop meanwhile.
    pub async fn see(&self, alarm: AlarmKey) -> Result<bool, NobodyThere> {
        if lock(&self.0.gauges).is_none() {
            return Err(NobodyThere);
        }
        let (tells, told) = oneshot::channel();
        self.leave(Seen::One(alarm, tells));
        // Rules that broke, or are being made anew, leave word lying until they are there again.
        match tokio::time::timeout(PATIENCE, told).await {
            Ok(Ok(seen)) => Ok(seen),
            Ok(Err(_)) | Err(_) => Err(NobodyThere),
        }
    }

    fn leave(&self, seen: Seen) {
        lock(&self.0.seen).push(seen);
        self.0.bell.notify_one();
    }

    /// Puts these rules in force.
    pub(super) fn set_rules(&self, rules: &[Rule]) {
        rules.clone_into(&mut lock(&self.0.rules));
    }

    /// Says how the box is measured.
    pub(super) fn set_gauges(&self, gauges: &Gauges) {
        *lock(&self.0.gauges) = Some(Arc::clone(gauges));
    }

    /// What the box measures of itself now; nothing, while no rules are in force.
    #[must_use]
    pub fn gauges(&self) -> Vec<Gauge> {
        let gauges = lock(&self.0.gauges).clone();
        gauges.map(|gauges| gauges()).unwrap_or_default()
    }

    /// What was seen since this was last asked.
    pub(super) fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *lock(&self.0.seen))
    }

    /// Waits until something was seen.
    pub(super) async fn changed(&self) {
        self.0.bell.notified().await;
    }

    /// The rules that are in force.
    #[must_use]
    pub fn rules(&self) -> Vec<Rule> {
        lock(&self.0.rules).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
