//! Whom a change wakes: the listeners of its subject, not the thousand others.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::Notify;

use super::subject::{Filter, Subject};

/// The bells of all who listen, under what they listen to.
pub(super) struct Bells<S> {
    made: u64,
    all: HashMap<u64, Arc<Notify>>,
    of: HashMap<S, HashMap<u64, Arc<Notify>>>,
}

/// One listener's bell; it keeps one ring until somebody waits for it.
pub(super) struct Bell {
    number: u64,
    notify: Arc<Notify>,
}

impl Bell {
    /// Waits until it was rung since the last wait.
    pub(super) async fn rung(&self) {
        self.notify.notified().await;
    }
}

impl<S: Subject> Bells<S> {
    pub(super) fn new() -> Bells<S> {
        Bells {
            made: 0,
            all: HashMap::new(),
            of: HashMap::new(),
        }
    }

    /// A bell for somebody who wants to hear of `wanted`.
    pub(super) fn hang(&mut self, wanted: &Filter<S>) -> Bell {
        let (number, notify) = (self.made, Arc::new(Notify::new()));
        self.made += 1;
        match wanted {
            Filter::All => {
                self.all.insert(number, Arc::clone(&notify));
            }
            Filter::These(subjects) => {
                for subject in subjects {
                    let bells = self.of.entry(subject.clone()).or_default();
                    bells.insert(number, Arc::clone(&notify));
                }
            }
        }
        Bell { number, notify }
    }

    /// Somebody listens no more.
    pub(super) fn take_down(&mut self, wanted: &Filter<S>, bell: &Bell) {
        match wanted {
            Filter::All => {
                self.all.remove(&bell.number);
            }
            Filter::These(subjects) => {
                for subject in subjects {
                    if let Some(bells) = self.of.get_mut(subject) {
                        bells.remove(&bell.number);
                        if bells.is_empty() {
                            self.of.remove(subject);
                        }
                    }
                }
            }
        }
    }

    /// Wakes those who listen to any of `subjects`.
    pub(super) fn ring(&self, subjects: &BTreeSet<S>) {
        let concerned = subjects.iter().filter_map(|subject| self.of.get(subject));
        for bell in concerned.flat_map(HashMap::values).chain(self.all.values()) {
            bell.notify_one();
        }
    }

    /// Wakes everybody.
    pub(super) fn ring_all(&self) {
        for bell in self.of.values().flat_map(HashMap::values).chain(self.all.values()) {
            bell.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SpaceId;
    use futures_util::FutureExt;

    fn space(byte: u8) -> SpaceId {
        SpaceId::from_random([byte; 16])
    }

    #[test]
    fn only_those_are_woken_whom_it_concerns() {
        let mut bells = Bells::new();
        let wants = [
            Filter::All,
            Filter::These([space(1)].into()),
            Filter::These([space(1), space(2)].into()),
            Filter::These([space(3)].into()),
        ];
        let hung: Vec<Bell> = wants.iter().map(|wanted| bells.hang(wanted)).collect();
        let woken = || {
            hung.iter()
                .map(|bell| bell.rung().now_or_never().is_some())
                .collect::<Vec<_>>()
        };
        bells.ring(&[space(1)].into());
        assert_eq!(woken(), [true, true, true, false]);
        bells.ring(&[space(2), space(4)].into());
        assert_eq!(woken(), [true, false, true, false]);
        bells.ring_all();
        assert_eq!(woken(), [true; 4]);
        for (wanted, bell) in wants.iter().zip(&hung) {
            bells.take_down(wanted, bell);
        }
        bells.ring_all();
        assert_eq!(woken(), [false; 4]);
        assert!(bells.of.is_empty(), "nothing is left of spaces nobody listens to");
    }
}
