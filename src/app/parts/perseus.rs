//! Consented energy data.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::Deps;
use crate::app::part::{Part, Service, service};
use crate::app::router::Https;
use crate::config::{self, Config, Mtls};
use crate::domain::Meter;
use crate::http::Rate;
use crate::meter::Entry;
use crate::perseus::{self, Perseus, Places};

/// What the room is built of.
#[derive(Clone, PartialEq)]
pub(in crate::app) struct Section {
    room: perseus::Config,
    meters: Vec<Meter>,
    timezone: TimeZone,
    places: Places,
    per_client: Option<Rate>,
    /// How long what stands behind records is kept.
    kept: SignedDuration,
    /// What people agree to: other words are another room.
    words: Vec<Option<String>>,
}

/// Where a door is reached from outside.
fn origin(hostname: &str, addresses: &[SocketAddr]) -> String {
    let port = addresses.first().map_or(443, SocketAddr::port);
    match port {
        443 => format!("https://{hostname}"),
        port => format!("https://{hostname}:{port}"),
    }
}

#[async_trait]
impl Part<Deps> for Perseus {
    const NAME: &'static str = "perseus";
    const IS_ROOM: bool = true;
    type Section = Section;

    fn section(config: &Config) -> Option<Section> {
        let room = config.perseus.clone()?;
        let hostname = &config.site.hostname;
        let https = config.https.as_ref().map(config::Https::addresses).unwrap_or_default();
        let mtls = config.mtls.as_ref().map(Mtls::addresses).unwrap_or_default();
        let mtls = room.mtls_url.clone().unwrap_or_else(|| origin(hostname, &mtls));
        Some(Section {
            places: Places {
                issuer: room.issuer.clone().unwrap_or_else(|| origin(hostname, &https)),
                resource: room.resource_url.clone().unwrap_or_else(|| mtls.clone()),
                mtls,
            },
            meters: config.meter.iter().map(Entry::meter).collect(),
            timezone: config.site.timezone(),
            kept: SignedDuration::try_from(config.retention.audit.0).unwrap_or_default(),
            per_client: config.limits.mtls.per_client,
            words: room
                .licence
                .iter()
                .flat_map(|one| std::iter::once(&one.text_file).chain(one.translations.values()))
                .map(|file| std::fs::read_to_string(file).ok())
                .collect(),
            room,
        })
    }

    async fn build(section: &Section, deps: &Deps) -> anyhow::Result<Arc<Perseus>> {
        let rate = |usual: &str| {
            let usual = usual.parse().expect("the usual rates are rates");
            if section.per_client == Some(Rate::Off) {
                Rate::Off
            } else {
                usual
            }
        };
        let room_deps = perseus::Deps {
            accounts: deps.bearers.accounts().clone(),
            token_keys: deps.data_dir.join("keys/tokens.json"),
            words: deps.data_dir.join("perseus/words"),
            meters: section.meters.clone(),
            timezone: section.timezone.clone(),
            places: section.places.clone(),
            pushed: Arc::clone(&deps.pushed),
            pki: deps.pki.clone(),
            seal_key: deps.data_dir.join("keys/seal.key"),
            kept: section.kept,
            rates: (rate("60/min"), rate("120/min")),
        };
        Ok(Perseus::new(section.room.clone(), deps.store.clone(), room_deps).await?)
    }

    fn services(self: &Arc<Self>) -> Vec<Service> {
        vec![
            service("perseus", self, Perseus::run),
            service("perseus-messages", self, Perseus::tell),
        ]
    }

    fn mount(self: &Arc<Self>, https: Https) -> Https {
        let routes = perseus::people(self, &https.face);
        let mut https = https.with(routes);
        https.start.perseus = Some(Arc::clone(self));
        https
    }

    fn mount_machines(self: &Arc<Self>, router: Router) -> Router {
        router.merge(perseus::machines(self))
    }
}
