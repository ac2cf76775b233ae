//! The doors' sections.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::MeterId;
use crate::domain::units::Span;
use crate::http::{Network, Rate};

/// A door without TLS: `http` and `metrics`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlainDoor {
    /// Where it listens; `None`: the door's own default; empty: closed.
    #[serde(default)]
    pub listen: Option<Vec<SocketAddr>>,
}

/// The door for people and apps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Https {
    /// Where it listens; `None`: port 443; empty: closed.
    #[serde(default)]
    pub listen: Option<Vec<SocketAddr>>,
    /// Where its certificate comes from.
    #[serde(default)]
    pub certificate: Certificate,
    /// With `certificate = "files"`: the chain, PEM.
    #[serde(default)]
    pub certificate_file: Option<PathBuf>,
    /// With `certificate = "files"`: the key, PEM.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// How long browsers remember to come by TLS only (HSTS, RFC 6797); `"0s"`: they are not told.
    #[serde(default = "two_years")]
    pub hsts: Span,
}

fn two_years() -> Span {
    Span(crate::http::serve::HSTS_DEFAULT)
}

/// The door for machines with certificates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mtls {
    /// Where it listens; `None`: port 8443; empty: closed.
    #[serde(default)]
    pub listen: Option<Vec<SocketAddr>>,
    /// Where its certificate comes from; absent: the files below, or else the server hierarchy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<MtlsCertificate>,
    /// Its own certificate, PEM; absent: issued by the server hierarchy.
    #[serde(default)]
    pub certificate_file: Option<PathBuf>,
    /// Its own key, PEM.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// Whose client certificates are trusted, PEM; absent: the client hierarchy.
    #[serde(default)]
    pub client_ca_file: Option<PathBuf>,
    /// Which of them are revoked, PEM or DER; read again when it changes.
    #[serde(default)]
    pub crl_file: Option<PathBuf>,
}

/// The mediator's door (EMOP §10, §11).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grpc {
    /// Where it listens; `None`: port 50051; empty: closed.
    #[serde(default)]
    pub listen: Option<Vec<SocketAddr>>,
    /// No TLS and no roles; on loopback addresses only.
    #[serde(default)]
    pub plaintext: bool,
    /// Its own certificate, PEM; absent: issued by the grpc hierarchy.
    #[serde(default)]
    pub certificate_file: Option<PathBuf>,
    /// Its own key, PEM.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// Whose client certificates are trusted, PEM; absent: the grpc hierarchy.
    #[serde(default)]
    pub client_ca_file: Option<PathBuf>,
    /// Which of them are revoked, PEM or DER; read again when it changes.
    #[serde(default)]
    pub crl_file: Option<PathBuf>,
    /// Clients that may reach certain meters only; those that are not named reach all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client: Vec<GrpcClient>,
}

/// What one client of the mediator may reach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrpcClient {
    /// The common name in its certificate.
    pub name: String,
    /// Meters by serial.
    #[serde(default)]
    pub serials: Vec<MeterId>,
    /// All meters of these suppliers, by code.
    #[serde(default)]
    pub escos: Vec<String>,
}

/// Where a door's certificate comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certificate {
    /// Issued by the box's own server hierarchy.
    #[default]
    SelfSigned,
    /// Read from files, and read again when they change.
    Files,
    /// Ordered by ACME and renewed in time, as the section `acme` says.
    Acme,
}

/// Where the certificate of the door for machines comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MtlsCertificate {
    /// It is the one that the https door has by ACME.
    Acme,
}

/// Limits of each door.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Of the plain door.
    pub http: DoorLimits,
    /// Of the door for people and apps.
    pub https: DoorLimits,
    /// Of the door for machines.
    pub mtls: DoorLimits,
    /// Of the mediator's door.
    pub grpc: DoorLimits,
    /// Of the relay's door.
    pub relay: DoorLimits,
    /// Of the door for Prometheus.
    pub metrics: DoorLimits,
}

/// How much may be asked of one door.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DoorLimits {
    /// Requests of one network address: a rate such as `"50/s"`, or `"off"`.
    pub per_address: Rate,
    /// Requests of one client certificate or token: a rate, or `"off"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_client: Option<Rate>,
    /// Connections open at once.
    pub connections: u32,
    /// Addresses and networks of proxies whose `X-Forwarded-For` says who calls; empty: nobody's word counts.
    pub trusted_proxies: Vec<Network>,
    /// Whether they say whose each connection is (PROXY protocol, version 2); what comes from them without is refused.
    pub proxy_protocol: bool,
}

impl Default for DoorLimits {
    fn default() -> DoorLimits {
        DoorLimits {
            per_address: Rate::Off,
            per_client: None,
            connections: 4096,
            trusted_proxies: Vec::new(),
            proxy_protocol: false,
        }
    }
}

/// Every address of this machine at `port`.
#[must_use]
pub fn everywhere(port: u16) -> Vec<SocketAddr> {
    vec![
        (Ipv4Addr::UNSPECIFIED, port).into(),
        (Ipv6Addr::UNSPECIFIED, port).into(),
    ]
}

impl PlainDoor {
    /// Where the `http` door listens.
    #[must_use]
    pub fn http_addresses(&self) -> Vec<SocketAddr> {
        self.listen.clone().unwrap_or_else(|| everywhere(80))
    }

    /// Where the `metrics` door listens.
    #[must_use]
    pub fn metrics_addresses(&self) -> Vec<SocketAddr> {
        self.listen
            .clone()
            .unwrap_or_else(|| vec![(Ipv4Addr::LOCALHOST, 9464).into()])
    }
}

impl Https {
    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listen.clone().unwrap_or_else(|| everywhere(443))
    }
}

impl Mtls {
    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listen.clone().unwrap_or_else(|| everywhere(8443))
    }
}

impl Grpc {
    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listen.clone().unwrap_or_else(|| {
            if self.plaintext {
                vec![(Ipv4Addr::LOCALHOST, 50_051).into()]
            } else {
                everywhere(50_051)
            }
        })
    }
}
