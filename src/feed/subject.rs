//! What a feed tells about, and what of it a listener wants to hear.

use std::collections::BTreeSet;

use crate::domain::{Event, MeterId, SpaceId};

/// What a feed tells about.
pub trait Subject: Clone + Ord + std::hash::Hash + Send + Sync + 'static {
    /// The subject of an event; `None` when it is about none of this kind.
    fn of(event: &Event) -> Option<Self>;
}

impl Subject for SpaceId {
    fn of(event: &Event) -> Option<SpaceId> {
        event.space()
    }
}

impl Subject for MeterId {
    fn of(event: &Event) -> Option<MeterId> {
        event.meter().cloned()
    }
}

/// Which subjects a listener wants to hear of.
#[derive(Clone, Debug)]
pub enum Filter<S> {
    All,
    These(BTreeSet<S>),
}

impl<S: Ord> Filter<S> {
    pub(super) fn takes(&self, subject: &S) -> bool {
        match self {
            Filter::All => true,
            Filter::These(subjects) => subjects.contains(subject),
        }
    }
}
