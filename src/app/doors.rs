//! Opens the doors that are configured, and changes them by difference.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;

use super::lodge::{DRAIN, Lodge};
use super::{handover, router};
use crate::config::{Certificate as Source, DoorLimits, GrpcClient};
use crate::http::serve::HSTS_DEFAULT;
use crate::http::swap::Swap;
use crate::http::{Proxies, Site};
use crate::meter::mediator::access::Reach;
use crate::meter::mediator::{self, Mediator, Roles};
use crate::pki::Hierarchy;
use crate::relay;
use crate::supervisor::Weight;
use crate::tls::{Authorities, Certificate, ClientTrust, Demand, Door, Limits, OpenDoor, Policy, Tls, Versions};

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
}

/// Every door, in the order in which they open: the public ones last, when everything behind them works.
pub(super) const DOORS: [&str; 6] = ["metrics", "mtls", "grpc", "relay", "https", "http"];

impl Lodge {
    /// Opens every door that has a section.
    pub(super) async fn open_doors(&mut self) -> anyhow::Result<()> {
        if self.handover.keep_only(&DOORS.map(|name| self.addresses(name))) {
            DOORS.iter().for_each(|name| handover::forget(name));
            handover::settled().await;
        }
        for name in DOORS {
            self.open_door(name).await?;
        }
        Ok(())
    }

    /// Opens one door as it is configured now; an open one keeps its sockets where the addresses are the same.
    pub(super) async fn open_door(&mut self, name: &'static str) -> anyhow::Result<()> {
        let wanted = self.addresses(name);
        if wanted.is_empty() {
            self.close_door(name);
            handover::forget(name);
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
            let pages = (name == "https").then(|| router::pages(self.face.subscribe()));
            move |listen: Vec<SocketAddr>, listeners: Vec<std::net::TcpListener>| {
                Door::new(name, listen, policy.clone(), router.clone(), limits.clone())
                    .with_listeners(listeners)
                    .with_metrics(&metrics)
                    .with_hsts(hsts)
                    .with_refusals(if name == "grpc" {
                        mediator::refusal
                    } else {
                        router::refused
                    })
                    .with_pages(pages.clone())
                    .bind()
            }
        };
        let kept = self.doors.get(name).filter(|door| door.wanted == wanted);
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
        handover::keep(name, &listeners);
        let up = DoorUp {
            addrs: open.local_addrs().to_vec(),
            listeners: Arc::new(listeners),
            wanted,
            router: swap,
        };
        let kept = Arc::downgrade(&up.listeners);
        self.close_door(name);
        self.doors.insert(name, up);
        self.reporter.certificate(name, served);
        self.reporter.doors(self.doors());
        self.run_door(name, open, move || {
            let kept = kept.upgrade().context("the door is closed already")?;
            Ok(make(Vec::new(), clones(&kept)?)?)
        });
        Ok(())
    }

    /// Shows the router as it is configured now behind an open door; connections go on.
    pub(super) fn change_router(&self, name: &'static str) {
        if let Some(door) = self.doors.get(name) {
            door.router.set(self.router_of(name));
        }
    }

    /// Closes every door; requests under way are finished.
    pub(super) fn close_doors(&mut self) {
        for name in DOORS {
            self.close_door(name);
        }
    }

    fn close_door(&mut self, name: &'static str) {
        if self.doors.remove(name).is_some() {
            self.house.retire(&service(name));
            self.reporter.certificate(name, None);
            self.reporter.doors(self.doors());
        }
    }

    /// The first run takes the door that is open already; later ones, after a failure, open it anew.
    fn run_door(
        &mut self,
        name: &'static str,
        open: OpenDoor,
        again: impl Fn() -> anyhow::Result<OpenDoor> + Send + Sync + 'static,
    ) {
        let first = Mutex::new(Some(open));
        let again = Arc::new(again);
        self.house.add(&service(name), Weight::Essential, move |stop| {
            let first = first.lock().unwrap_or_else(PoisonError::into_inner).take();
            let again = Arc::clone(&again);
            Box::pin(async move {
                let open = first.map_or_else(|| again(), Ok)?;
                open.run(stop).await;
                Ok(())
            })
        });
    }

    fn addresses(&self, name: &str) -> Vec<SocketAddr> {
        let config = &self.config;
        match name {
            "http" => config.http.as_ref().map(crate::config::PlainDoor::http_addresses),
            "https" => config.https.as_ref().map(crate::config::Https::addresses),
            "mtls" => config.mtls.as_ref().map(crate::config::Mtls::addresses),
            "grpc" => config.grpc.as_ref().map(crate::config::Grpc::addresses),
            "relay" => config.relay.as_ref().map(crate::relay::Config::addresses),
            "metrics" => config.metrics.as_ref().map(crate::config::PlainDoor::metrics_addresses),
            _ => None,
        }
        .unwrap_or_default()
    }

    fn limits_of(&self, name: &str) -> Limits {
        let limits = &self.config.limits;
        let configured: &DoorLimits = match name {
            "http" => &limits.http,
            "mtls" => &limits.mtls,
            "grpc" => &limits.grpc,
            "relay" => &limits.relay,
            "metrics" => &limits.metrics,
            _ => &limits.https,
        };
        Limits {
            connections: configured.connections as usize,
            per_address: configured.per_address,
            per_client: configured.per_client,
            proxies: Proxies::new(&configured.trusted_proxies),
            keepalive: (name == "relay").then_some(RELAY_KEEPALIVE),
            drain: DRAIN,
            ..Limits::default()
        }
    }

    /// The plain doors say nothing of TLS; the https door what is configured; the others the usual.
    fn hsts_of(&self, name: &str) -> Option<Duration> {
        match name {
            "https" => self
                .config
                .https
                .as_ref()
                .map(|https| https.hsts.0)
                .filter(|age| !age.is_zero()),
            "mtls" => Some(HSTS_DEFAULT),
            _ => None,
        }
    }

    fn router_of(&self, name: &str) -> Site {
        match name {
            "https" => self.https_router(),
            "mtls" => router::mtls().into(),
            "grpc" => mediator::router(self.mediator()).into(),
            "relay" => relay::router(self.relay.borrow().clone()).into(),
            "metrics" => self.metrics.router().into(),
            _ => {
                let port = self
                    .doors
                    .get("https")
                    .and_then(|door| door.addrs.first().map(SocketAddr::port));
                router::http(self.names(), port, self.acme.challenges()).into()
            }
        }
    }

    async fn policy(&mut self, name: &'static str) -> anyhow::Result<Policy> {
        let policy = match name {
            "https" => Policy::Tls(Tls {
                certificate: self.https_certificate().await?,
                versions: Versions::From12,
                challenges: Some(self.acme.challenges()),
                clients: None,
            }),
            "mtls" => Policy::Tls(Tls {
                certificate: self.mtls_certificate().await?,
                versions: Versions::Only13,
                challenges: None,
                clients: Some((self.mtls_trust()?, Demand::Asked)),
            }),
            "grpc" if !self.config.grpc.as_ref().is_some_and(|grpc| grpc.plaintext) => Policy::Tls(Tls {
                certificate: self.grpc_certificate().await?,
                versions: Versions::From12,
                challenges: None,
                clients: Some((self.grpc_trust()?, Demand::Required)),
            }),
            "relay" => Policy::Tls(Tls {
                certificate: self.relay_certificate().await?,
                versions: Versions::From12,
                challenges: None,
                clients: Some((self.relay_trust()?, self.relay_demand())),
            }),
            _ => Policy::Plain,
        };
        Ok(policy)
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
        self.certificate("https", files).await
    }

    async fn mtls_certificate(&self) -> anyhow::Result<Certificate> {
        let files = self
            .config
            .mtls
            .as_ref()
            .and_then(|mtls| Some((mtls.certificate_file.clone()?, mtls.key_file.clone()?)));
        self.certificate("mtls", files).await
    }

    async fn grpc_certificate(&self) -> anyhow::Result<Certificate> {
        let files = self
            .config
            .grpc
            .as_ref()
            .and_then(|grpc| Some((grpc.certificate_file.clone()?, grpc.key_file.clone()?)));
        self.certificate("grpc", files).await
    }

    async fn relay_certificate(&self) -> anyhow::Result<Certificate> {
        let files = self
            .config
            .relay
            .as_ref()
            .and_then(|relay| Some((relay.certificate_file.clone()?, relay.key_file.clone()?)));
        self.certificate("relay", files).await
    }

    async fn certificate(
        &self,
        door: &'static str,
        files: Option<(std::path::PathBuf, std::path::PathBuf)>,
    ) -> anyhow::Result<Certificate> {
        let context = || format!("the certificate of the {door} door");
        match files {
            Some((certificate, key)) => Certificate::files(certificate, key).with_context(context),
            None => {
                let names = self.names().for_certificate();
                let hierarchy = match door {
                    "grpc" => Hierarchy::Grpc,
                    "relay" => Hierarchy::Relay,
                    _ => Hierarchy::Server,
                };
                Certificate::own(&self.pki, hierarchy, door, names)
                    .await
                    .with_context(context)
            }
        }
    }

    fn mtls_trust(&self) -> anyhow::Result<ClientTrust> {
        let mtls = self.config.mtls.as_ref();
        let files = mtls.map(|mtls| (mtls.client_ca_file.clone(), mtls.crl_file.clone()));
        self.trust("mtls", Hierarchy::Client, files.unwrap_or_default())
    }

    fn grpc_trust(&self) -> anyhow::Result<ClientTrust> {
        let grpc = self.config.grpc.as_ref();
        let files = grpc.map(|grpc| (grpc.client_ca_file.clone(), grpc.crl_file.clone()));
        self.trust("grpc", Hierarchy::Grpc, files.unwrap_or_default())
    }

    fn relay_trust(&self) -> anyhow::Result<ClientTrust> {
        let relay = self.config.relay.as_ref();
        let files = relay.map(|relay| (relay.client_ca_file.clone(), relay.crl_file.clone()));
        self.trust("relay", Hierarchy::Relay, files.unwrap_or_default())
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
        door: &'static str,
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

fn service(door: &str) -> String {
    format!("door-{door}")
}

fn clones(listeners: &[std::net::TcpListener]) -> std::io::Result<Vec<std::net::TcpListener>> {
    listeners.iter().map(std::net::TcpListener::try_clone).collect()
}
