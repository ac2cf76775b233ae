//! The meter room.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::tz::TimeZone;

use super::Deps;
use crate::app::part::{Part, Service, service};
use crate::app::router::Https;
use crate::config::Config;
use crate::domain::units::Span;
use crate::meter::{self, Entry, Meters};

/// What the room is built of.
#[derive(Clone, PartialEq)]
pub(in crate::app) struct Section {
    room: meter::Config,
    fixed: Vec<Entry>,
    readings: Span,
    money: Span,
    timezone: TimeZone,
}

#[async_trait]
impl Part<Deps> for Meters {
    const NAME: &'static str = "meters";
    const IS_ROOM: bool = true;
    type Section = Section;

    fn section(config: &Config) -> Option<Section> {
        let room = config.meter_room()?;
        Some(Section {
            room,
            timezone: config.site.timezone(),
            fixed: config.meter.clone(),
            readings: config.retention.readings,
            money: config.retention.money,
        })
    }

    async fn build(section: &Section, deps: &Deps) -> anyhow::Result<Arc<Meters>> {
        let room_deps = meter::Deps {
            readings: section.readings,
            money: section.money,
            streams: deps.streams.clone(),
            seal_key: Some(deps.data_dir.join("keys/seal.key")),
            timezone: section.timezone.clone(),
        };
        Ok(Meters::with_deps(
            section.room.clone(),
            section.fixed.clone(),
            deps.store.clone(),
            room_deps,
        )?)
    }

    fn services(self: &Arc<Self>) -> Vec<Service> {
        vec![service("meters", self, Meters::run)]
    }

    fn mount(self: &Arc<Self>, https: Https) -> Https {
        let pages = meter::pages::router(Arc::clone(self), https.face.clone());
        let api = meter::v1::router(Arc::clone(self), Arc::clone(&https.bearers), &https.face);
        let mut https = https.with(pages).with(api);
        https.start.meters = Some(Arc::clone(self));
        https
    }
}
