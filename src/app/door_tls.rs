//! What a door shows for itself, and whose certificates it believes.

use std::path::PathBuf;

use anyhow::Context;

use super::acme;
use super::door_name::DoorName;
use super::identity::Names;
use super::root::App;
use crate::config::Certificate as Source;
use crate::pki::Hierarchy;
use crate::relay;
use crate::tls::{Authorities, Certificate, ClientTrust, Demand, Policy, Tls, Versions};

impl App {
    pub(super) async fn policy(&mut self, name: DoorName) -> anyhow::Result<Policy> {
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
        if acme::wanted(&self.config).is_some() {
            let hosts = Names::of(&self.config).for_certificate();
            let made = self.acme.certificate(&self.config, (&self.store, &self.pki), hosts);
            return made.await.context("the certificate of the https door");
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

    async fn certificate(&self, door: DoorName, files: Option<(PathBuf, PathBuf)>) -> anyhow::Result<Certificate> {
        let context = || format!("the certificate of the {door} door");
        match files {
            Some((certificate, key)) => Certificate::files(certificate, key).with_context(context),
            None => {
                let names = Names::of(&self.config).for_certificate();
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
}
