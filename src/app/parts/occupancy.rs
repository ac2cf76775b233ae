//! The occupancy room: counts, and their history.

use std::sync::Arc;

use async_trait::async_trait;
use tower::Layer;

use super::Deps;
use crate::app::part::{Part, Service, service};
use crate::app::router::Https;
use crate::app::start::Start;
use crate::config::Config;
use crate::domain::units::Span;
use crate::http::Ahead;
use crate::occupancy::history::READER;
use crate::occupancy::{self, Occupancy, compat, pages, v1};

/// What the room is built of.
#[derive(Clone, PartialEq)]
pub(in crate::app) struct Section {
    room: occupancy::Config,
    history: Span,
}

#[async_trait]
impl Part<Deps> for Occupancy {
    const NAME: &'static str = "occupancy";
    const IS_ROOM: bool = true;
    type Section = Section;

    fn section(config: &Config) -> Option<Section> {
        Some(Section {
            room: config.occupancy.clone()?.room,
            history: config.retention.history,
        })
    }

    async fn build(section: &Section, deps: &Deps) -> anyhow::Result<Arc<Occupancy>> {
        let room_deps = occupancy::Deps {
            bearers: Arc::clone(&deps.bearers),
            history: section.history,
            streams: deps.streams.clone(),
        };
        Ok(Occupancy::new(section.room.clone(), deps.store.clone(), room_deps))
    }

    fn services(self: &Arc<Self>) -> Vec<Service> {
        let history = |room: Arc<Occupancy>, stop| async move { room.history().run(stop).await };
        vec![
            service("occupancy-history", self, history),
            service("occupancy", self, Occupancy::run),
        ]
    }

    fn mount(self: &Arc<Self>, https: Https) -> Https {
        let compatible = https.hosts.layer(compat::service(Arc::clone(self)));
        Https {
            router: https
                .router
                .merge(pages::router(Arc::clone(self), https.face.clone()))
                .merge(v1::router(Arc::clone(self))),
            ahead: Some(Ahead::new(compat::PREFIX, compatible)),
            start: Start {
                spaces: Some(Arc::clone(self)),
                ..https.start
            },
            ..https
        }
    }

    /// A room that is closed holds no cursor in the journal.
    fn close(deps: &Deps) {
        deps.store.retire(READER);
    }
}
