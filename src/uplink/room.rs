//! The room: keeps a session with the broker open.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::announced::Announcements;
use super::config::{Config, Kind, Reports};
use super::connection::agreed::Agreed;
use super::connection::attempts::{LastGoodTls, connect};
use super::connection::error::{ConnectionError, ErrorClass, LimitError};
use super::connection::network;
use super::connection::opening::changed;
use super::connection::retry::{Retry, SessionEnd};
use super::connection::wire::{Opened, Wire};
use super::counts::{Counted, settle};
use super::cumulocity::Cumulocity;
use super::dialect::Dialect;
use super::enrol::{Enrol, EnrolRequest};
use super::host::Host;
use super::ledger::{self, LedgerError};
use super::live::Live;
use super::operations::{Claim, Commands, Deeds, Operations, Queue};
use super::outbox::{AckedCounts, READER};
use super::patience::Patience;
use super::plain::Plain;
use super::session::pace::Pace;
use super::session::quarantine::Quarantine;
use super::session::{self, Ended, Session};
use super::status::Status;
use super::tenant::Tenant;
use super::tenant::tokens::Tokens;
use super::world::{BoxFacts, World};
use crate::accounts::random;
use crate::domain::Lane;
use crate::store::{Backlog, ReadError, Store, SubscribeError};
use crate::tls::Step;

/// The room.
pub struct Uplink {
    pub(super) config: Config,
    pub(super) store: Store,
    deps: Deps,
    pub(super) status: Arc<Status>,
    pub(super) dealt: Arc<AckedCounts>,
    /// What of the journal was counted.
    pub(super) counted: Arc<Counted>,
    tokens: Arc<Tokens>,
    enrol: Option<Arc<Enrol>>,
}

/// What the box lays down for the room.
#[derive(Clone)]
pub struct Deps {
    /// What it says beside the room's own section.
    pub facts: BoxFacts,
    /// What it does when the cloud asks.
    pub host: Arc<dyn Host>,
    /// How long is waited for what.
    pub patience: Patience,
}

impl Shared {
    /// How operations begin to be told.
    pub(super) fn claim(&self) -> Claim {
        match self.config.operations {
            Reports::Json => Claim::WhenBegun,
            Reports::Smartrest => Claim::OnArrival,
        }
    }

    /// Whether operations that the platform thinks are under way are still to be ended: once a process.
    pub(super) fn has_orphans(&self) -> bool {
        !self.orphans_taken.load(Ordering::Relaxed)
    }

    /// Whether they are ended now: not while this box has word of its own to bring. Then it is left to a later session.
    pub(super) fn takes_orphans(&self) -> Result<bool, ReadError> {
        let has_told_all =
            self.operations.is_idle()? && self.store.backlog(READER).is_some_and(|behind| behind.changes == 0);
        Ok(has_told_all && !self.orphans_taken.swap(true, Ordering::Relaxed))
    }

    /// What the broker is known to allow.
    pub(super) fn agreed(&self) -> MutexGuard<'_, Agreed> {
        self.agreed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The broker allows less than was asked of it.
    pub(super) fn limited(&self, limit: LimitError) {
        let fault = ConnectionError::Limited(limit);
        tracing::warn!(broker = %self.config.url, limit = %fault, mend = fault.mend(), "the broker's limits are kept to");
        self.status.note(&fault, Timestamp::now());
    }

    /// How far the uplink is behind, and in how many entries.
    pub(super) fn behind(&self) -> (Backlog, u64) {
        settle(&self.store, &self.counted, &self.dealt)
    }

    /// Nothing is left to be sent: what was counted and then thinned away is not waited for.
    pub(super) fn caught_up(&self) {
        settle(&self.store, &self.counted, &self.dealt);
    }
}

/// The room's own work broke, which is a fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum UplinkError {
    /// The journal cannot be followed.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    /// The journal or a row cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A row of the room's own cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What one run of the room works with.
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) store: Store,
    pub(super) dialect: Box<dyn Dialect>,
    pub(super) operations: Operations,
    pub(super) live: Live,
    pub(super) status: Arc<Status>,
    pub(super) dealt: Arc<AckedCounts>,
    pub(super) counted: Arc<Counted>,
    pub(super) client_id: String,
    pub(super) patience: Patience,
    pub(super) tokens: Arc<Tokens>,
    pub(super) suspects: Quarantine,
    /// Where the platform gives the box what it proves itself by.
    pub(super) enrol: Option<Arc<Enrol>>,
    pub(super) taken: LastGoodTls,
    agreed: Mutex<Agreed>,
    /// What the broker was given to keep.
    pub(super) announced: Announcements,
    orphans_taken: AtomicBool,
}

impl Uplink {
    /// The room on this book; nothing runs yet.
    #[must_use]
    pub fn new(config: Config, store: Store, deps: Deps) -> Arc<Uplink> {
        let (status, tokens) = (Arc::<Status>::default(), Arc::<Tokens>::default());
        let tenant = Tenant::new(config.clone(), Arc::clone(&tokens), deps.patience);
        let enrol = Enrol::new(&config, tenant, Arc::clone(&status), deps.patience);
        Arc::new(Uplink {
            config,
            store,
            deps,
            status,
            tokens,
            enrol: enrol.map(Arc::new),
            dealt: Arc::default(),
            counted: Arc::default(),
        })
    }

    /// Sends what happens until it is told to stop.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), UplinkError> {
        self.hold_the_journal().await?;
        let client_id = self.client_id().await?;
        self.status.write().client_id.clone_from(&client_id);
        let world = World::new(&self.store, self.deps.facts.clone());
        let host = Arc::clone(&self.deps.host);
        let shared = Shared {
            dialect: match self.config.kind {
                Kind::Mqtt => Box::new(Plain::new(&self.config, &client_id, world.clone(), self.store.clone())),
                Kind::Cumulocity => Box::new(Cumulocity::new(
                    &client_id,
                    world.clone(),
                    &self.config,
                    Arc::clone(&host),
                )),
            },
            operations: Operations::new(self.store.clone(), host.process()),
            config: self.config.clone(),
            store: self.store.clone(),
            live: Live::default(),
            status: Arc::clone(&self.status),
            dealt: Arc::clone(&self.dealt),
            counted: Arc::clone(&self.counted),
            client_id,
            patience: self.deps.patience,
            tokens: Arc::clone(&self.tokens),
            enrol: self.enrol.clone(),
            suspects: Quarantine::default(),
            taken: LastGoodTls::default(),
            agreed: Mutex::new(Agreed::new(&self.config)),
            announced: Announcements::open(
                &self.store,
                format!("{}:{}", self.config.url.host, self.config.url.port),
            )?,
            orphans_taken: AtomicBool::new(false),
        };
        let deeds = self.deeds(&shared, world);
        tokio::select! {
            ended = self.keep_connected(&shared, &stop) => {
                shared.operations.stops().await.map_err(LedgerError::Write)?;
                ended
            }
            error = self.follow(&shared) => Err(error),
            worked = shared.operations.work(&deeds, shared.claim()) => match worked {
                Ok(never) => match never {},
                Err(error) => Err(LedgerError::Write(error).into()),
            },
            never = enrolled(&shared) => match never {},
            never = self.sample() => match never {},
            error = ledger::count_up(&self.store, self.config.self_test_rate) => Err(error.into()),
        }
    }

    /// What operations are carried out with.
    fn deeds(self: &Arc<Self>, shared: &Shared, world: World) -> Deeds {
        let (me, host) = (Arc::clone(self), Arc::clone(&self.deps.host));
        let again = Arc::clone(self);
        let queue = Queue {
            shown: Arc::new(move || me.shown()),
            drop: Arc::new(move || again.drop_values()),
        };
        let named = (shared.client_id.clone(), self.config.commands());
        Deeds {
            commands: Commands::new(named, world.clone(), queue, Arc::clone(&host)),
            tenant: Tenant::new(self.config.clone(), Arc::clone(&self.tokens), self.deps.patience),
            restart: self.config.restart.clone(),
            status: Arc::clone(&self.status),
            host,
            world,
        }
    }

    /// Values that were written until now are not sent any more, but for those that are on their way; in about how many
    /// entries they are.
    fn drop_values(&self) -> u64 {
        let waited = self.tallies().queue[Lane::Measurement as usize];
        self.dealt.drop_values_until(*self.store.bell().borrow());
        waited
    }

    /// Waits until a session was opened since the room was built.
    pub async fn connected(&self) {
        self.status.once_opened().await;
    }

    async fn keep_connected(&self, shared: &Shared, stop: &CancellationToken) -> Result<(), UplinkError> {
        let mut retry = Retry::new(shared.patience);
        let mut pace = Pace::new(shared.config.replay_rate, Instant::now());
        loop {
            let began = Instant::now();
            let connected = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                connected = proven_and_connected(shared) => connected,
            };
            let (fault, pause) = match connected {
                Ok(line) => {
                    shared.status.opened(Timestamp::now());
                    tracing::info!(broker = %shared.config.url, client_id = shared.client_id, "connected");
                    let opened = Instant::now();
                    let mut session = Session::new(shared, line, session::outbox(shared)?, &mut pace)?;
                    let silent = if retry.is_suspicious() {
                        tokio::select! {
                            () = stop.cancelled() => Ok(()),
                            silent = session.be_silent() => silent,
                        }
                    } else {
                        Ok(())
                    };
                    let ended = match silent {
                        Ok(()) => session.run(stop, ends(shared)).await?,
                        Err(fault) => Ended::Broke(fault),
                    };
                    let end = match &ended {
                        Ended::Broke(fault) => {
                            session.suspect(fault);
                            if !session.is_greeted() && !session.is_silent() {
                                shared.agreed().ended_ungreeted(fault, &shared.config);
                            }
                            session.end(fault)
                        }
                        Ended::Stopped | Ended::FilesChanged => SessionEnd::Otherwise,
                    };
                    drop(session);
                    shared.status.write().connected_since = None;
                    match ended {
                        Ended::Stopped => return Ok(()),
                        Ended::FilesChanged => {
                            tracing::info!("certificate or password changed; connecting anew with them");
                            continue;
                        }
                        Ended::Broke(fault) => {
                            pace.cut_off(Instant::now());
                            let taken_over = fault.is_taken_over();
                            let held = if taken_over { Duration::ZERO } else { opened.elapsed() };
                            retry.looks_taken_over(taken_over, end);
                            (fault, retry.after_session(held, chance()))
                        }
                    }
                }
                Err(fault) => {
                    let fault = fault.by_the_clock(shared.store.clock(), Timestamp::now());
                    let pause = retry.after_failure(fault.trouble(), chance());
                    (fault, pause)
                }
            };
            shared.status.write().taken_over = retry.is_taken_over();
            let now = Timestamp::now();
            let next = now
                .checked_add(jiff::SignedDuration::try_from(pause).unwrap_or_default())
                .ok();
            shared.status.fault(&fault, now, next);
            let taken_over = retry
                .is_taken_over()
                .then_some("another client seems to use this client id");
            tracing::warn!(
                broker = %shared.config.url, error = %fault, mend = fault.mend(), taken_over,
                tried_ms = began.elapsed().as_millis(), again_in_s = pause.as_secs(), "not connected"
            );
            // Whoever does not believe us is not asked sooner for it.
            let away = fault.trouble() == ErrorClass::Away;
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = sleep(pause) => {}
                () = network::changed(), if away => tracing::info!("the network changed; connecting anew at once"),
                () = changed(&shared.config, &shared.client_id) => retry = Retry::new(shared.patience),
            }
        }
    }

    /// What the box calls itself: as configured, as its certificate says, or by a name made once.
    async fn client_id(&self) -> Result<String, LedgerError> {
        if let Some(name) = &self.config.client_id {
            return Ok(name.clone());
        }
        let common_name = self
            .config
            .outbound()
            .and_then(|outbound| outbound.load().ok()?.identity?.common_name);
        match common_name.filter(|name| super::config::is_device_id(name)) {
            Some(name) => Ok(name),
            None => ledger::made_name(&self.store).await,
        }
    }

    /// Comes to a proof of who the box is, or to the next one, step by step in words; `None`: it proves itself by what
    /// its configuration names.
    pub async fn enrol(&self, wish: EnrolRequest) -> Option<Vec<Step>> {
        let enrol = self.enrol.as_ref()?;
        let name = self.status.write().client_id.clone();
        Some(enrol.now(&name, wish).await)
    }

    /// Whether this is the section that it goes by, told by its [`Config::fingerprint`].
    #[must_use]
    pub fn goes_by(&self, fingerprint: &str) -> bool {
        self.config.fingerprint() == fingerprint
    }

    /// The way to the broker step by step, in words.
    pub async fn rehearse(&self) -> Vec<Step> {
        let (name, connected) = {
            let written = self.status.write();
            (written.client_id.clone(), written.connected_since)
        };
        let name = if name.is_empty() { "gatelodge" } else { &name };
        super::connection::rehearsal::rehearse(&self.config, name, connected).await
    }
}

/// A session, once there is a proof to open it with.
async fn proven_and_connected(shared: &Shared) -> Result<(Wire, Opened), ConnectionError> {
    if let Some(enrol) = &shared.enrol {
        enrol.proven().await;
    }
    connect(shared).await
}

/// Waits until the session has to end: its files are others, or it is in the way of asking for another login.
async fn ends(shared: &Shared) {
    tokio::select! {
        () = changed(&shared.config, &shared.client_id) => {}
        () = async { match &shared.enrol {
            Some(enrol) => enrol.makes_way().await,
            None => std::future::pending().await,
        } } => {}
    }
}

/// Sees to the proof that the platform gives, where it does.
async fn enrolled(shared: &Shared) -> std::convert::Infallible {
    match &shared.enrol {
        Some(enrol) => enrol.keep(&shared.client_id).await,
        None => std::future::pending().await,
    }
}

/// A number between 0 and 1.
pub(super) fn chance() -> f64 {
    f64::from(u32::from_le_bytes(random())) / f64::from(u32::MAX)
}
