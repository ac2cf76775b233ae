//! How the box is: for `status`, for the lamps on the pages, for metrics.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use tokio::sync::watch;

use super::parts::Parts;
use super::root::App;
use crate::admin::{Backups, Beside, CertificateShown, Grade, RelayShown, RoomShown, Status, StoreShown, Verdict};
use crate::domain::Alarm;
use crate::face::{Concern, Lamp, Lamps, Light};
use crate::http::metrics::Metrics;
use crate::meter::Meters;
use crate::relay::Relay;
use crate::rules::Alarms;
use crate::store::{ClockState, Store};
use crate::supervisor::{State, States, Weight};
use crate::tls::Served;
use crate::uplink::Uplink;
use crate::webhooks::Webhooks;

/// Knows how the box is; clones share it.
#[derive(Clone)]
pub(super) struct Reporter {
    store: Store,
    states: watch::Receiver<States>,
    backups: Backups,
    rooms: RoomsSeen,
    told: Arc<Mutex<Inputs>>,
}

/// The rooms that say more of themselves than that they run; each is there while it is open.
#[derive(Clone)]
pub(super) struct RoomsSeen {
    pub(super) meters: watch::Receiver<Option<Arc<Meters>>>,
    pub(super) uplink: watch::Receiver<Option<Arc<Uplink>>>,
    pub(super) webhooks: watch::Receiver<Option<Arc<Webhooks>>>,
    pub(super) relay: watch::Receiver<Option<Arc<Relay>>>,
}

#[derive(Default)]
struct Inputs {
    phase: Phase,
    not_in_force: Option<String>,
    started: Option<Timestamp>,
    doors: BTreeMap<String, Vec<SocketAddr>>,
    certificates: BTreeMap<&'static str, watch::Receiver<Served>>,
}

/// Targets of webhooks that are not told what there is to tell.
#[derive(Default)]
struct Targets {
    set_aside: BTreeMap<String, Timestamp>,
    failing: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Starting,
    Ready,
    Stopping,
}

impl Reporter {
    pub(super) fn new(store: Store, states: watch::Receiver<States>, backups: Backups, rooms: RoomsSeen) -> Reporter {
        let told = Inputs {
            started: Some(Timestamp::now()),
            ..Inputs::default()
        };
        Reporter {
            store,
            states,
            backups,
            rooms,
            told: Arc::new(Mutex::new(told)),
        }
    }

    /// Every door accepts.
    pub(super) fn is_ready(&self) {
        self.told().phase = Phase::Ready;
    }

    /// How far the clock is believed.
    pub(super) fn clock(&self) -> ClockState {
        self.store.clock()
    }

    /// When the box was started.
    pub(super) fn started(&self) -> Timestamp {
        self.told().started.unwrap_or_default()
    }

    /// The box stops.
    pub(super) fn is_stopping(&self) {
        self.told().phase = Phase::Stopping;
    }

    /// What a reload came to: why the file is not in force, or that it is.
    pub(super) fn reloaded(&self, refused: Option<String>) {
        self.told().not_in_force = refused;
    }

    /// Where the doors are now.
    pub(super) fn doors(&self, doors: BTreeMap<String, Vec<SocketAddr>>) {
        self.told().doors = doors;
    }

    /// What a door shows now.
    pub(super) fn certificate(&self, door: &'static str, served: Option<watch::Receiver<Served>>) {
        match served {
            Some(served) => self.told().certificates.insert(door, served),
            None => self.told().certificates.remove(door),
        };
    }

    /// How the box is now, whenever it is asked.
    pub(super) fn into_status(self) -> Arc<dyn Fn() -> Status + Send + Sync> {
        Arc::new(move || self.status())
    }

    /// How the box is now, with what its book takes on disk.
    fn status(&self) -> Status {
        self.status_holding(self.store.bytes())
    }

    /// How the box is now, for who asks every second: without the walk over the disk that counts the book's bytes.
    pub(super) fn status_light(&self) -> Status {
        self.status_holding(0)
    }

    fn status_holding(&self, bytes: u64) -> Status {
        let states = self.states.borrow().clone();
        let told = self.told();
        let last_backup = self.backups.last().unwrap_or_default();
        let mut services: BTreeMap<String, RoomShown> =
            states.iter().map(|(name, state)| (name.clone(), room(state))).collect();
        let rooms = Parts::rooms()
            .map(|name| (name.to_owned(), services.remove(name).unwrap_or_else(|| closed(name))))
            .collect();
        let disk_full = self.store.health().borrow().disk_full;
        let webhooks = self.webhooks();
        let mut status = Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            state: String::new(),
            started: told.started,
            doors: told.doors.clone(),
            rooms,
            services,
            certificates: told
                .certificates
                .iter()
                .map(|(door, served)| certificate(door, &served.borrow()))
                .collect(),
            relay: self.rooms.relay.borrow().as_ref().map(|relay| {
                let tally = relay.tally();
                RelayShown {
                    waiting: tally.waiting,
                    paired: tally.paired,
                    draining: relay.is_draining(),
                }
            }),
            not_in_force: told.not_in_force.clone(),
            store: StoreShown {
                bytes,
                last_backup: last_backup.as_ref().map(|last| last.at),
                last_backup_keys: last_backup.and_then(|last| last.keys),
                backup_trouble: self.backups.trouble(),
                salvage: self.store.salvage().and_then(|lost| serde_json::to_value(lost).ok()),
            },
            meters: self.rooms.meters.borrow().as_ref().map(|room| room.fleet()),
            uplink: self.rooms.uplink.borrow().as_ref().map(|room| room.shown()),
            webhooks_set_aside: webhooks.set_aside,
            webhooks_failing: webhooks.failing,
            alarms: self.alarms(),
            verdict: Verdict::default(),
        };
        let clock_wrong = self.clock() == ClockState::Wrong;
        status.verdict = Verdict::of(&status, Beside { disk_full, clock_wrong }, self.store.now());
        status.state = self.state(&told, &status.verdict).to_owned();
        status
    }

    fn webhooks(&self) -> Targets {
        let room = self.rooms.webhooks.borrow().clone();
        let targets = room.map(|room| room.targets()).transpose();
        let targets = targets.unwrap_or_else(|error| {
            tracing::error!(%error, "the webhooks could not be read");
            None
        });
        let mut told = Targets::default();
        for target in targets.into_iter().flatten() {
            if let Some(until) = target.not_before {
                told.set_aside.insert(target.name.clone(), until);
            }
            if let Some(outcome) = target.failing {
                told.failing.insert(target.name, outcome);
            }
        }
        told
    }

    fn alarms(&self) -> Vec<Alarm> {
        let standing = Alarms::new(self.store.clone()).standing();
        standing.unwrap_or_else(|error| {
            tracing::error!(%error, "the alarms could not be read");
            Vec::new()
        })
    }

    fn state(&self, told: &Inputs, verdict: &Verdict) -> &'static str {
        match told.phase {
            Phase::Starting => "starting",
            Phase::Stopping => "stopping",
            Phase::Ready if self.store.salvage().is_some() => "salvage",
            Phase::Ready if verdict.is_degraded() => "degraded",
            Phase::Ready => "ready",
        }
    }

    fn lamps(&self) -> Lamps {
        let status = self.status_light();
        let verdict = &status.verdict;
        let lamp = |concern, name: &str, (light, words): (Light, &str)| {
            let lamp = Lamp {
                name: name.to_owned(),
                light,
                words: words.to_owned(),
            };
            (concern, lamp)
        };
        let light = |grade| match grade {
            Grade::Well => Light::Good,
            Grade::Attention => Light::Warn,
            Grade::Trouble => Light::Bad,
        };
        let of = |name: &str| match name {
            "occupancy" => Concern::Spaces,
            "meters" => Concern::Meters,
            _ => Concern::Box,
        };
        let running = status.rooms.iter().filter(|(_, room)| room.state != "closed");
        let mut parts: Vec<(Concern, Lamp)> = running
            .map(|(name, _)| match verdict.worst_of(name) {
                // Why it broke is for those who run the box.
                Some(found) if of(name) != Concern::Box => {
                    lamp(of(name), name, (light(found.grade), "does not do all of its job"))
                }
                Some(found) => lamp(of(name), name, (light(found.grade), &found.words)),
                None => lamp(of(name), name, (Light::Good, "works")),
            })
            .collect();
        // Whoever counts or tops up is told why nothing of it is taken.
        let store = match verdict.worst_of("store") {
            Some(_) if self.store.health().borrow().disk_full => (
                Concern::Everybody,
                (Light::Bad, "the disk is full, nothing new is taken"),
            ),
            Some(found) => (Concern::Box, (light(found.grade), found.words.as_str())),
            None => (Concern::Everybody, (Light::Good, "works")),
        };
        parts.push(lamp(store.0, "store", store.1));
        // What serves the rooms is only of interest when it does not do its job; alarms have lamps of their own.
        let said = |part: &str| status.rooms.contains_key(part) || part == "store" || part == "alarm";
        for found in verdict.findings.iter().filter(|found| !said(&found.part)) {
            parts.push(lamp(Concern::Box, &found.part, (light(found.grade), &found.words)));
        }
        Lamps {
            parts,
            alarms: status.alarms,
        }
    }

    fn told(&self) -> MutexGuard<'_, Inputs> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Keeps the lamps lit as things are.
    pub(super) fn add_lamps(&mut self) {
        let (reporter, lamps) = (self.reporter.clone(), self.lamps.clone());
        self.supervisor.add("lamps", Weight::Room, move |stop| {
            let (reporter, lamps) = (reporter.clone(), lamps.clone());
            Box::pin(async move {
                let mut ticks = tokio::time::interval(Duration::from_secs(1));
                loop {
                    lamps.send_if_modified(|shown| {
                        let now = reporter.lamps();
                        let changed = *shown != now;
                        *shown = now;
                        changed
                    });
                    tokio::select! {
                        () = stop.cancelled() => return Ok(()),
                        _ = ticks.tick() => {}
                    }
                }
            })
        });
    }
}

/// A room without a section in the configuration.
fn closed(name: &str) -> RoomShown {
    RoomShown {
        state: "closed".into(),
        reason: Some("the configuration has no section for it".into()),
        next_step: Some(format!("add a section [{name}] and reload, if it is wanted")),
    }
}

fn room(state: &State) -> RoomShown {
    let look = "journalctl -u gatelodge -n 100; then `systemctl reload gatelodge` tries again".to_owned();
    match state {
        State::Running => RoomShown {
            state: "running".into(),
            reason: None,
            next_step: None,
        },
        State::Retrying { reason } => RoomShown {
            state: "retrying".into(),
            reason: Some(reason.clone()),
            next_step: None,
        },
        State::Failed { reason } => RoomShown {
            state: "failed".into(),
            reason: Some(reason.clone()),
            next_step: Some(look),
        },
    }
}

fn certificate(door: &str, served: &Served) -> CertificateShown {
    CertificateShown {
        door: door.to_owned(),
        names: served.names.clone(),
        issuer: served.issuer.clone(),
        source: served.source.to_owned(),
        not_after: Some(served.not_after),
        next_try: served.next_try,
        last_error: served.last_error.clone(),
        alarm: served.alarm,
    }
}

/// The doors on one line of the log.
pub(super) fn doors_in_words(doors: &BTreeMap<String, Vec<SocketAddr>>) -> String {
    let door = |(name, addrs): (&String, &Vec<SocketAddr>)| {
        let addrs: Vec<String> = addrs.iter().map(ToString::to_string).collect();
        format!("{name} {}", addrs.join(" "))
    };
    doors.iter().map(door).collect::<Vec<_>>().join(", ")
}

/// Registers what the store counts.
pub(super) fn register(metrics: &Metrics, store: &Store) {
    metrics.register(|registry| registry.register_collector(Box::new(Book(store.clone()))));
}

struct Book(Store);

impl std::fmt::Debug for Book {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Book")
    }
}

impl Collector for Book {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let stats = self.0.stats();
        let mut counter = |name: &str, help: &str, value: u64| {
            let metric = ConstCounter::new(value);
            let kind = metric.metric_type();
            metric.encode(encoder.encode_descriptor(name, help, None, kind)?)
        };
        counter("store_changes", "Changes written to the book", stats.changes)?;
        counter(
            "store_groups",
            "Groups of changes that were synced together",
            stats.groups,
        )?;
        let mut gauge = |name: &str, help: &str, value: u64| {
            let metric = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let kind = metric.metric_type();
            metric.encode(encoder.encode_descriptor(name, help, None, kind)?)
        };
        gauge("store_bytes", "Bytes the book takes on disk", self.0.bytes())?;
        gauge("store_queue", "Changes waiting for the pen", stats.waiting as u64)?;
        gauge(
            "store_disk_full",
            "1 while writes are refused for lack of disk",
            u64::from(self.0.health().borrow().disk_full),
        )
    }
}
