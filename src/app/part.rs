//! What a part of the box is: a room, or another service that is built of the configuration.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use tokio_util::sync::CancellationToken;

use super::router::Https;
use crate::config::Config;
use crate::supervisor::Run;

/// A service of a part: its name for the supervisor, and what runs.
pub(super) type Service = (&'static str, Box<dyn Fn(CancellationToken) -> Run + Send>);

/// A part of the box, built with `D` beside its section of the configuration.
///
/// A part that is wanted has a section. When a reload brings one that differs, the part is built anew: all that a part
/// is built of stands in its section, so that the difference is `==` and nothing else can be forgotten or be too much.
#[async_trait]
pub(super) trait Part<D: Sync>: Sized + Send + Sync + 'static {
    /// The part's name in logs, in `status`, and in the answer to a reload.
    const NAME: &'static str;

    /// Whether `status` lists it among the rooms, open or closed.
    const IS_ROOM: bool;

    /// All of the configuration that it is built of.
    type Section: Clone + PartialEq + Send + Sync + 'static;

    /// The part's section of the configuration; `None`: the part is not wanted.
    fn section(config: &Config) -> Option<Self::Section>;

    /// Builds it; nothing of it runs yet. The part of before may run still.
    async fn build(section: &Self::Section, deps: &D) -> anyhow::Result<Arc<Self>>;

    /// What runs of it, in the order in which it starts.
    fn services(self: &Arc<Self>) -> Vec<Service>;

    /// Takes another section over while it runs. `false`: it has to be built anew.
    fn adopt(&self, _section: &Self::Section) -> bool {
        false
    }

    /// Adds its pages and its API to the https door.
    fn mount(self: &Arc<Self>, https: Https) -> Https {
        https
    }

    /// Adds what machines with a certificate see to the mtls door.
    fn mount_machines(self: &Arc<Self>, router: Router) -> Router {
        router
    }

    /// Makes the part permanent: all that was to change did. Only now may it forget what an earlier configuration had.
    async fn commit(&self) -> anyhow::Result<()> {
        Ok(())
    }

    /// It is not wanted any more, or was not from the beginning, and all that was to change did: what was kept for it
    /// goes.
    fn close(_deps: &D) {}

    /// What the answer to a reload says of the change; `None`: another part says it.
    fn changed(_old: Option<&Self::Section>, _new: Option<&Self::Section>) -> Option<String> {
        Some(Self::NAME.to_owned())
    }
}

/// A service that runs what a part has, again whenever it broke.
pub(super) fn service<T, R, E>(
    name: &'static str,
    part: &Arc<T>,
    run: impl Fn(Arc<T>, CancellationToken) -> R + Send + Sync + Copy + 'static,
) -> Service
where
    T: Send + Sync + 'static,
    R: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<anyhow::Error>,
{
    let part = Arc::clone(part);
    let again = move |stop| -> Run {
        let part = Arc::clone(&part);
        Box::pin(async move { run(part, stop).await.map_err(Into::into) })
    };
    (name, Box::new(again))
}
