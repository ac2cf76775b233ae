//! What the box does when the cloud asks: what the uplink may call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use tokio::sync::{mpsc, watch};

use super::door_name::DoorName;
use super::logging::Logging;
use super::part::Part;
use super::parts::Deps;
use crate::accounts::{AUDIT, random_id};
use crate::admin::Order;
use crate::config::{Config, remote};
use crate::domain::MeterId;
use crate::domain::units::Span;
use crate::meter::Meters;
use crate::occupancy::Occupancy;
use crate::supervisor::{State, States};
use crate::uplink::{Host, LogLine, LogQuery, NewConfiguration, PartState, Section, Uplink};

/// Wishes whose ends are remembered.
const REMEMBERED: usize = 100;

/// How much may be logged.
const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Parts of the box that the cloud has a name for, and their services.
const PARTS: [(&str, &str); 4] = [
    ("uplink", <Uplink as Part<Deps>>::NAME),
    ("meter-poller", <Meters as Part<Deps>>::NAME),
    ("occupancy", <Occupancy as Part<Deps>>::NAME),
    ("api", DoorName::Https.service()),
];

/// What became of a configuration, once it is known.
type Verdict = Option<Result<(), String>>;

/// What the uplink calls; every room that is rebuilt gets the same.
pub(super) struct HostControl {
    process: String,
    orders: mpsc::Sender<Order>,
    meters: watch::Receiver<Option<Arc<Meters>>>,
    logging: Logging,
    states: watch::Receiver<States>,
    /// What is in force.
    config: RwLock<Config>,
    /// Of the configurations that were wanted lately, by their keys.
    verdicts: Mutex<BTreeMap<u64, watch::Receiver<Verdict>>>,
}

impl HostControl {
    pub(super) fn new(
        orders: mpsc::Sender<Order>,
        meters: watch::Receiver<Option<Arc<Meters>>>,
        (logging, states): (Logging, watch::Receiver<States>),
        config: Config,
    ) -> Arc<HostControl> {
        Arc::new(HostControl {
            process: random_id(),
            orders,
            meters,
            logging,
            states,
            config: RwLock::new(config),
            verdicts: Mutex::default(),
        })
    }

    /// Remembers the configuration that is in force from now on.
    pub(super) fn in_force(&self, config: &Config) {
        self.config
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(config);
    }

    /// Where the house stands, as it is configured now.
    pub(super) fn timezone(&self) -> TimeZone {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
        config.site.timezone()
    }

    /// How long the audit is kept, as it is configured now.
    pub(super) fn audit_kept(&self) -> Span {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
        config.retention.audit
    }

    fn verdicts(&self) -> MutexGuard<'_, BTreeMap<u64, watch::Receiver<Verdict>>> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Host for HostControl {
    fn process(&self) -> String {
        self.process.clone()
    }

    fn boot(&self) -> String {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
        id.map(|id| id.trim().to_owned()).unwrap_or_default()
    }

    fn restart(&self) {
        // A full list of orders has a restart or a reload in it that comes first; the platform asks again.
        drop(self.orders.try_send(Order::Restart));
    }

    fn configuration(&self, section: Section) -> String {
        remote::shown(&self.config.read().unwrap_or_else(PoisonError::into_inner), section)
    }

    async fn configure(&self, configuration: NewConfiguration) -> Result<(), String> {
        let (verdict, told) = watch::channel(None);
        let key = configuration.key;
        {
            let mut verdicts = self.verdicts();
            verdicts.insert(key, told);
            while verdicts.len() > REMEMBERED {
                verdicts.pop_first();
            }
        }
        if self
            .orders
            .send(Order::Configure(configuration, verdict))
            .await
            .is_err()
        {
            return Err("the box is stopping".to_owned());
        }
        let gone = || Err("the box is stopping".to_owned());
        self.configured(key).await.unwrap_or_else(gone)
    }

    async fn configured(&self, key: u64) -> Option<Result<(), String>> {
        let mut told = self.verdicts().get(&key)?.clone();
        told.wait_for(Option::is_some).await.ok()?.clone()
    }

    fn log(&self, wanted: &LogQuery) -> Vec<LogLine> {
        self.logging.ring().lines(wanted)
    }

    fn log_level(&self, level: &str) -> Result<(), String> {
        if !LEVELS.contains(&level) {
            return Err(format!("`{level}` is no level: it is one of {}", LEVELS.join(", ")));
        }
        let mut log = self.config.read().unwrap_or_else(PoisonError::into_inner).log.clone();
        // Whoever asks for fewer lines does not get fewer of those that tell what was done by whom.
        log.filter = format!("{level},{AUDIT}=info");
        self.logging.set_filter(&log);
        Ok(())
    }

    fn part(&self, name: &str) -> PartState {
        let service = PARTS
            .iter()
            .find(|(part, _)| *part == name)
            .map(|(_, service)| *service);
        let states = self.states.borrow();
        match service.and_then(|service| states.get(service)) {
            Some(State::Running) => PartState::Up,
            Some(State::Retrying { .. } | State::Failed { .. }) => PartState::Down,
            None => PartState::Closed,
        }
    }

    fn temperature(&self) -> Option<f64> {
        let text = std::fs::read_to_string("/sys/class/thermal/thermal_zone0/temp").ok()?;
        let thousandths: f64 = text.trim().parse().ok()?;
        Some(thousandths / 1_000.0)
    }

    fn reading_takes(&self) -> Duration {
        let room = self.meters.borrow();
        room.as_ref().map_or(Duration::ZERO, |room| room.reading_takes())
    }

    async fn read(&self, meter: &MeterId) -> Result<(), String> {
        let room = self.meters.borrow().clone();
        let room = room.ok_or_else(|| "the meter room is closed".to_owned())?;
        room.read_now(meter).await.map_err(|error| error.to_string())
    }
}
