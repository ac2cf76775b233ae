//! Programs that are told when spaces get full and alarms begin.

use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;

use super::Deps;
use crate::app::part::{Part, Service, service};
use crate::app::router::Https;
use crate::config::Config;
use crate::webhooks::{self, Entry, Webhooks};

#[async_trait]
impl Part<Deps> for Webhooks {
    const NAME: &'static str = "webhooks";
    const IS_ROOM: bool = false;
    type Section = Vec<Entry>;

    /// Without targets it is there all the same: it forgets those of before, and says on its page that there are none.
    fn section(config: &Config) -> Option<Vec<Entry>> {
        let occupancy = config.occupancy.as_ref();
        Some(occupancy.map_or_else(Vec::new, |section| section.webhook.clone()))
    }

    async fn build(section: &Vec<Entry>, deps: &Deps) -> anyhow::Result<Arc<Webhooks>> {
        let room = Webhooks::new(section, deps.store.clone());
        room.prepare().await.context("beginning with webhooks")?;
        Ok(room)
    }

    fn services(self: &Arc<Self>) -> Vec<Service> {
        vec![service("webhooks", self, Webhooks::run)]
    }

    async fn commit(&self) -> anyhow::Result<()> {
        Ok(self.forget_others().await?)
    }

    fn mount(self: &Arc<Self>, https: Https) -> Https {
        let pages = webhooks::pages::router(Arc::clone(self), https.face.clone());
        let api = webhooks::v1::router(Arc::clone(self), Arc::clone(&https.bearers));
        https.with(pages).with(api)
    }
}
