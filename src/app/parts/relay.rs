//! The relay's room; its door is one of the doors.

use std::sync::Arc;

use async_trait::async_trait;

use super::Deps;
use crate::app::part::{Part, Service, service};
use crate::app::router::Https;
use crate::config::Config;
use crate::relay::{self, Relay};

#[async_trait]
impl Part<Deps> for Relay {
    const NAME: &'static str = "relay";
    const IS_ROOM: bool = true;
    type Section = relay::Config;

    fn section(config: &Config) -> Option<relay::Config> {
        config.relay.clone()
    }

    async fn build(section: &relay::Config, deps: &Deps) -> anyhow::Result<Arc<Relay>> {
        Ok(Relay::new(
            section.clone(),
            deps.store.clone(),
            deps.relay_counts.clone(),
            &deps.streams,
        ))
    }

    fn services(self: &Arc<Self>) -> Vec<Service> {
        vec![service("relay", self, Relay::run)]
    }

    /// Takes the section over; the relay's peers stay connected.
    fn adopt(&self, section: &relay::Config) -> bool {
        Relay::adopt(self, section.clone());
        true
    }

    fn mount(self: &Arc<Self>, https: Https) -> Https {
        let pages = relay::pages::router(Arc::clone(self), https.face.clone());
        let api = relay::v1::router(Arc::clone(self), Arc::clone(&https.bearers));
        https.with(pages).with(api)
    }
}
