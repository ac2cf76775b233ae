//! Messages on their way: which ids are in use, what each is about, and how long the oldest has waited.

use std::collections::{HashMap, VecDeque};

use tokio::time::Instant;

/// Messages on their way, each about some `T`.
#[derive(Debug)]
pub struct Window<T> {
    limit: usize,
    last: u16,
    open: HashMap<u16, T>,
    /// In the order in which they were sent; those that were taken out of turn are skipped when they come up.
    sent: VecDeque<(u16, Instant)>,
}

impl<T> Window<T> {
    /// Room for `limit` messages.
    #[must_use]
    pub fn new(limit: usize) -> Window<T> {
        Window {
            limit: limit.max(1),
            last: 0,
            open: HashMap::new(),
            sent: VecDeque::new(),
        }
    }

    /// Whether there is room for one more.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.open.len() < self.limit
    }

    /// Whether none is on its way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Sends one at `now`: its id, which no other has.
    pub fn send(&mut self, about: T, now: Instant) -> u16 {
        let mut id = self.last;
        loop {
            id = id.checked_add(1).unwrap_or(1);
            if !self.open.contains_key(&id) {
                break;
            }
        }
        self.last = id;
        self.open.insert(id, about);
        self.sent.push_back((id, now));
        id
    }

    /// One was taken: what it was about, unless nothing with this id is on its way.
    pub fn taken(&mut self, id: u16) -> Option<T> {
        let about = self.open.remove(&id)?;
        while let Some((first, _)) = self.sent.front()
            && !self.open.contains_key(first)
        {
            self.sent.pop_front();
        }
        Some(about)
    }

    /// What is on its way, in no order.
    pub fn open(&self) -> impl Iterator<Item = &T> {
        self.open.values()
    }

    /// When the one with this id was sent, if it is still on its way.
    #[must_use]
    pub fn sent_at(&self, id: u16) -> Option<Instant> {
        let sent = self.sent.iter().find(|(sent, _)| *sent == id)?;
        self.open.contains_key(&id).then_some(sent.1)
    }

    /// When the one that waits the longest was sent.
    #[must_use]
    pub fn oldest(&self) -> Option<Instant> {
        self.sent.front().map(|(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_go_round_and_skip_those_in_use() {
        let mut window = Window::new(10);
        let first = window.send("first", Instant::now());
        assert_eq!(first, 1);
        for _ in 0..65_534 {
            let id = window.send("other", Instant::now());
            assert_ne!(id, 0);
            window.taken(id);
        }
        assert_eq!(window.send("round", Instant::now()), 2, "1 is still in use");
        assert_eq!(window.taken(1), Some("first"));
        assert_eq!(window.taken(1), None);
    }

    proptest! {
        #[test]
        fn what_is_sent_is_taken_once_in_any_order(steps in proptest::collection::vec(any::<(bool, u8)>(), 0..300)) {
            let mut window = Window::new(20);
            let mut open: Vec<(u16, usize)> = Vec::new();
            let now = Instant::now();
            for (place, (send, which)) in steps.into_iter().enumerate() {
                if send && window.has_room() {
                    open.push((window.send(place, now), place));
                } else if !open.is_empty() {
                    let (id, about) = open.remove(usize::from(which) % open.len());
                    prop_assert_eq!(window.taken(id), Some(about));
                }
                prop_assert_eq!(window.is_empty(), open.is_empty());
                prop_assert_eq!(window.oldest().is_some(), !open.is_empty());
            }
        }
    }
}
