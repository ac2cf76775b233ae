//! Keeps services running, and stops them in reverse order.
//!
//! A peer's fault is a service's own business. An error or panic that reaches this place is ours:
//! it is logged and the service started again with growing pauses; five in ten minutes and the
//! service is `failed`, while the others go on. A failed service that nothing works without ends
//! the process, so that systemd starts it anew.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// One run of a service: until it is told to stop, or fails.
pub type Run = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// What happens to the house when a service has failed for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The others go on without it.
    Room,
    /// Nothing works without it: the process ends.
    Essential,
}

/// How a service is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum State {
    /// It runs.
    Running,
    /// It broke and is started again soon.
    Retrying {
        /// What broke.
        reason: String,
    },
    /// It broke too often and is left alone until a reload or restart.
    Failed {
        /// What broke.
        reason: String,
    },
}

/// States of all services by name.
pub type States = BTreeMap<String, State>;

const FAILURES_ALLOWED: usize = 5;
const FAILURE_WINDOW: Duration = Duration::from_secs(600);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The services of the house.
pub struct House {
    services: Vec<Service>,
    retired: JoinSet<()>,
    /// Services that were told to stop, by name, and whether they have.
    leaving: BTreeMap<String, watch::Receiver<bool>>,
    states: Arc<watch::Sender<States>>,
    fallen: watch::Sender<Option<String>>,
    grace: Duration,
}

struct Service {
    name: String,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl House {
    /// A house without services; each gets `grace` to stop in.
    #[must_use]
    pub fn new(grace: Duration) -> House {
        let (states, _) = watch::channel(States::new());
        let (fallen, _) = watch::channel(None);
        House {
            services: Vec::new(),
            retired: JoinSet::new(),
            leaving: BTreeMap::new(),
            states: Arc::new(states),
            fallen,
            grace,
        }
    }

    /// Starts a service and keeps it running. `run` is called anew for every try, and for the first time when a service
    /// of that name that was told to retire has ended: two never run at once.
    pub fn add(&mut self, name: &str, weight: Weight, run: impl Fn(CancellationToken) -> Run + Send + 'static) {
        let before = self.leaving.remove(name);
        self.start(name, weight, before, run);
    }

    /// As [`House::add`], but beside the one that retires: for what must not make anybody wait, such as a door.
    pub fn add_beside(&mut self, name: &str, weight: Weight, run: impl Fn(CancellationToken) -> Run + Send + 'static) {
        self.start(name, weight, None, run);
    }

    fn start(
        &mut self,
        name: &str,
        weight: Weight,
        before: Option<watch::Receiver<bool>>,
        run: impl Fn(CancellationToken) -> Run + Send + 'static,
    ) {
        let stop = CancellationToken::new();
        let keeper = Keeper {
            name: name.to_owned(),
            weight,
            states: Arc::clone(&self.states),
            fallen: self.fallen.clone(),
            stop: stop.clone(),
        };
        keeper.tell(State::Running);
        #[expect(clippy::disallowed_methods, reason = "this is the place that waits for them")]
        let task = tokio::spawn(keeper.keep(before, run));
        self.services.push(Service {
            name: name.to_owned(),
            stop,
            task,
        });
    }

    /// Tells one service to stop and forgets it; it has its grace, and only its successor waits for it.
    pub fn retire(&mut self, name: &str) {
        if let Some(at) = self.services.iter().position(|service| service.name == name) {
            let (ended, seen) = watch::channel(false);
            // One that never ran because it waited itself is no longer to be waited for than the one before it.
            self.leaving.insert(name.to_owned(), seen);
            let leaves = end(self.services.remove(at), self.grace);
            self.retired.spawn(async move {
                leaves.await;
                ended.send_replace(true);
            });
            self.states.send_modify(|states| {
                states.remove(name);
            });
        }
        while self.retired.try_join_next().is_some() {}
        self.leaving.retain(|_, ended| !*ended.borrow());
    }

    /// Notes that something that is no running service could not be started; `None`: it is no trouble any more.
    pub fn note_trouble(&self, name: &str, reason: Option<String>) {
        self.states.send_if_modified(|states| match reason {
            Some(reason) => {
                let state = State::Retrying { reason };
                states.insert(name.to_owned(), state.clone()) != Some(state)
            }
            None => match states.get(name) {
                Some(State::Retrying { .. }) => states.remove(name).is_some(),
                Some(State::Running | State::Failed { .. }) | None => false,
            },
        });
    }

    /// The services that were left alone after too many failures.
    #[must_use]
    pub fn failed(&self) -> Vec<String> {
        let states = self.states.borrow();
        let failed = states.iter().filter(|(_, state)| matches!(state, State::Failed { .. }));
        failed.map(|(name, _)| name.clone()).collect()
    }

    /// How the services are, and every change of it.
    #[must_use]
    pub fn states(&self) -> watch::Receiver<States> {
        self.states.subscribe()
    }

    /// Waits until an essential service has failed; answers which and why.
    pub fn fallen(&self) -> impl Future<Output = String> + use<> {
        let mut fallen = self.fallen.subscribe();
        async move {
            match fallen.wait_for(Option::is_some).await {
                Ok(reason) => reason.clone().unwrap_or_default(),
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// Waits for those that were told to retire; each has its grace.
    pub async fn settle(&mut self) {
        while self.retired.join_next().await.is_some() {}
    }

    /// Stops all services, the last added first. Together they have `at_most`.
    pub async fn stop(mut self, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        while let Some(service) = self.services.pop() {
            // A deaf one takes at most half of what is left, so that those behind it stop in order too.
            end(service, deadline.saturating_duration_since(Instant::now()) / 2).await;
        }
        self.settle().await;
    }
}

async fn end(service: Service, grace: Duration) {
    service.stop.cancel();
    let mut task = service.task;
    if tokio::time::timeout(grace, &mut task).await.is_err() {
        tracing::warn!(service = service.name, "did not stop in time and was cut off");
        task.abort();
    }
}

/// Stands by one service.
struct Keeper {
    name: String,
    weight: Weight,
    states: Arc<watch::Sender<States>>,
    fallen: watch::Sender<Option<String>>,
    stop: CancellationToken,
}

impl Keeper {
    async fn keep(
        self,
        before: Option<watch::Receiver<bool>>,
        run: impl Fn(CancellationToken) -> Run + Send + 'static,
    ) {
        if let Some(mut before) = before {
            // The sender going means that it is over as well.
            let _ = before.wait_for(|ended| *ended).await;
            if self.stop.is_cancelled() {
                return;
            }
        }
        let mut failures: VecDeque<Instant> = VecDeque::new();
        loop {
            let reason = match self.once(run(self.stop.clone())).await {
                Ok(()) => return,
                Err(reason) => reason,
            };
            let now = Instant::now();
            failures.push_back(now);
            failures.retain(|at| now.duration_since(*at) <= FAILURE_WINDOW);
            if failures.len() >= FAILURES_ALLOWED {
                tracing::error!(
                    service = self.name,
                    reason,
                    "failed {FAILURES_ALLOWED} times in ten minutes and is left alone"
                );
                self.tell(State::Failed { reason: reason.clone() });
                if self.weight == Weight::Essential {
                    self.fallen.send_replace(Some(format!("{}: {reason}", self.name)));
                }
                return;
            }
            let pause = pause_after(failures.len());
            tracing::error!(
                service = self.name,
                reason,
                pause_ms = pause.as_millis(),
                "broke and is started again"
            );
            self.tell(State::Retrying { reason });
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(pause) => self.tell(State::Running),
            }
        }
    }

    /// One try in a task of its own, so that a panic ends only that.
    async fn once(&self, run: Run) -> Result<(), String> {
        #[expect(clippy::disallowed_methods, reason = "waited for in the next line")]
        let mut task = AbortOnDrop(tokio::spawn(run));
        match (&mut task.0).await {
            Ok(Ok(())) if self.stop.is_cancelled() => Ok(()),
            Ok(Ok(())) => Err("ended by itself".to_owned()),
            Ok(Err(error)) => Err(causes(&error)),
            Err(error) if error.is_cancelled() => Ok(()),
            Err(error) => Err(panic_text(error.into_panic())),
        }
    }

    fn tell(&self, state: State) {
        self.states.send_modify(|states| {
            states.insert(self.name.clone(), state);
        });
    }
}

/// The error and its causes, each said once: many an error names its cause itself.
fn causes(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !said.contains(&cause) {
            said = if said.is_empty() {
                cause
            } else {
                format!("{said}: {cause}")
            };
        }
    }
    said
}

/// Cutting the keeper off cuts the service off.
struct AbortOnDrop(JoinHandle<anyhow::Result<()>>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn pause_after(failures: usize) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    (FIRST_PAUSE * 2u32.pow(doublings)).min(LONGEST_PAUSE)
}

fn panic_text(panic: Box<dyn std::any::Any + Send>) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without words"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_broken_room_fails_alone() {
        let mut house = House::new(Duration::from_secs(1));
        let tries = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&tries);
        house.add("broken", Weight::Room, move |_| {
            let counted = Arc::clone(&counted);
            Box::pin(async move {
                if counted.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
                    panic!("on purpose")
                }
                anyhow::bail!("again")
            })
        });
        house.add("sound", Weight::Room, |stop| {
            Box::pin(async move {
                stop.cancelled().await;
                Ok(())
            })
        });
        let mut states = house.states();
        let failed = |states: &States| matches!(states["broken"], State::Failed { .. });
        let states = states.wait_for(failed).await.unwrap().clone();
        assert_eq!(tries.load(Ordering::SeqCst), FAILURES_ALLOWED);
        assert_eq!(
            states["broken"],
            State::Failed {
                reason: "panicked: on purpose".into()
            }
        );
        assert_eq!(states["sound"], State::Running);
        house.stop(Duration::from_secs(2)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_essential_service_is_told() {
        let mut house = House::new(Duration::from_secs(1));
        house.add("gate", Weight::Essential, |_| Box::pin(async { anyhow::bail!("no") }));
        assert_eq!(house.fallen().await, "gate: no");
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_begins_when_the_one_it_follows_has_ended() {
        let mut house = House::new(Duration::from_secs(5));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let begun = Arc::new(AtomicUsize::new(0));
        for round in 0..20 {
            house.retire("room");
            let (running, most, begun) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&begun));
            house.add("room", Weight::Room, move |stop| {
                let (running, most, begun) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&begun));
                Box::pin(async move {
                    begun.fetch_add(1, Ordering::SeqCst);
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    stop.cancelled().await;
                    tokio::time::sleep(Duration::from_secs(3)).await;
                    running.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                })
            });
            // Some are replaced before they ran at all.
            if round % 3 == 0 {
                tokio::time::sleep(Duration::from_secs(4)).await;
            }
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(most.load(Ordering::SeqCst), 1, "never two at once");
        assert_eq!(running.load(Ordering::SeqCst), 1, "the last one runs");
        assert!(
            begun.load(Ordering::SeqCst) < 20,
            "one that was replaced while it waited never ran"
        );
        house.stop(Duration::from_secs(5)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn services_stop_in_reverse_and_within_their_grace() {
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let mut house = House::new(Duration::from_secs(2));
        for name in ["first", "second"] {
            let order = Arc::clone(&order);
            house.add(name, Weight::Room, move |stop| {
                let order = Arc::clone(&order);
                Box::pin(async move {
                    stop.cancelled().await;
                    order.lock().unwrap().push(name);
                    Ok(())
                })
            });
        }
        house.add("deaf", Weight::Room, |_| Box::pin(std::future::pending()));
        let before = Instant::now();
        house.stop(Duration::from_secs(2)).await;
        assert_eq!(*order.lock().unwrap(), ["second", "first"]);
        assert!(before.elapsed() < Duration::from_secs(3));
    }
}
