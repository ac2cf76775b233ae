//! Doors that could not be opened: tried again, while the others serve.

use std::time::Duration;

use tokio::time::Instant;

use super::door_name::DoorName;
use super::door_spec::DoorSpec;
use super::door_state::Shut;
use super::root::App;
use crate::accounts;
use crate::domain::Backoff;

/// Between tries to open a door.
const TRIES: Backoff = Backoff {
    first: Duration::from_secs(2),
    longest: Duration::from_secs(60),
};

impl App {
    /// Opens one door; one that cannot be opened is noted, and tried again later.
    pub(super) async fn open_or_shut(&mut self, name: DoorName) -> anyhow::Result<()> {
        let Err(error) = self.open_door(name).await else {
            return Ok(());
        };
        let failures = self.shut.get(&name).map_or(1, |shut| shut.failures.saturating_add(1));
        let pause = TRIES.pause(failures, f64::from(accounts::random::<1>()[0]) / 255.0);
        let reason = format!("{error:#}");
        tracing::error!(door = %name, reason, again_in_s = pause.as_secs(), "the door could not be opened; the others serve");
        let next = Instant::now() + pause;
        let spec = DoorSpec::of(&self.config, name);
        self.shut.insert(name, Shut { spec, failures, next });
        self.deps.reporter.shut(name.name(), Some(reason.clone()));
        self.supervisor.note_trouble(name.service(), Some(reason));
        Err(error)
    }

    /// Waits until a door that could not be opened is to be tried again.
    pub(super) fn until_doors_are_tried(&self) -> impl Future<Output = ()> + use<> {
        let next = self.shut.values().map(|shut| shut.next).min();
        async move {
            match next {
                Some(next) => tokio::time::sleep_until(next).await,
                None => std::future::pending().await,
            }
        }
    }

    /// Tries all doors that could not be opened, whether their time has come or not.
    pub(super) async fn try_doors_now(&mut self) {
        let now = Instant::now();
        self.shut.values_mut().for_each(|shut| shut.next = now);
        self.try_doors_again().await;
    }

    /// Tries the doors that could not be opened and whose time has come.
    pub(super) async fn try_doors_again(&mut self) {
        let now = Instant::now();
        let due: Vec<DoorName> = self
            .shut
            .iter()
            .filter(|(_, shut)| shut.next <= now)
            .map(|(name, _)| *name)
            .collect();
        for name in due {
            if self.pki.init(self.pki.now()).await.is_ok() && self.open_or_shut(name).await.is_ok() {
                tracing::info!(door = %name, "the door is open");
                if name == DoorName::Https {
                    // It sends people there.
                    self.change_router(DoorName::Http);
                }
            }
        }
    }

    pub(super) fn is_no_longer_shut(&mut self, name: DoorName) {
        if self.shut.remove(&name).is_some() {
            self.deps.reporter.shut(name.name(), None);
            self.supervisor.note_trouble(name.service(), None);
        }
    }
}
