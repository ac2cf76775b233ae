//! The certificate by ACME: made as configured, kept over reloads that do not concern it.

use anyhow::Context;
use tokio::sync::watch;

use super::root::App;
use crate::config::{self, Certificate as Source};
use crate::http::metrics::Metrics;
use crate::tls::{Acme, AcmeSettings, AcmeTally, Certificate, Challenge, Challenges};

/// What is kept of ACME while doors come and go.
pub(super) struct AcmeDesk {
    challenges: Challenges,
    tally: AcmeTally,
    open: watch::Sender<bool>,
    current: watch::Sender<Option<Acme>>,
    made: Option<(AcmeSettings, Vec<String>, Certificate)>,
}

impl AcmeDesk {
    pub(super) fn new(metrics: &Metrics) -> AcmeDesk {
        AcmeDesk {
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

    /// From now on a server can see that the names lead here.
    pub(super) fn doors_are_open(&self) {
        self.open.send_replace(true);
    }

    /// The certificate comes from elsewhere now.
    pub(super) fn leave(&mut self) {
        self.made = None;
        self.current.send_replace(None);
    }
}

impl App {
    /// The section, with its names, when the https door wants a certificate by ACME.
    pub(super) fn acme_config(&self) -> Option<config::Acme> {
        let https = self.config.https.as_ref()?;
        let mut acme = self.config.acme.clone().unwrap_or_default();
        acme.domains = acme.names(&self.config.site.hostname);
        (https.certificate == Source::Acme).then_some(acme)
    }

    /// The certificate by ACME as it is configured now; the same one as before while nothing of it changed, so that
    /// an order under way is not placed twice.
    pub(super) async fn acme_certificate(&mut self) -> anyhow::Result<Certificate> {
        let config = self.acme_config().context("no certificate by ACME is configured")?;
        let settings = self.acme_settings(&config);
        let hosts = self.names().for_certificate();
        if let Some((known, named, certificate)) = &self.acme.made
            && (known, named) == (&settings, &hosts)
        {
            return Ok(certificate.clone());
        }
        let acme = Acme::new(
            settings.clone(),
            self.store.clone(),
            self.acme.challenges(),
            self.acme.tally.clone(),
            self.acme.open.subscribe(),
        );
        let certificate = Certificate::acme(acme.clone(), &self.pki, "https", hosts.clone()).await?;
        self.acme.current.send_replace(Some(acme));
        self.acme.made = Some((settings, hosts, certificate.clone()));
        Ok(certificate)
    }

    fn acme_settings(&self, config: &config::Acme) -> AcmeSettings {
        let http = self.config.http.as_ref().map(config::PlainDoor::http_addresses);
        let challenges = if http.is_some_and(|addresses| !addresses.is_empty()) {
            vec![Challenge::Http01, Challenge::TlsAlpn01]
        } else {
            vec![Challenge::TlsAlpn01]
        };
        AcmeSettings {
            directory: config.directory_url().to_owned(),
            rehearsal_directory: config.rehearsal_url().map(str::to_owned),
            contact: config.contact_urls(),
            domains: config.domains.clone(),
            ca_file: config.ca_file.clone(),
            challenges,
            folder: self.config.data_dir.join("acme"),
            deadline: config.order_deadline.0,
            retry_first: config.retry_first.0,
            retry_longest: config.retry_longest.0,
        }
    }
}
