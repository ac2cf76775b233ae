//! What a door shows for itself, and whose certificates it believes.

use anyhow::Context;

use super::acme;
use super::door_files::DoorFiles;
use super::door_name::DoorName;
use super::identity::Names;
use super::root::App;
use crate::pki::Hierarchy;
use crate::relay;
use crate::tls::{Authorities, Certificate, ClientTrust, Demand, OwnRoots, Policy, Tls, Versions};

impl App {
    pub(super) async fn policy(&mut self, name: DoorName) -> anyhow::Result<Policy> {
        let plaintext = self.config.grpc.as_ref().is_some_and(|grpc| grpc.plaintext);
        let tls = match name {
            DoorName::Https => Tls {
                certificate: self.certificate(name).await?,
                versions: Versions::From12,
                challenges: Some(self.acme.challenges()),
                clients: None,
            },
            DoorName::Mtls => Tls {
                certificate: self.certificate(name).await?,
                versions: Versions::Only13,
                challenges: None,
                clients: Some((self.trust(name)?, Demand::Asked)),
            },
            DoorName::Grpc if plaintext => return Ok(Policy::Plain),
            DoorName::Grpc => Tls {
                certificate: self.certificate(name).await?,
                versions: Versions::From12,
                challenges: None,
                clients: Some((self.trust(name)?, Demand::Required)),
            },
            DoorName::Relay => Tls {
                certificate: self.certificate(name).await?,
                versions: Versions::From12,
                challenges: None,
                clients: Some((self.trust(name)?, self.relay_demand())),
            },
            DoorName::Http | DoorName::Metrics => return Ok(Policy::Plain),
        };
        Ok(Policy::Tls(tls))
    }

    /// What a door shows: by ACME, out of the files that its section names, or issued by a hierarchy of ours.
    async fn certificate(&mut self, name: DoorName) -> anyhow::Result<Certificate> {
        let context = || format!("the certificate of the {name} door");
        let hosts = Names::of(&self.config).for_certificate();
        if name == DoorName::Https {
            if acme::wanted(&self.config).is_some() {
                let made = self
                    .acme
                    .certificate(&self.config, (&self.deps.store, &self.pki), hosts);
                return made.await.with_context(context);
            }
            self.acme.leave();
        }
        let by_acme = self.config.mtls.as_ref().is_some_and(|mtls| mtls.certificate.is_some());
        if name == DoorName::Mtls && by_acme {
            let made = self
                .acme
                .certificate(&self.config, (&self.deps.store, &self.pki), hosts);
            return made.await.with_context(context);
        }
        match DoorFiles::of(&self.config, name).pair() {
            Some((certificate, key)) => Certificate::files(certificate.clone(), key.clone()).with_context(context),
            None => {
                let hierarchy = match name {
                    DoorName::Grpc => Hierarchy::Grpc,
                    DoorName::Relay => Hierarchy::Relay,
                    DoorName::Https | DoorName::Mtls | DoorName::Http | DoorName::Metrics => Hierarchy::Server,
                };
                let own = Certificate::own(&self.pki, hierarchy, name.name(), hosts);
                own.await.with_context(context)
            }
        }
    }

    /// Whom a door trusts: the authorities of a file, or its own hierarchy; less those that a list or we revoked.
    fn trust(&self, name: DoorName) -> anyhow::Result<ClientTrust> {
        let files = DoorFiles::of(&self.config, name);
        let hierarchy = match name {
            DoorName::Grpc => Hierarchy::Grpc,
            DoorName::Relay => Hierarchy::Relay,
            DoorName::Https | DoorName::Mtls | DoorName::Http | DoorName::Metrics => Hierarchy::Client,
        };
        let authorities = match files.authorities {
            Some(file) => Authorities::File(file.clone()),
            None => Authorities::Own(OwnRoots {
                pki: self.pki.clone(),
                hierarchy,
            }),
        };
        // A file may hold our own root, so what we revoked counts either way.
        let trust = ClientTrust::load(authorities, files.list.cloned(), Some(self.pki.revocations()));
        trust.with_context(|| format!("whom the {name} door trusts"))
    }

    /// Whether peers of the relay must show certificates: tickets may stand for them.
    fn relay_demand(&self) -> Demand {
        match self.config.relay.as_ref().is_some_and(relay::Config::takes_tickets) {
            true => Demand::Asked,
            false => Demand::Required,
        }
    }
}
