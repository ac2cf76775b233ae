//! All of the configuration that a door is opened with, as a value: a door whose value is another is opened anew.

use std::net::SocketAddr;
use std::time::Duration;

use super::acme;
use super::door_name::DoorName;
use super::identity::Names;
use crate::config::{self, Config, DoorLimits, Grpc, Mtls, PlainDoor};
use crate::http::Proxies;
use crate::http::serve::HSTS_DEFAULT;
use crate::relay;
use crate::tls::Limits;

/// How long a door has to finish what is under way. The whole box stops within ten seconds.
const DRAIN: Duration = Duration::from_secs(5);

/// Silence on a relay connection after which the system asks whether its other end is there (RELAY Q12).
const RELAY_KEEPALIVE: Duration = Duration::from_secs(60);

/// What a door is opened with.
#[derive(Clone, PartialEq)]
pub(super) struct DoorSpec {
    limits: DoorLimits,
    kind: Kind,
}

/// What differs from door to door.
#[derive(Clone, PartialEq)]
enum Kind {
    Metrics(PlainDoor),
    Mtls(Mtls, Names, Option<config::Acme>),
    Grpc(Grpc, Names),
    Relay(relay::DoorConfig, Names),
    Https {
        door: config::Https,
        names: Names,
        acme: Option<config::Acme>,
        /// With a certificate by ACME: whether the http door is open decides how names are proved.
        http: Option<PlainDoor>,
    },
    Http {
        door: PlainDoor,
        names: Names,
        /// Where it sends people.
        https: Option<config::Https>,
    },
}

impl DoorSpec {
    /// What a configuration has a door opened with; `None`: it is not wanted.
    pub(super) fn of(config: &Config, name: DoorName) -> Option<DoorSpec> {
        let limits = &config.limits;
        let names = Names::of(config);
        let acme = acme::wanted(config);
        let (limits, kind) = match name {
            DoorName::Metrics => (&limits.metrics, Kind::Metrics(config.metrics.clone()?)),
            DoorName::Mtls => {
                let mtls = config.mtls.clone()?;
                let acme = acme.filter(|_| mtls.certificate.is_some());
                (&limits.mtls, Kind::Mtls(mtls, names, acme))
            }
            DoorName::Grpc => (&limits.grpc, Kind::Grpc(config.grpc.clone()?, names)),
            DoorName::Relay => (&limits.relay, Kind::Relay(config.relay.as_ref()?.door(), names)),
            DoorName::Https => {
                let kind = Kind::Https {
                    door: config.https.clone()?,
                    names,
                    http: acme.as_ref().and(config.http.clone()),
                    acme,
                };
                (&limits.https, kind)
            }
            DoorName::Http => {
                let kind = Kind::Http {
                    door: config.http.clone()?,
                    names,
                    https: config.https.clone(),
                };
                (&limits.http, kind)
            }
        };
        let spec = DoorSpec {
            limits: limits.clone(),
            kind,
        };
        (!spec.addresses().is_empty()).then_some(spec)
    }

    /// Where it listens.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        match &self.kind {
            Kind::Metrics(door) => door.metrics_addresses(),
            Kind::Mtls(door, ..) => door.addresses(),
            Kind::Grpc(door, _) => door.addresses(),
            Kind::Relay(door, _) => door.addresses.clone(),
            Kind::Https { door, .. } => door.addresses(),
            Kind::Http { door, .. } => door.http_addresses(),
        }
    }

    /// How much may be asked of it.
    pub(super) fn limits(&self) -> Limits {
        let keepalive = match self.kind {
            Kind::Relay(..) => Some(RELAY_KEEPALIVE),
            Kind::Metrics(_) | Kind::Mtls(..) | Kind::Grpc(..) | Kind::Https { .. } | Kind::Http { .. } => None,
        };
        Limits {
            connections: self.limits.connections as usize,
            per_address: self.limits.per_address,
            per_client: self.limits.per_client.unwrap_or_default(),
            proxies: Proxies::new(&self.limits.trusted_proxies),
            announced: self.limits.proxy_protocol,
            keepalive,
            drain: DRAIN,
            ..Limits::default()
        }
    }

    /// For how long browsers are to come by TLS only (RFC 6797 §6.1.1). The plain doors say nothing of it; the https
    /// door what is configured.
    pub(super) fn hsts(&self) -> Option<Duration> {
        match &self.kind {
            Kind::Https { door, .. } => Some(door.hsts.0).filter(|age| !age.is_zero()),
            Kind::Mtls(..) => Some(HSTS_DEFAULT),
            Kind::Metrics(_) | Kind::Grpc(..) | Kind::Relay(..) | Kind::Http { .. } => None,
        }
    }
}
