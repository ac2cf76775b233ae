//! The certificate by ACME: made as configured, kept over reloads that do not concern it.

use anyhow::Context;
use tokio::sync::watch;

use crate::config::{self, Certificate as Source, Config};
use crate::http::metrics::Metrics;
use crate::pki::Pki;
use crate::store::Store;
use crate::tls::{Acme, AcmeSettings, AcmeTally, Binding, Certificate, Challenge, Challenges};

/// What is kept of ACME while doors come and go.
pub(super) struct AcmeUse {
    challenges: Challenges,
    tally: AcmeTally,
    open: watch::Sender<bool>,
    current: watch::Sender<Option<Acme>>,
    made: Option<(AcmeSettings, Vec<String>, Certificate)>,
}

impl AcmeUse {
    pub(super) fn new(metrics: &Metrics) -> AcmeUse {
        AcmeUse {
            challenges: Challenges::default(),
            tally: AcmeTally::register(metrics),
            open: watch::channel(false).0,
            current: watch::channel(None).0,
            made: None,
        }
    }

    /// What the doors answer to challenges.
    pub(super) fn challenges(&self) -> Challenges {
        self.challenges.clone()
    }

    /// For the command line.
    pub(super) fn current(&self) -> watch::Receiver<Option<Acme>> {
        self.current.subscribe()
    }

    /// Says that a server can see from now on that the names lead here.
    pub(super) fn doors_are_open(&self) {
        self.open.send_replace(true);
    }

    /// The certificate comes from elsewhere now.
    pub(super) fn leave(&mut self) {
        self.made = None;
        self.current.send_replace(None);
    }

    /// The certificate as it is configured now, for these names; the same one as before while nothing of it changed, so
    /// that an order under way is not placed twice.
    pub(super) async fn certificate(
        &mut self,
        config: &Config,
        (store, pki): (&Store, &Pki),
        hosts: Vec<String>,
    ) -> anyhow::Result<Certificate> {
        let wanted = wanted(config).context("no certificate by ACME is configured")?;
        let settings = settings(config, &wanted);
        if let Some((known, named, certificate)) = &self.made
            && (known, named) == (&settings, &hosts)
        {
            return Ok(certificate.clone());
        }
        let acme = Acme::new(
            settings.clone(),
            store.clone(),
            self.challenges(),
            self.tally.clone(),
            self.open.subscribe(),
        );
        let certificate = Certificate::acme(acme.clone(), pki, "https", hosts.clone()).await?;
        self.current.send_replace(Some(acme));
        self.made = Some((settings, hosts, certificate.clone()));
        Ok(certificate)
    }
}

/// The section, with its names, when the https door wants a certificate by ACME.
pub(super) fn wanted(config: &Config) -> Option<config::Acme> {
    let https = config.https.as_ref()?;
    let mut acme = config.acme.clone().unwrap_or_default();
    acme.domains = acme.names(&config.site.hostname);
    acme.way = config.outbound.way();
    (https.certificate == Source::Acme).then_some(acme)
}

fn settings(config: &Config, wanted: &config::Acme) -> AcmeSettings {
    let http = config.http.as_ref().map(config::PlainDoor::http_addresses);
    let challenges = if http.is_some_and(|addresses| !addresses.is_empty()) {
        vec![Challenge::Http01, Challenge::TlsAlpn01]
    } else {
        vec![Challenge::TlsAlpn01]
    };
    AcmeSettings {
        directory: wanted.directory_url().to_owned(),
        rehearsal_directory: wanted.rehearsal_url().map(str::to_owned),
        contact: wanted.contact_urls(),
        binding: wanted
            .eab_key_id
            .clone()
            .zip(wanted.eab_key_file.clone())
            .map(|(key_id, key_file)| Binding { key_id, key_file }),
        profile: wanted.profile.clone(),
        domains: wanted.domains.clone(),
        ca_file: wanted.ca_file.clone(),
        way: wanted.way.clone(),
        challenges,
        folder: config.data_dir.join("acme"),
        deadline: wanted.order_deadline.0,
        retry_first: wanted.retry_first.0,
        retry_longest: wanted.retry_longest.0,
    }
}
