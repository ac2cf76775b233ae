//! Opens the doors that are configured, and changes them by difference.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use axum::Router;

use super::door_name::DoorName;
use super::door_spec::DoorSpec;
use super::door_state::DoorUp;
use super::identity::Names;
use super::root::App;
use super::{handover, refusal, router};
use crate::config::GrpcClient;
use crate::http::Site;
use crate::http::swap::Swap;
use crate::meter::mediator::access::Reach;
use crate::meter::mediator::{self, Mediator, Roles};
use crate::relay;
use crate::supervisor::Weight;
use crate::tls::{Door, OpenDoor, Policy};

impl App {
    /// Opens every door that has a section. One that cannot be opened is left to [`App::try_doors_again`]; only when
    /// none opens at all is that an error.
    pub(super) async fn open_doors(&mut self) -> anyhow::Result<()> {
        let addresses = |name| DoorSpec::of(&self.config, name).map_or_else(Vec::new, |spec| spec.addresses());
        if self.handover.keep_only(&DoorName::ALL.map(addresses)) {
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

    /// Whether a door is, or failed to be, as it is configured now.
    pub(super) fn is_as_configured(&self, name: DoorName) -> bool {
        let shut = self.shut.get(&name).and_then(|shut| shut.spec.as_ref());
        let stands = self.doors.get(&name).map(|door| &door.spec).or(shut);
        DoorSpec::of(&self.config, name).as_ref() == stands
    }

    /// Opens one door as it is configured now; an open one keeps its sockets where the addresses are the same.
    pub(super) async fn open_door(&mut self, name: DoorName) -> anyhow::Result<()> {
        let Some(spec) = DoorSpec::of(&self.config, name) else {
            self.close_door(name);
            self.is_no_longer_shut(name);
            handover::forget(name.name());
            return Ok(());
        };
        let wanted = spec.addresses();
        let policy = self.policy(name).await?;
        let (served, trust) = match &policy {
            Policy::Tls(tls) => {
                let trust = tls.clients.as_ref().map(|(trust, _)| trust.clone());
                (Some(tls.certificate.served()), trust)
            }
            Policy::Plain => (None, None),
        };
        let swap = Swap::new(self.router_of(name));
        let (limits, hsts) = (spec.limits(), spec.hsts());
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
                            refusal::refused
                        }
                    })
                    .with_pages(pages.clone())
                    .bind()
            }
        };
        let kept = self.doors.get(&name).filter(|door| door.spec.addresses() == wanted);
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
            spec,
            router: swap,
            served: served.clone(),
        };
        let kept = Arc::downgrade(&up.listeners);
        self.close_door(name);
        self.doors.insert(name, up);
        self.is_no_longer_shut(name);
        self.deps.reporter.certificate(name.name(), served);
        self.deps.reporter.trust(name.name(), trust);
        self.deps.reporter.doors(self.doors());
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
            self.supervisor.retire(name.service());
            self.deps.reporter.certificate(name.name(), None);
            self.deps.reporter.trust(name.name(), None);
            self.deps.reporter.doors(self.doors());
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
        self.supervisor
            .add_beside(name.service(), Weight::Essential, move |stop| {
                let first = first.lock().unwrap_or_else(PoisonError::into_inner).take();
                let again = Arc::clone(&again);
                Box::pin(async move {
                    let open = first.map_or_else(|| again(), Ok)?;
                    open.run(stop).await;
                    Ok(())
                })
            });
    }

    fn router_of(&self, name: DoorName) -> Site {
        match name {
            DoorName::Https => self.https_router(),
            DoorName::Mtls => {
                let rooms = self.parts.each().into_iter();
                router::mtls(rooms.fold(Router::new(), |router, part| part.mount_machines(router))).into()
            }
            DoorName::Grpc => mediator::router(self.mediator()).into(),
            DoorName::Relay => relay::router(self.parts.relay.get()).into(),
            DoorName::Metrics => self.metrics.router().into(),
            DoorName::Http => {
                let port = self
                    .doors
                    .get(&DoorName::Https)
                    .and_then(|door| door.addrs.first().map(SocketAddr::port));
                let shown = self.doors.get(&DoorName::Https).and_then(|door| door.served.as_ref());
                let shown = shown.map_or_else(Vec::new, |shown| shown.borrow().names.clone());
                router::http(Names::of(&self.config).and(shown), port, self.acme.challenges()).into()
            }
        }
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
            meters: self.parts.meters.get(),
            roles: if plain { Roles::Nobody } else { Roles::ByCertificate },
            reaches: Arc::new(clients.into_iter().map(reach).collect()),
        }
    }
}

fn clones(listeners: &[std::net::TcpListener]) -> std::io::Result<Vec<std::net::TcpListener>> {
    listeners.iter().map(std::net::TcpListener::try_clone).collect()
}
