//! The uplink: the road to the cloud or to a broker.

use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;

use super::Deps;
use crate::app::part::{Part, Service, service};
use crate::app::reload::ON_RESTART;
use crate::app::router::Https;
use crate::config::Config;
use crate::meter::Entry as Meter;
use crate::uplink::{self, BoxFacts, Patience, READER, Uplink, UplinkError};

/// What the room is built of.
#[derive(Clone, PartialEq)]
pub(in crate::app) struct Section {
    room: uplink::Config,
    /// What people call the building.
    name: String,
    /// Meters of the configuration file.
    fixed: Vec<Meter>,
    publish_anonymous: bool,
    /// Where the pages are, for people; `None`: nowhere.
    pages: Option<String>,
}

#[async_trait]
impl Part<Deps> for Uplink {
    const NAME: &'static str = "uplink";
    const IS_ROOM: bool = true;
    type Section = Section;

    fn section(config: &Config) -> Option<Section> {
        let https = config.https.as_ref();
        Some(Section {
            room: config.uplink.clone()?.room,
            name: config.site.name.clone(),
            fixed: config.meter.clone(),
            publish_anonymous: config
                .occupancy
                .as_ref()
                .is_some_and(|section| section.room.publish_anonymous),
            pages: https.map(|_| format!("https://{}/", config.site.hostname)),
        })
    }

    async fn build(section: &Section, deps: &Deps) -> anyhow::Result<Arc<Uplink>> {
        let facts = BoxFacts {
            name: section.name.clone(),
            fixed: section.fixed.iter().map(Meter::meter).collect(),
            publish_anonymous: section.publish_anonymous,
            started: deps.reporter.started(),
            pages: section.pages.clone(),
            alarms: Arc::new(deps.alarms.clone()),
        };
        let room_deps = uplink::Deps {
            facts,
            host: deps.host.clone(),
            patience: Patience::default(),
        };
        let room = Uplink::new(section.room.clone(), deps.store.clone(), room_deps);
        match room.hold_the_journal().await {
            // While the uplink of before still has the cursors, they stand; this one takes them when it begins.
            Ok(()) | Err(UplinkError::Subscribe(_)) => Ok(room),
            Err(error) => Err(error).context("beginning with the uplink"),
        }
    }

    fn services(self: &Arc<Self>) -> Vec<Service> {
        vec![service("uplink", self, Uplink::run)]
    }

    fn mount(self: &Arc<Self>, https: Https) -> Https {
        let pages = uplink::pages::router(Arc::clone(self), https.face.clone());
        let api = uplink::v1::router(Arc::clone(self), Arc::clone(&https.bearers), &https.face);
        https.with(pages).with(api)
    }

    /// A room that is closed holds no cursor in the journal.
    fn close(deps: &Deps) {
        deps.store.retire(READER);
    }

    fn changed(old: Option<&Section>, new: Option<&Section>) -> Option<String> {
        let bounds =
            |section: Option<&Section>| section.map(|section| (section.room.outbox_max, section.room.outbox_age));
        Some(if bounds(old) == bounds(new) {
            "uplink".to_owned()
        } else {
            format!("uplink (outbox_max and outbox_age: {ON_RESTART})")
        })
    }
}
