//! The room: keeps a session with the broker open.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::announced::Announcements;
use super::config::{Config, Kind};
use super::connection::agreed::Agreed;
use super::connection::attempts::connect;
use super::connection::error::{ConnectionError, ErrorClass};
use super::connection::last_good::LastGoodTls;
use super::connection::network;
use super::connection::opening::changed;
use super::connection::retry::{Retry, SessionEnd, chance};
use super::connection::wire::{Opened, Wire};
use super::context::Context;
use super::counts::{self, Counted};
use super::cumulocity::Cumulocity;
use super::enrol::{Enrol, EnrolRequest};
use super::error::UplinkError;
use super::following;
use super::host::Host;
use super::ledger::{self, LedgerError};
use super::live::Live;
use super::operations::{Commands, Deeds, Operations, Queue};
use super::outbox::AckedCounts;
use super::patience::Patience;
use super::plain::Plain;
use super::session::Session;
use super::session::ended::Ended;
use super::session::pace::Pace;
use super::session::quarantine::Quarantine;
use super::status::Status;
use super::tenant::Tenant;
use super::tenant::tokens::Tokens;
use super::world::{BoxFacts, World};
use crate::domain::Lane;
use crate::store::Store;
use crate::tls::Step;

/// The room.
pub struct Uplink {
    pub(super) config: Config,
    pub(super) store: Store,
    deps: Deps,
    pub(super) status: Arc<Status>,
    pub(super) acked: Arc<AckedCounts>,
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
            acked: Arc::default(),
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
        let context = Context {
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
            acked: Arc::clone(&self.acked),
            counted: Arc::clone(&self.counted),
            client_id,
            patience: self.deps.patience,
            tokens: Arc::clone(&self.tokens),
            enrol: self.enrol.clone(),
            quarantine: Quarantine::default(),
            last_good: LastGoodTls::default(),
            agreed: Mutex::new(Agreed::new(&self.config)),
            announced: Announcements::open(
                &self.store,
                format!("{}:{}", self.config.url.host, self.config.url.port),
            )?,
            orphans_taken: AtomicBool::new(false),
        };
        let deeds = self.deeds(&context, world);
        tokio::select! {
            ended = self.keep_connected(&context, &stop) => {
                context.operations.stops().await.map_err(LedgerError::Write)?;
                ended
            }
            error = following::follow(&self.store, &self.counted, &self.acked, &context.live) => Err(error.into()),
            worked = context.operations.work(&deeds, context.claim()) => match worked {
                Ok(never) => match never {},
                Err(error) => Err(LedgerError::Write(error).into()),
            },
            never = enrolled(&context) => match never {},
            never = counts::sample(&self.store, &self.counted, &self.acked, &self.status) => match never {},
            error = ledger::count_up(&self.store, self.config.self_test_rate) => Err(error.into()),
        }
    }

    /// What operations are carried out with.
    fn deeds(self: &Arc<Self>, context: &Context, world: World) -> Deeds {
        let (me, host) = (Arc::clone(self), Arc::clone(&self.deps.host));
        let again = Arc::clone(self);
        let queue = Queue {
            shown: Arc::new(move || me.shown()),
            drop: Arc::new(move || again.drop_values()),
        };
        let named = (context.client_id.clone(), self.config.commands());
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
        self.acked.drop_values_until(*self.store.bell().borrow());
        waited
    }

    /// Waits until a session was opened since the room was built.
    pub async fn connected(&self) {
        self.status.once_opened().await;
    }

    async fn keep_connected(&self, context: &Context, stop: &CancellationToken) -> Result<(), UplinkError> {
        let mut retry = Retry::new(context.patience);
        let mut pace = Pace::new(context.config.replay_rate, Instant::now());
        loop {
            let began = Instant::now();
            let connected = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                connected = proven_and_connected(context) => connected,
            };
            let (fault, pause) = match connected {
                Ok(line) => {
                    context.status.opened(Timestamp::now());
                    tracing::info!(broker = %context.config.url, client_id = context.client_id, "connected");
                    let opened = Instant::now();
                    let mut session = Session::new(context, line, &mut pace)?;
                    let silent = if retry.is_suspicious() {
                        tokio::select! {
                            () = stop.cancelled() => Ok(()),
                            silent = session.be_silent() => silent,
                        }
                    } else {
                        Ok(())
                    };
                    let ended = match silent {
                        Ok(()) => session.run(stop, ends(context)).await?,
                        Err(fault) => Ended::Broke(fault),
                    };
                    let end = match &ended {
                        Ended::Broke(fault) => {
                            session.suspect(fault);
                            if !session.is_greeted() && !session.is_silent() {
                                context.agreed().ended_ungreeted(fault, &context.config);
                            }
                            session.end(fault)
                        }
                        Ended::Stopped | Ended::FilesChanged => SessionEnd::Otherwise,
                    };
                    drop(session);
                    context.status.write().connected_since = None;
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
                    let fault = fault.by_the_clock(context.store.clock(), Timestamp::now());
                    let pause = retry.after_failure(fault.trouble(), chance());
                    (fault, pause)
                }
            };
            context.status.write().taken_over = retry.is_taken_over();
            let now = Timestamp::now();
            let next = now
                .checked_add(jiff::SignedDuration::try_from(pause).unwrap_or_default())
                .ok();
            context.status.fault(&fault, now, next);
            let taken_over = retry
                .is_taken_over()
                .then_some("another client seems to use this client id");
            tracing::warn!(
                broker = %context.config.url, error = %fault, mend = fault.mend(), taken_over,
                tried_ms = began.elapsed().as_millis(), again_in_s = pause.as_secs(), "not connected"
            );
            // Whoever does not believe us is not asked sooner for it.
            let away = fault.trouble() == ErrorClass::Away;
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = sleep(pause) => {}
                () = network::changed(), if away => tracing::info!("the network changed; connecting anew at once"),
                () = changed(&context.config, &context.client_id) => retry = Retry::new(context.patience),
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
    pub async fn enrol(&self, request: EnrolRequest) -> Option<Vec<Step>> {
        let enrol = self.enrol.as_ref()?;
        let name = self.status.write().client_id.clone();
        Some(enrol.now(&name, request).await)
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
async fn proven_and_connected(context: &Context) -> Result<(Wire, Opened), ConnectionError> {
    if let Some(enrol) = &context.enrol {
        enrol.proven().await;
    }
    connect(context).await
}

/// Waits until the session has to end: its files are others, or it is in the way of asking for another login.
async fn ends(context: &Context) {
    tokio::select! {
        () = changed(&context.config, &context.client_id) => {}
        () = async { match &context.enrol {
            Some(enrol) => enrol.makes_way().await,
            None => std::future::pending().await,
        } } => {}
    }
}

/// Sees to the proof that the platform gives, where it does.
async fn enrolled(context: &Context) -> std::convert::Infallible {
    match &context.enrol {
        Some(enrol) => enrol.keep(&context.client_id).await,
        None => std::future::pending().await,
    }
}
