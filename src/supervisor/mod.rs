//! Keeps services running, and stops them in reverse order.
//!
//! A peer's fault is a service's own business. An error or panic that reaches this place is ours:
//! it is logged and the service started again with growing pauses; five in ten minutes and the
//! service is `failed`, while the others go on. A failed service that nothing works without ends
//! the process, so that systemd starts it anew.

mod attendant;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use attendant::Attendant;
pub use attendant::{Run, Weight};
pub use state::{State, States};

/// How long a service that is cut off may take to let go of what it holds.
const LET_GO: Duration = Duration::from_secs(1);

/// The services of the box.
pub struct Supervisor {
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
    /// Ends it in the midst of what it does.
    cut: CancellationToken,
    task: JoinHandle<()>,
}

impl Supervisor {
    /// A supervisor without services; each gets `grace` to stop in.
    #[must_use]
    pub fn new(grace: Duration) -> Supervisor {
        let (states, _) = watch::channel(States::new());
        let (fallen, _) = watch::channel(None);
        Supervisor {
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

    /// As [`Supervisor::add`], but beside the one that retires: for what must not make anybody wait, such as a door.
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
        let (stop, cut) = (CancellationToken::new(), CancellationToken::new());
        let attendant = Attendant {
            name: name.to_owned(),
            weight,
            states: Arc::clone(&self.states),
            fallen: self.fallen.clone(),
            stop: stop.clone(),
            cut: cut.clone(),
        };
        attendant.tell(State::Running);
        #[expect(clippy::disallowed_methods, reason = "this is the place that waits for them")]
        let task = tokio::spawn(attendant.keep(before, run));
        self.services.push(Service {
            name: name.to_owned(),
            stop,
            cut,
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
    pub async fn join_retired(&mut self) {
        while self.retired.join_next().await.is_some() {}
    }

    /// Stops all services, the last added first. Together they have `at_most`.
    pub async fn stop(mut self, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        while let Some(service) = self.services.pop() {
            // A deaf one takes at most half of what is left, so that those behind it stop in order too.
            end(service, deadline.saturating_duration_since(Instant::now()) / 2).await;
        }
        self.join_retired().await;
    }
}

async fn end(service: Service, grace: Duration) {
    service.stop.cancel();
    let mut task = service.task;
    if tokio::time::timeout(grace, &mut task).await.is_err() {
        tracing::warn!(service = service.name, "did not stop in time and was cut off");
        service.cut.cancel();
        // Whoever follows finds nothing of it at work. One that keeps its thread from everybody is not waited for.
        if tokio::time::timeout(LET_GO, &mut task).await.is_err() {
            task.abort();
        }
    }
}
