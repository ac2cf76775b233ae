//! The place of a part: what is there now, and how it is changed for another.

use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use axum::Router;
use tokio::sync::watch;

use super::part::Part;
use super::router::Https;
use crate::config::Config;
use crate::supervisor::{Supervisor, Weight};

/// The place of one part.
pub(super) struct Slot<P: Part<D>, D: Sync> {
    /// What the part that is there was built of.
    section: Option<P::Section>,
    /// Whether anything was put there, or left out, at all.
    filled: bool,
    /// Whether what is there is to stay.
    committed: bool,
    current: watch::Sender<Option<Arc<P>>>,
    /// Its services, as they run.
    running: Vec<&'static str>,
}

impl<P: Part<D>, D: Sync> Default for Slot<P, D> {
    fn default() -> Slot<P, D> {
        Slot {
            section: None,
            filled: false,
            committed: false,
            current: watch::channel(None).0,
            running: Vec::new(),
        }
    }
}

impl<P: Part<D>, D: Sync> Slot<P, D> {
    /// What is there now.
    pub(super) fn get(&self) -> Option<Arc<P>> {
        self.current.borrow().clone()
    }

    /// What is there now, and every change of it.
    pub(super) fn subscribe(&self) -> watch::Receiver<Option<Arc<P>>> {
        self.current.subscribe()
    }

    /// Puts `part` in the place of what is there; each of its services begins when the one of before has ended.
    fn put(&mut self, part: Option<Arc<P>>, supervisor: &mut Supervisor) {
        for name in std::mem::take(&mut self.running) {
            supervisor.retire(name);
        }
        self.current.send_replace(part.clone());
        for (name, run) in part.iter().flat_map(P::services) {
            supervisor.add(name, Weight::Room, run);
            self.running.push(name);
        }
    }
}

/// A place, whatever part is in it.
#[async_trait]
pub(super) trait AnySlot<D>: Send + Sync {
    /// Makes the part what `config` says. Answers whether anything was changed, and what is to be said of it. When it
    /// cannot be built, what is there stays and runs on.
    async fn refresh(&mut self, config: &Config, deps: &D, supervisor: &mut Supervisor) -> anyhow::Result<Change>;

    /// What is there is to stay: a reload may still go back before this, and finds everything as it was.
    async fn commit(&mut self, deps: &D) -> anyhow::Result<()>;

    /// Builds the part anew when one of its services was left alone after too many failures. Answers whether it was.
    async fn revive(&mut self, failed: &[String], deps: &D, supervisor: &mut Supervisor) -> anyhow::Result<bool>;

    /// Adds what it shows at the https door.
    fn mount(&self, https: Https) -> Https;

    /// Adds what it shows at the mtls door.
    fn mount_machines(&self, router: Router) -> Router;
}

/// What a refresh did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// The part is another; the words for it, unless another part says them.
    Changed(Option<String>),
}

#[async_trait]
impl<P: Part<D>, D: Send + Sync> AnySlot<D> for Slot<P, D> {
    async fn refresh(&mut self, config: &Config, deps: &D, supervisor: &mut Supervisor) -> anyhow::Result<Change> {
        let wanted = P::section(config);
        if self.filled && wanted == self.section {
            return Ok(Change::None);
        }
        let said = P::changed(self.section.as_ref(), wanted.as_ref());
        match (&wanted, self.get()) {
            (Some(section), Some(part)) if part.adopt(section) => {}
            (Some(section), _) => {
                let part = P::build(section, deps).await.with_context(|| P::NAME)?;
                self.put(Some(part), supervisor);
            }
            (None, _) => self.put(None, supervisor),
        }
        (self.section, self.filled, self.committed) = (wanted, true, false);
        Ok(Change::Changed(said))
    }

    async fn commit(&mut self, deps: &D) -> anyhow::Result<()> {
        if std::mem::replace(&mut self.committed, true) {
            return Ok(());
        }
        match self.get() {
            Some(part) => part.commit().await.with_context(|| P::NAME),
            None => {
                P::close(deps);
                Ok(())
            }
        }
    }

    async fn revive(&mut self, failed: &[String], deps: &D, supervisor: &mut Supervisor) -> anyhow::Result<bool> {
        let Some(section) = &self.section else {
            return Ok(false);
        };
        if !self
            .running
            .iter()
            .any(|name| failed.iter().any(|failed| failed == name))
        {
            return Ok(false);
        }
        let part = P::build(section, deps).await.with_context(|| P::NAME)?;
        self.put(Some(part), supervisor);
        Ok(true)
    }

    fn mount(&self, https: Https) -> Https {
        match self.get() {
            Some(part) => part.mount(https),
            None => https,
        }
    }

    fn mount_machines(&self, router: Router) -> Router {
        match self.get() {
            Some(part) => part.mount_machines(router),
            None => router,
        }
    }
}
