//! Looks every ten seconds whether the box can do its work, and tells `/readyz` and systemd.

use std::time::Duration;

use tokio::sync::watch;

use super::report::Reporter;
use super::root::App;
use super::systemd;
use crate::admin::Grade;
use crate::http::health::Readiness;
use crate::store::{ClockState, Store};
use crate::supervisor::{States, Weight};

const EVERY: Duration = Duration::from_secs(10);
/// A write that takes longer counts as failed.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Probe {
    store: Store,
    states: watch::Receiver<States>,
    reporter: Reporter,
    readiness: watch::Sender<Readiness>,
}

impl App {
    /// Starts the probe.
    pub(super) fn add_probe(&mut self) {
        let probe = self.probe();
        let every = systemd::watchdog_interval().map_or(EVERY, |limit| limit.min(EVERY));
        self.supervisor.add("probe", Weight::Essential, move |stop| {
            let probe = probe.clone();
            Box::pin(async move {
                let mut ticks = tokio::time::interval(every);
                loop {
                    tokio::select! {
                        () = stop.cancelled() => return Ok(()),
                        _ = ticks.tick() => probe.look().await,
                    }
                }
            })
        });
    }

    /// One look at once, so that `/readyz` answers rightly from the first request on.
    pub(super) async fn probe_once(&self) {
        self.probe().look().await;
    }

    fn probe(&self) -> Probe {
        Probe {
            store: self.deps.store.clone(),
            states: self.supervisor.states(),
            reporter: self.deps.reporter.clone(),
            readiness: self.readiness.clone(),
        }
    }
}

impl Probe {
    async fn look(&self) {
        let store = match tokio::time::timeout(PATIENCE, self.store.probe()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("a write took over {} s", PATIENCE.as_secs())),
        };
        let doors = self.broken_doors();
        // The watchdog asks whether this process is stuck; a full disk or a closed door is not that.
        systemd::alive();
        let verdict = self.reporter.status_light().verdict;
        let needed = [("store", store), ("clock", self.clock()), ("doors", doors)];
        // Anybody may read it: that there is something, and not what.
        let other = |name| {
            let grade = verdict.grade_of(name);
            (name, (grade != Grade::Well).then(|| grade.name().to_owned()))
        };
        let others = [
            "uplink",
            "meters",
            "relay",
            "occupancy",
            "backup",
            "certificate",
            "alarm",
        ]
        .map(other);
        let readiness = Readiness::of(needed, others, verdict.grade.name());
        self.readiness.send_if_modified(|shown| {
            let changed = *shown != readiness;
            if changed && !readiness.ready {
                tracing::warn!(checks = ?readiness.checks, "not ready");
            }
            *shown = readiness;
            changed
        });
    }

    fn clock(&self) -> Option<String> {
        let wrong = self.store.clock() == ClockState::Wrong;
        wrong.then(|| "the clock is behind: set it, or let the box reach a time server".to_owned())
    }

    fn broken_doors(&self) -> Option<String> {
        let states = self.states.borrow();
        let broken: Vec<&str> = states
            .iter()
            .filter(|(name, state)| name.starts_with("door-") && **state != crate::supervisor::State::Running)
            .map(|(name, _)| name.as_str())
            .collect();
        (!broken.is_empty()).then(|| broken.join(", "))
    }
}
