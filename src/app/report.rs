//! How the box is: for `status`, for the lamps on the pages, for the probe.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use super::audit::Trail;
use super::shown::{certificate, closed, hindered, revocation_list, room};
use crate::admin::{
    Backups, Beside, CertificateShown, PROVENANCE, RelayShown, RoomShown, ShutShown, Status, StoreShown, Verdict,
};
use crate::domain::Alarm;
use crate::meter::Meters;
use crate::meter::jobs::JobShown;
use crate::perseus::Perseus;
use crate::relay::Relay;
use crate::store::alarms::Alarms;
use crate::store::{ClockState, Store};
use crate::supervisor::States;
use crate::tls::{ClientTrust, Served};
use crate::uplink::Uplink;
use crate::webhooks::Webhooks;

/// Knows how the box is; clones share it.
#[derive(Clone)]
pub(super) struct Reporter {
    store: Store,
    states: watch::Receiver<States>,
    backups: Backups,
    rooms: RoomsSeen,
    audit: Trail,
    told: Arc<Mutex<Inputs>>,
}

/// The rooms; those that say more of themselves than that they run are there while they are open.
#[derive(Clone)]
pub(super) struct RoomsSeen {
    /// Those that `status` lists, open or closed.
    pub(super) names: Vec<&'static str>,
    pub(super) meters: watch::Receiver<Option<Arc<Meters>>>,
    pub(super) uplink: watch::Receiver<Option<Arc<Uplink>>>,
    pub(super) webhooks: watch::Receiver<Option<Arc<Webhooks>>>,
    pub(super) relay: watch::Receiver<Option<Arc<Relay>>>,
    pub(super) perseus: watch::Receiver<Option<Arc<Perseus>>>,
}

#[derive(Default)]
struct Inputs {
    phase: Phase,
    not_in_force: Option<String>,
    started: Option<Timestamp>,
    /// The file that the configuration begins with.
    configuration: Option<PathBuf>,
    doors: BTreeMap<String, Vec<SocketAddr>>,
    doors_since: BTreeMap<String, Timestamp>,
    doors_shut: BTreeMap<String, ShutShown>,
    certificates: BTreeMap<&'static str, watch::Receiver<Served>>,
    /// Whom doors trust, as their files say.
    trust: BTreeMap<&'static str, ClientTrust>,
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
    pub(super) fn new(
        (store, backups): (Store, Backups),
        states: watch::Receiver<States>,
        rooms: RoomsSeen,
        audit: Trail,
    ) -> Reporter {
        let told = Inputs {
            started: Some(Timestamp::now()),
            ..Inputs::default()
        };
        Reporter {
            store,
            states,
            backups,
            rooms,
            audit,
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

    /// Whether the disk has no room for changes.
    pub(super) fn is_disk_full(&self) -> bool {
        self.store.health().borrow().disk_full
    }

    /// How many meters wait in the book for their room to be opened.
    fn meters_aside(&self) -> usize {
        if self.rooms.meters.borrow().is_some() {
            return 0;
        }
        let added = crate::store::meters::Meters::new(self.store.clone()).added();
        added.map_or(0, |added| added.len())
    }

    /// Says which file the configuration begins with.
    pub(super) fn of(&self, configuration: &Path) {
        self.told().configuration = std::path::absolute(configuration).ok();
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
        let (mut told, now) = (self.told(), Timestamp::now());
        let since = doors
            .keys()
            .map(|name| (name.clone(), told.doors_since.get(name).copied().unwrap_or(now)));
        told.doors_since = since.collect();
        told.doors = doors;
    }

    /// Why a door could not be opened; `None`: it is open, or wanted no more.
    pub(super) fn shut(&self, door: &str, reason: Option<String>) {
        let mut told = self.told();
        match reason {
            Some(reason) => {
                let since = told.doors_shut.get(door).map_or_else(Timestamp::now, |shut| shut.since);
                told.doors_shut.insert(door.to_owned(), ShutShown { since, reason });
            }
            None => drop(told.doors_shut.remove(door)),
        }
    }

    /// Which clients a door trusts now; `None`: it asks nobody, or is closed.
    pub(super) fn trust(&self, door: &'static str, trust: Option<ClientTrust>) {
        match trust {
            Some(trust) => drop(self.told().trust.insert(door, trust)),
            None => drop(self.told().trust.remove(door)),
        }
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
        Status {
            jobs: self.jobs(),
            ..self.status_holding(self.store.bytes())
        }
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
        let names = self.rooms.names.iter().copied();
        let mut rooms: BTreeMap<String, RoomShown> = names
            .map(|name| (name.to_owned(), services.remove(name).unwrap_or_else(|| closed(name))))
            .collect();
        if let (Some(room), Some(shown)) = (self.rooms.perseus.borrow().as_ref(), rooms.get_mut("perseus")) {
            hindered(shown, room.hindrance());
        }
        if let (Some(fault), Some(shown)) = (self.audit.fault(), services.get_mut("audit")) {
            hindered(shown, Some((fault.to_string(), fault.next_step().to_owned())));
        }
        let disk_full = self.is_disk_full();
        let webhooks = self.webhooks();
        let mut status = Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            state: String::new(),
            meters_aside: self.meters_aside(),
            configuration: told.configuration.clone(),
            process: Some(std::process::id()),
            started: told.started,
            doors: told.doors.clone(),
            doors_since: told.doors_since.clone(),
            doors_shut: told.doors_shut.clone(),
            rooms,
            services,
            certificates: told
                .certificates
                .iter()
                .map(|(door, served)| certificate(door, &served.borrow()))
                .chain(self.signing())
                .collect(),
            trust_not_in_force: told
                .trust
                .iter()
                .filter_map(|(door, trust)| Some(((*door).to_owned(), trust.last_error().borrow().clone()?)))
                .collect(),
            revocation_lists: told
                .trust
                .iter()
                .filter_map(|(door, trust)| Some(revocation_list(door, trust.lists()?)))
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
                last_trial: self.backups.last_trial().unwrap_or_default(),
                salvage: self.store.salvage().and_then(|lost| serde_json::to_value(lost).ok()),
            },
            meters: self.rooms.meters.borrow().as_ref().map(|room| room.fleet()),
            jobs: Vec::new(),
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

    /// What signs records of consented data.
    fn signing(&self) -> Option<CertificateShown> {
        let shown = self.rooms.perseus.borrow().as_ref()?.signing_certificate()?;
        Some(CertificateShown {
            door: PROVENANCE.to_owned(),
            names: vec![shown.application],
            issuer: String::new(),
            source: shown.source.to_owned(),
            not_after: Some(shown.not_after),
            next_try: shown.renewed,
            last_error: None,
            alarm: shown.ends_soon,
        })
    }

    fn webhooks(&self) -> Targets {
        let room = self.rooms.webhooks.borrow().clone();
        let targets = room.map(|room| room.states()).transpose();
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

    fn jobs(&self) -> Vec<JobShown> {
        let room = self.rooms.meters.borrow().clone();
        let jobs = room.map(|room| room.jobs()).transpose();
        let jobs = jobs.unwrap_or_else(|error| {
            tracing::error!(%error, "what became of jobs could not be read");
            None
        });
        jobs.unwrap_or_default()
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

    fn told(&self) -> MutexGuard<'_, Inputs> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
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
