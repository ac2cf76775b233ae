//! Opens the doors that are configured, and changes them by difference.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio::time::Instant;

use super::door_name::DoorName;
use super::lodge::{DRAIN, Lodge};
use super::{handover, router};
use crate::accounts;
use crate::config::{Certificate as Source, DoorLimits, GrpcClient};
use crate::domain::Backoff;
use crate::http::serve::HSTS_DEFAULT;
use crate::http::swap::Swap;
use crate::http::{Proxies, Site};
use crate::meter::mediator::access::Reach;
use crate::meter::mediator::{self, Mediator, Roles};
use crate::pki::Hierarchy;
use crate::relay;
use crate::supervisor::Weight;
use crate::tls::{
    Authorities, Certificate, ClientTrust, Demand, Door, Limits, OpenDoor, Policy, Served, Tls, Versions,
};

/// Silence on a relay connection after which the system asks whether its other end is there (`spec/relay.md` Q12).
const RELAY_KEEPALIVE: Duration = Duration::from_secs(60);

/// A door that is open.
pub(super) struct DoorUp {
    /// Where it listens.
    pub(super) addrs: Vec<SocketAddr>,
    /// The listening sockets, kept so that a changed door, or one that failed, takes them over. The only
    /// ones beside those of the door that runs: when this goes, connections are refused, not queued.
    listeners: Arc<Vec<std::net::TcpListener>>,
    /// What it was opened with.
    wanted: Vec<SocketAddr>,
    /// Its router, which a reload changes while connections go on.
    router: Swap,
    /// What it shows for itself, if it speaks TLS.
    served: Option<watch::Receiver<Served>>,
}

/// A door that could not be opened.
pub(super) struct Shut {
    /// Tries so far.
    failures: u32,
    /// When it is tried again.
    next: Instant,
}

/// Between tries to open a door.
const TRIES: Backoff = Backoff {
    first: Duration::from_secs(2),
    longest: Duration::from_secs(60),
};

impl Lodge {
    /// Opens every door that has a section. One that cannot be opened is left to [`Lodge::try_doors_again`]; only when
    /// none opens at all is that an error.
    pub(super) async fn open_doors(&mut self) -> anyhow::Result<()> {
        if self.handover.keep_only(&DoorName::ALL.map(|name| self.addresses(name))) {
            DoorName::ALL.iter().for_each(|name| handover::forget(name.name()));
            handover::settled().await;
        }
        let mut first = None;
        for name in DoorName::ALL {
            if let Err(error) = self.open_or_shut(name).await {
                first.get_or_insert(error);
            }
        }
        match first {
            Some(error) if self.doors.is_empty() => Err(error.context("no door could be opened")),
            Some(_) | None => Ok(()),
        }
    }

    /// Opens one door; one that cannot be opened is noted, and tried again later.
    async fn open_or_shut(&mut self, name: DoorName) -> anyhow::Result<()> {
        let Err(error) = self.open_door(name).await else {
            return Ok(());
        };
        let failures = self.shut.get(&name).map_or(1, |shut| shut.failures.saturating_add(1));
        let pause = TRIES.pause(failures, f64::from(accounts::random::<1>()[0]) / 255.0);
        let reason = format!("{error:#}");
        tracing::error!(door = %name, reason, again_in_s = pause.as_secs(), "the door could not be opened; the others serve");
        let next = Instant::now() + pause;
        self.shut.insert(name, Shut { failures, next });
        self.house.note_trouble(&name.service(), Some(reason));
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

    /// Opens one door as it is configured now; an open one keeps its sockets where the addresses are the same.
    pub(super) async fn open_door(&mut self, name: DoorName) -> anyhow::Result<()> {
        let wanted = self.addresses(name);
        if wanted.is_empty() {
            self.close_door(name);
            self.is_no_longer_shut(name);
            handover::forget(name.name());
            return Ok(());
        }
        let policy = self.policy(name).await?;
        let served = match &policy {
            Policy::Tls(tls) => Some(tls.certificate.served()),
            Policy::Plain => None,
        };
        let swap = Swap::new(self.router_of(name));
        let limits = self.limits_of(name);
        let hsts = self.hsts_of(name);
        let make = {
            let (metrics, router) = (self.metrics.clone(), swap.clone());
            let pages = (name == DoorName::Https).then(|| router::pages(self.face.subscribe()));
            move |listen: Vec<SocketAddr>, listeners: Vec<std::net::TcpListener>| {
                Door::new(name.name(), listen, policy.clone(), router.clone(), limits.clone())
                    .with_listeners(listeners)
                    .with_metrics(&metrics)
                    .with_hsts(hsts)
                    .with_refusals(match name {
                        DoorName::Grpc => mediator::refusal,
                        DoorName::Metrics | DoorName::Mtls | DoorName::Relay | DoorName::Https | DoorName::Http => {
                            router::refused
                        }
                    })
                    .with_pages(pages.clone())
                    .bind()
            }
        };
        let kept = self.doors.get(&name).filter(|door| door.wanted == wanted);
        let open = match kept.map(|door| clones(&door.listeners)).transpose()? {
            Some(listeners) => make(Vec::new(), listeners),
            None => {
                let (given, left) = self.handover.take(&wanted);
                make(left, given)
            }
        }?;
        let listeners = open
            .listeners()
            .with_context(|| format!("keeping the sockets of the {name} door"))?;
        handover::keep(name.name(), &listeners);
        let up = DoorUp {
            addrs: open.local_addrs().to_vec(),
            listeners: Arc::new(listeners),
            wanted,
            router: swap,
            served: served.clone(),
        };
        let kept = Arc::downgrade(&up.listeners);
        self.close_door(name);
        self.doors.insert(name, up);
        self.is_no_longer_shut(name);
        self.reporter.certificate(name.name(), served);
        self.reporter.doors(self.doors());
        self.run_door(name, open, move || {
            let kept = kept.upgrade().context("the door is closed already")?;
            Ok(make(Vec::new(), clones(&kept)?)?)
        });
        Ok(())
    }

    /// Shows the router as it is configured now behind an open door; connections go on.
    pub(super) fn change_router(&self, name: DoorName) {
        if let Some(door) = self.doors.get(&name) {
            door.router.set(self.router_of(name));
        }
    }

    /// Closes every door; requests under way are finished.
    pub(super) fn close_doors(&mut self) {
        for name in DoorName::ALL {
            self.close_door(name);
        }
    }

    fn close_door(&mut self, name: DoorName) {
        if self.doors.remove(&name).is_some() {
            self.house.retire(&name.service());
            self.reporter.certificate(name.name(), None);
            self.reporter.doors(self.doors());
        }
    }

    fn is_no_longer_shut(&mut self, name: DoorName) {
        if self.shut.remove(&name).is_some() {
            self.house.note_trouble(&name.service(), None);
        }
    }

    /// The first run takes the door that is open already; later ones, after a failure, open it anew.
    fn run_door(
        &mut self,
        name: DoorName,
        open: OpenDoor,
        again: impl Fn() -> anyhow::Result<OpenDoor> + Send + Sync + 'static,
    ) {
        let first = Mutex::new(Some(open));
        let again = Arc::new(again);
        self.house.add_beside(&name.service(), Weight::Essential, move |stop| {
            let first = first.lock().unwrap_or_else(PoisonError::into_inner).take();
            let again = Arc::clone(&again);
            Box::pin(async move {
                let open = first.map_or_else(|| again(), Ok)?;
                open.run(stop).await;
                Ok(())
            })
        });
    }

    fn addresses(&self, name: DoorName) -> Vec<SocketAddr> {
        let config = &self.config;
        match name {
            DoorName::Http => config.http.as_ref().map(crate::config::PlainDoor::http_addresses),
            DoorName::Https => config.https.as_ref().map(crate::config::Https::addresses),
            DoorName::Mtls => config.mtls.as_ref().map(crate::config::Mtls::addresses),
            DoorName::Grpc => config.grpc.as_ref().map(crate::config::Grpc::addresses),
            DoorName::Relay => config.relay.as_ref().map(crate::relay::Config::addresses),
            DoorName::Metrics => config.metrics.as_ref().map(crate::config::PlainDoor::metrics_addresses),
        }
        .unwrap_or_default()
    }

    fn limits_of(&self, name: DoorName) -> Limits {
        let limits = &self.config.limits;
        let configured: &DoorLimits = match name {
            DoorName::Http => &limits.http,
            DoorName::Https => &limits.https,
            DoorName::Mtls => &limits.mtls,
            DoorName::Grpc => &limits.grpc,
            DoorName::Relay => &limits.relay,
            DoorName::Metrics => &limits.metrics,
        };
        Limits {
            connections: configured.connections as usize,
            per_address: configured.per_address,
            per_client: configured.per_client,
            proxies: Proxies::new(&configured.trusted_proxies),
            keepalive: (name == DoorName::Relay).then_some(RELAY_KEEPALIVE),
            drain: DRAIN,
            ..Limits::default()
        }
    }

    /// The plain doors say nothing of TLS; the https door what is configured; the others the usual.
    fn hsts_of(&self, name: DoorName) -> Option<Duration> {
        match name {
            DoorName::Https => self
                .config
                .https
                .as_ref()
                .map(|https| https.hsts.0)
                .filter(|age| !age.is_zero()),
            DoorName::Mtls => Some(HSTS_DEFAULT),
            DoorName::Grpc | DoorName::Relay | DoorName::Http | DoorName::Metrics => None,
        }
    }

    fn router_of(&self, name: DoorName) -> Site {
        match name {
            DoorName::Https => self.https_router(),
            DoorName::Mtls => router::mtls().into(),
            DoorName::Grpc => mediator::router(self.mediator()).into(),
            DoorName::Relay => relay::router(self.relay.borrow().clone()).into(),
            DoorName::Metrics => self.metrics.router().into(),
            DoorName::Http => {
                let port = self
                    .doors
                    .get(&DoorName::Https)
                    .and_then(|door| door.addrs.first().map(SocketAddr::port));
                let shown = self.doors.get(&DoorName::Https).and_then(|door| door.served.as_ref());
                let shown = shown.map_or_else(Vec::new, |shown| shown.borrow().names.clone());
                router::http(self.names().and(shown), port, self.acme.challenges()).into()
            }
        }
    }

    async fn policy(&mut self, name: DoorName) -> anyhow::Result<Policy> {
        let plaintext = self.config.grpc.as_ref().is_some_and(|grpc| grpc.plaintext);
        let tls = match name {
            DoorName::Https => Tls {
                certificate: self.https_certificate().await?,
                versions: Versions::From12,
                challenges: Some(self.acme.challenges()),
                clients: None,
            },
            DoorName::Mtls => Tls {
                certificate: self.mtls_certificate().await?,
                versions: Versions::Only13,
                challenges: None,
                clients: Some((self.mtls_trust()?, Demand::Asked)),
            },
            DoorName::Grpc if plaintext => return Ok(Policy::Plain),
            DoorName::Grpc => Tls {
                certificate: self.grpc_certificate().await?,
                versions: Versions::From12,
                challenges: None,
                clients: Some((self.grpc_trust()?, Demand::Required)),
            },
            DoorName::Relay => Tls {
                certificate: self.relay_certificate().await?,
                versions: Versions::From12,
                challenges: None,
                clients: Some((self.relay_trust()?, self.relay_demand())),
            },
            DoorName::Http | DoorName::Metrics => return Ok(Policy::Plain),
        };
        Ok(Policy::Tls(tls))
    }

    async fn https_certificate(&mut self) -> anyhow::Result<Certificate> {
        if self.acme_config().is_some() {
            return self
                .acme_certificate()
                .await
                .context("the certificate of the https door");
        }
        self.acme.leave();
        let files = self.config.https.as_ref().and_then(|https| match https.certificate {
            Source::Files => Some((https.certificate_file.clone()?, https.key_file.clone()?)),
            Source::SelfSigned | Source::Acme => None,
        });
        self.certificate(DoorName::Https, files).await
    }

    async fn mtls_certificate(&self) -> anyhow::Result<Certificate> {
        let files = self
            .config
            .mtls
            .as_ref()
            .and_then(|mtls| Some((mtls.certificate_file.clone()?, mtls.key_file.clone()?)));
        self.certificate(DoorName::Mtls, files).await
    }

    async fn grpc_certificate(&self) -> anyhow::Result<Certificate> {
        let files = self
            .config
            .grpc
            .as_ref()
            .and_then(|grpc| Some((grpc.certificate_file.clone()?, grpc.key_file.clone()?)));
        self.certificate(DoorName::Grpc, files).await
    }

    async fn relay_certificate(&self) -> anyhow::Result<Certificate> {
        let files = self
            .config
            .relay
            .as_ref()
            .and_then(|relay| Some((relay.certificate_file.clone()?, relay.key_file.clone()?)));
        self.certificate(DoorName::Relay, files).await
    }

    async fn certificate(
        &self,
        door: DoorName,
        files: Option<(std::path::PathBuf, std::path::PathBuf)>,
    ) -> anyhow::Result<Certificate> {
        let context = || format!("the certificate of the {door} door");
        match files {
            Some((certificate, key)) => Certificate::files(certificate, key).with_context(context),
            None => {
                let names = self.names().for_certificate();
                let hierarchy = match door {
                    DoorName::Grpc => Hierarchy::Grpc,
                    DoorName::Relay => Hierarchy::Relay,
                    DoorName::Https | DoorName::Mtls | DoorName::Http | DoorName::Metrics => Hierarchy::Server,
                };
                Certificate::own(&self.pki, hierarchy, door.name(), names)
                    .await
                    .with_context(context)
            }
        }
    }

    fn mtls_trust(&self) -> anyhow::Result<ClientTrust> {
        let mtls = self.config.mtls.as_ref();
        let files = mtls.map(|mtls| (mtls.client_ca_file.clone(), mtls.crl_file.clone()));
        self.trust(DoorName::Mtls, Hierarchy::Client, files.unwrap_or_default())
    }

    fn grpc_trust(&self) -> anyhow::Result<ClientTrust> {
        let grpc = self.config.grpc.as_ref();
        let files = grpc.map(|grpc| (grpc.client_ca_file.clone(), grpc.crl_file.clone()));
        self.trust(DoorName::Grpc, Hierarchy::Grpc, files.unwrap_or_default())
    }

    fn relay_trust(&self) -> anyhow::Result<ClientTrust> {
        let relay = self.config.relay.as_ref();
        let files = relay.map(|relay| (relay.client_ca_file.clone(), relay.crl_file.clone()));
        self.trust(DoorName::Relay, Hierarchy::Relay, files.unwrap_or_default())
    }

    /// Whether peers of the relay must show certificates: tickets may stand for them.
    fn relay_demand(&self) -> Demand {
        match self.config.relay.as_ref().is_some_and(relay::Config::takes_tickets) {
            true => Demand::Asked,
            false => Demand::Required,
        }
    }

    /// Whom a door trusts: the authorities of a file, or its own hierarchy; less those that a list or we revoked.
    fn trust(
        &self,
        door: DoorName,
        hierarchy: Hierarchy,
        (authorities, list): (Option<PathBuf>, Option<PathBuf>),
    ) -> anyhow::Result<ClientTrust> {
        let authorities = match authorities {
            Some(file) => Authorities::File(file),
            None => Authorities::Fixed(self.pki.roots(hierarchy)?),
        };
        // A file may hold our own root, so what we revoked counts either way.
        let trust = ClientTrust::load(authorities, list, Some(self.pki.revocations()));
        trust.with_context(|| format!("whom the {door} door trusts"))
    }

    /// What the mediator's door is made of, as it is configured now.
    fn mediator(&self) -> Mediator {
        let grpc = self.config.grpc.as_ref();
        let plain = grpc.is_some_and(|grpc| grpc.plaintext);
        let clients = grpc.map(|grpc| grpc.client.clone()).unwrap_or_default();
        let reach = |client: GrpcClient| {
            let (serials, escos) = (client.serials.into_iter().collect(), client.escos);
            (client.name, Reach { serials, escos })
        };
        Mediator {
            meters: self.meters.borrow().clone(),
            roles: if plain { Roles::Nobody } else { Roles::ByCertificate },
            reaches: Arc::new(clients.into_iter().map(reach).collect()),
        }
    }
}

fn clones(listeners: &[std::net::TcpListener]) -> std::io::Result<Vec<std::net::TcpListener>> {
    listeners.iter().map(std::net::TcpListener::try_clone).collect()
}
