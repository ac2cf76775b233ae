//! One meter's waiting requests: money first, then people, then polling; within a rank in order of arrival. Pure.

use std::collections::VecDeque;

/// How much a request matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// A token, or a balance that proves one.
    Money,
    /// Somebody waits for it.
    People,
    /// The box itself wants to know.
    Polling,
}

/// Names a request that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RequestId(u64);

/// What waits.
#[derive(Clone, Debug)]
pub(super) struct Queue<T> {
    /// One line a rank, the most urgent first. Empty ones hold no memory: a fleet has many meters.
    waiting: [VecDeque<(RequestId, T)>; 3],
    next: u64,
}

impl<T> Queue<T> {
    /// Nothing waits.
    pub(super) fn new() -> Queue<T> {
        Queue {
            waiting: [VecDeque::new(), VecDeque::new(), VecDeque::new()],
            next: 0,
        }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.iter().map(VecDeque::len).sum()
    }

    /// Whether something waits that is more urgent than `rank`.
    pub(super) fn has_before(&self, rank: Rank) -> bool {
        self.waiting[..place(rank)].iter().any(|line| !line.is_empty())
    }

    /// Takes a place in the queue.
    pub(super) fn push(&mut self, rank: Rank, request: T) -> RequestId {
        let ticket = RequestId(self.next);
        self.next += 1;
        self.waiting[place(rank)].push_back((ticket, request));
        ticket
    }

    /// The next to be carried out, down to `least`.
    pub(super) fn pop(&mut self, least: Rank) -> Option<(Rank, T)> {
        for rank in [Rank::Money, Rank::People, Rank::Polling] {
            if rank > least {
                return None;
            }
            let line = &mut self.waiting[place(rank)];
            if let Some((_, request)) = line.pop_front() {
                if line.is_empty() {
                    *line = VecDeque::new();
                }
                return Some((rank, request));
            }
        }
        None
    }

    /// Gives up a place; `None` when it was already carried out or is under way.
    pub(super) fn withdraw(&mut self, ticket: RequestId) -> Option<T> {
        for line in &mut self.waiting {
            if let Some(at) = line.iter().position(|(waiting, _)| *waiting == ticket) {
                return line.remove(at).map(|(_, request)| request);
            }
        }
        None
    }
}

fn place(rank: Rank) -> usize {
    match rank {
        Rank::Money => 0,
        Rank::People => 1,
        Rank::Polling => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_urgent_go_first_and_equals_in_order(ranks in proptest::collection::vec(0usize..3, 0..30), gone in proptest::collection::vec(0usize..30, 0..5)) {
            let all = [Rank::Money, Rank::People, Rank::Polling];
            let mut queue = Queue::new();
            let mut waiting: Vec<(Rank, usize)> = Vec::new();
            let mut tickets = Vec::new();
            for (number, rank) in ranks.iter().enumerate() {
                tickets.push(queue.push(all[*rank], number));
                waiting.push((all[*rank], number));
            }
            for number in gone {
                let there = waiting.iter().position(|(_, waiting)| *waiting == number);
                if let Some(ticket) = tickets.get(number) {
                    prop_assert_eq!(queue.withdraw(*ticket).is_some(), there.is_some());
                }
                there.map(|at| waiting.remove(at));
            }
            waiting.sort();
            let mut held = queue.clone();
            let urgent: Vec<_> = std::iter::from_fn(|| held.pop(Rank::People)).collect();
            prop_assert!(urgent.iter().eq(waiting.iter().filter(|(rank, _)| *rank < Rank::Polling)));
            prop_assert_eq!(queue.len(), waiting.len());
            prop_assert_eq!(queue.has_before(Rank::Polling), waiting.iter().any(|(rank, _)| *rank < Rank::Polling));
            let popped: Vec<_> = std::iter::from_fn(|| queue.pop(Rank::Polling)).collect();
            prop_assert_eq!(popped, waiting);
        }
    }
}
