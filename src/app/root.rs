//! The box as it stands: what was opened and built, and the services that run.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::Router;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::acme::AcmeUse;
use super::alarms::AlarmDesk;
use super::door_name::DoorName;
use super::door_state::{DoorUp, Shut};
use super::ground::Ground;
use super::handover::Handover;
use super::host_control::HostControl;
use super::identity::Names;
use super::logging::Logging;
use super::parts::{Deps, Parts};
use super::reach::Reach;
use super::report::{Reporter, RoomsSeen};
use super::trial::Trial;
use super::{
    audit, box_backups, box_doors, box_log, gauges, lamps, memory, router, store_metrics, upgrade, uplink_metrics,
};
use crate::accounts::{Accounts, Bearers};
use crate::admin::{self, AdminState, Backups, Order, Running};
use crate::config::{Config, Flags, Loaded};
use crate::face::{Face, Lamps, Site};
use crate::files;
use crate::http::assets::Assets;
use crate::http::health::{self, Readiness};
use crate::http::metrics::Metrics;
use crate::pki::Pki;
use crate::relay;
use crate::store::alarms::Alarms;
use crate::store::{Health, OpenError, Options, Place, Store};
use crate::supervisor::{Supervisor, Weight};
use crate::tls;

/// How long a service has that is told to stop while the box goes on.
const GRACE: Duration = Duration::from_millis(6_500);
/// How long a start waits for a command that holds the book, and how often it looks.
const IN_USE: Duration = Duration::from_secs(8);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long the services behind the doors have, all together.
const LAST: Duration = Duration::from_secs(3);

/// The box as it stands.
pub(super) struct App {
    pub(super) config: Config,
    pub(super) flags: Flags,
    pub(super) logging: Logging,
    pub(super) pki: Pki,
    pub(super) assets: Assets,
    pub(super) metrics: Metrics,
    pub(super) supervisor: Supervisor,
    pub(super) parts: Parts,
    /// What does not change with the configuration: the book, people and their tokens, what is told of the box.
    pub(super) deps: Deps,
    /// What the uplink calls, which is told what is in force.
    pub(super) host: Arc<HostControl>,
    pub(super) doors: BTreeMap<DoorName, DoorUp>,
    /// Doors that could not be opened.
    pub(super) shut: BTreeMap<DoorName, Shut>,
    pub(super) handover: Handover,
    pub(super) acme: AcmeUse,
    pub(super) readiness: watch::Sender<Readiness>,
    pub(super) lamps: watch::Sender<Lamps>,
    /// The shell of the pages as it is configured now.
    pub(super) face: watch::Sender<Option<Face>>,
    /// Where orders go that the app itself carries out.
    pub(super) orders: mpsc::Sender<Order>,
    /// A configuration from the cloud that may not stay.
    pub(super) trial: Option<Trial>,
}

impl App {
    /// Opens the store, makes the authorities that are not there yet, builds every room, opens every door, and starts the services.
    pub(super) async fn build(
        (ground, loaded): (Ground, Loaded),
        flags: Flags,
        logging: Logging,
        orders: mpsc::Sender<Order>,
    ) -> anyhow::Result<App> {
        let config = loaded.config;
        let (before, after) = tls::raise_descriptor_limit();
        tracing::debug!(?before, ?after, "raised the limit of open files");
        let existed = config.data_dir.join("store").exists();
        let store = open_store(&config, ground).await?;
        let backups = Backups::new(store.clone(), config.data_dir.clone());
        backups.sweep();
        upgrade::settle(&backups, &config.data_dir, existed).await;
        let pki = Pki::open(config.data_dir.join("pki"), store.clone()).context("opening the PKI")?;
        pki.init(pki.now()).await.context("making the PKI's own authorities")?;
        logging.ring().keep_panics(config.data_dir.join("panics.log"));
        let supervisor = Supervisor::new(GRACE);
        let metrics = Metrics::new();
        let parts = Parts::default();
        let rooms = RoomsSeen {
            names: Parts::rooms().collect(),
            meters: parts.meters.subscribe(),
            uplink: parts.uplink.subscribe(),
            webhooks: parts.webhooks.subscribe(),
            relay: parts.relay.subscribe(),
            perseus: parts.perseus.subscribe(),
        };
        let reporter = Reporter::new(
            (store.clone(), backups.clone()),
            supervisor.states(),
            rooms,
            logging.audit().clone(),
        );
        reporter.of(&loaded.file);
        store_metrics::register(&metrics, &store, &backups);
        uplink_metrics::register(&metrics, parts.uplink.subscribe());
        gauges::register(&metrics, parts.meters.subscribe(), parts.occupancy.subscribe());
        let host = HostControl::new(
            orders.clone(),
            parts.meters.subscribe(),
            (logging.clone(), supervisor.states()),
            config.clone(),
        );
        let accounts = Accounts::new(store.clone());
        let deps = Deps {
            store,
            data_dir: config.data_dir.clone(),
            bearers: Arc::new(Bearers::new(
                accounts,
                config.limits.https.per_client.unwrap_or_default(),
            )),
            backups,
            reporter,
            host: host.clone(),
            alarms: crate::rules::Inbox::default(),
            relay_counts: relay::Counts::new(&metrics),
            pki: pki.clone(),
            pushed: Arc::default(),
            streams: CancellationToken::new(),
        };
        let mut app = App {
            assets: Assets::load(),
            parts,
            deps,
            host,
            doors: BTreeMap::new(),
            shut: BTreeMap::new(),
            handover: Handover::receive(),
            acme: AcmeUse::new(&metrics),
            readiness: watch::channel(Readiness::default()).0,
            lamps: watch::channel(Lamps::default()).0,
            face: watch::channel(None).0,
            orders,
            trial: None,
            config,
            flags,
            logging,
            pki,
            metrics,
            supervisor,
        };
        app.open_admin()?;
        app.add_probe();
        memory::add_to(&mut app.supervisor);
        app.add_audit();
        lamps::add_to(&mut app.supervisor, &app.deps.reporter, &app.lamps);
        app.refresh_parts().await?;
        app.open_doors().await?;
        app.commit_parts().await;
        app.acme.doors_are_open();
        app.deps.reporter.is_ready();
        app.probe_once().await;
        app.say_how_to_sign_in();
        Ok(app)
    }

    /// Waits until something that nothing works without has failed.
    pub(super) fn fallen(&self) -> impl Future<Output = String> + use<> {
        self.supervisor.fallen()
    }

    /// How the store is.
    pub(super) fn store_health(&self) -> watch::Receiver<Health> {
        self.deps.store.health()
    }

    /// Where each door listens.
    pub(super) fn doors(&self) -> BTreeMap<String, Vec<SocketAddr>> {
        self.doors
            .iter()
            .map(|(name, door)| (name.to_string(), door.addrs.clone()))
            .collect()
    }

    /// Stops everything: all doors at once, then what is behind them, the store last.
    pub(super) async fn close(mut self) {
        self.deps.reporter.is_stopping();
        self.deps.streams.cancel();
        self.close_doors();
        // It says its last words while the doors are left.
        self.supervisor.retire("uplink");
        self.supervisor.join_retired().await;
        self.supervisor.stop(LAST).await;
        self.deps.store.close().await;
        tracing::info!("stopped");
    }

    /// What lies behind the https door, as it is configured now; the shell of its pages is what others show theirs in.
    pub(super) fn https_router(&self) -> crate::http::Site {
        let site = Site {
            name: self.config.site.name.clone(),
            timezone: self.config.site.timezone(),
            languages: self.config.site.languages(),
            contact: self.config.site.contact.clone(),
        };
        let face = Face::new(
            site,
            self.deps.bearers.accounts().clone(),
            self.assets.clone(),
            self.lamps.subscribe(),
        );
        self.face.send_replace(Some(face.clone()));
        self.deps
            .bearers
            .change_rate(self.config.limits.https.per_client.unwrap_or_default());
        let under_box = self.under_box(&face);
        let own = router::https(router::Own {
            names: Names::of(&self.config),
            health: health::router(self.readiness.subscribe()),
            assets: self.assets.clone(),
            face,
            report: self.deps.reporter.clone().into_status(),
            bearers: Arc::clone(&self.deps.bearers),
            alarms: AlarmDesk {
                standing: Alarms::new(self.deps.store.clone()),
                inbox: self.deps.alarms.clone(),
            },
            pki: self.deps.pki.clone(),
            admin: self.managed(),
            config: &self.config,
            under_box,
        });
        let parts = self.parts.each().into_iter();
        parts.fold(own, |https, part| part.mount(https)).finish()
    }

    /// The pages of the box that have their own API.
    fn under_box(&self, face: &Face) -> Router {
        let bearers = || Arc::clone(&self.deps.bearers);
        let report = self.deps.reporter.clone().into_status();
        let shown = (self.deps.pki.clone(), self.acme.current());
        let backups = (self.deps.backups.clone(), self.parts.backups.subscribe());
        let log = (self.logging.ring(), self.parts.meters.subscribe());
        box_backups::router(backups, bearers(), face)
            .merge(box_doors::router(
                (report, Reach::of(&self.config)),
                shown,
                bearers(),
                face,
            ))
            .merge(box_log::router(log, bearers(), face))
    }

    /// What commands, programs and pages manage the box by.
    fn managed(&self) -> AdminState {
        let running = Running {
            status: self.deps.reporter.clone().into_status(),
            occupancy: self.parts.occupancy.subscribe(),
            meters: self.parts.meters.subscribe(),
            relay: self.parts.relay.subscribe(),
            uplink: self.parts.uplink.subscribe(),
            webhooks: self.parts.webhooks.subscribe(),
            perseus: self.parts.perseus.subscribe(),
            privacy: self.parts.privacy.subscribe(),
            store: self.deps.store.clone(),
            backups: self.deps.backups.clone(),
            acme: self.acme.current(),
            orders: self.orders.clone(),
        };
        AdminState {
            accounts: self.deps.bearers.accounts().clone(),
            pki: self.pki.clone(),
            timezone: Arc::new({
                let host = Arc::clone(&self.host);
                move || host.timezone()
            }),
            running: Some(running),
        }
    }

    fn open_admin(&mut self) -> anyhow::Result<()> {
        let router = admin::router(self.managed());
        let listening = Arc::new(admin::listen(&self.config.admin_socket)?);
        self.supervisor.add("admin", Weight::Essential, move |stop| {
            let (listening, router) = (Arc::clone(&listening), router.clone());
            Box::pin(async move {
                listening.serve(router, stop).await;
                Ok(())
            })
        });
        Ok(())
    }

    fn add_audit(&mut self) {
        let host = Arc::clone(&self.host);
        audit::add_to(
            &mut self.supervisor,
            (self.logging.audit(), self.config.data_dir.join("audit")),
            (&self.pki, &self.deps.store),
            move || host.audit_kept(),
        );
    }

    fn say_how_to_sign_in(&self) {
        if self.deps.bearers.accounts().is_empty().unwrap_or(false) {
            tracing::info!("nobody can sign in yet: run `gatelodge user add NAME --role admin` for a one-time link");
        }
    }
}

/// A command that works in the data folder holds the book for a moment; who stays is another box.
fn open_patiently(options: Options) -> Result<Store, OpenError> {
    let began = Instant::now();
    loop {
        match Store::open(options.clone()) {
            Err(OpenError::InUse(_)) if began.elapsed() < IN_USE => std::thread::sleep(LOOK_AGAIN),
            opened => return opened,
        }
    }
}

/// Opens the store; what kills left unfinished beside it is swept then.
async fn open_store(config: &Config, ground: Ground) -> anyhow::Result<Store> {
    let folder = config.data_dir.clone();
    files::make_private(&folder)?;
    // Names of folders that were just made are on disk before anything in them counts.
    for folder in [Some(folder.as_path()), folder.parent()].into_iter().flatten() {
        if let Err(error) = files::sync(folder) {
            tracing::debug!(%error, "goes on all the same");
        }
    }
    let mut options = Options::at(Place::in_data_dir(&folder));
    (options.clock, options.disk) = (ground.clock, ground.disk);
    if let Some(uplink) = &config.uplink {
        options.journal_bytes = uplink.room.outbox_max.0;
        options.journal_age = uplink.room.outbox_age.0;
    }
    let store = tokio::task::spawn_blocking(move || open_patiently(options))
        .await
        .context("opening the store")??;
    // What a killed box, or a command, began beside the book and never finished; the book's lock keeps others away.
    for name in ["pki", "acme", "keys", "uplink", "conf.d"] {
        if let Err(error) = files::sweep_below(&config.data_dir.join(name)) {
            tracing::warn!(%error, "what a kill left there stays");
        }
    }
    if let Some(lost) = store.salvage() {
        tracing::error!(%lost, "the store was damaged and runs in salvage: what could be read is served");
    }
    Ok(store)
}
