//! The queue to the pen: bounded, people before bulk.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use crate::store::WriteError;
use crate::store::write::change::Change;

/// Who waits for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Rank {
    /// Somebody waits for the answer.
    People,
    /// Nobody does.
    Bulk,
}

/// Why a change was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum NotTaken {
    Full,
    Closed,
}

impl<E> From<NotTaken> for WriteError<E> {
    fn from(why: NotTaken) -> WriteError<E> {
        match why {
            NotTaken::Full => WriteError::Busy,
            NotTaken::Closed => WriteError::Closed,
        }
    }
}

/// What wakes the pen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Wake {
    /// There may be work.
    Work,
    /// Write what is queued, then end in order.
    Close,
    /// End at once.
    Abandon,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Closing,
    Abandoned,
}

struct Waiting {
    people: VecDeque<Box<dyn Change>>,
    bulk: VecDeque<Box<dyn Change>>,
    state: State,
    poked: bool,
    asleep: bool,
}

/// Changes that wait for the pen.
pub(in crate::store) struct Queue {
    waiting: Mutex<Waiting>,
    bell: Condvar,
    people_limit: usize,
    bulk_limit: usize,
}

impl Queue {
    pub(in crate::store) fn new(people_limit: usize, bulk_limit: usize) -> Queue {
        Queue {
            waiting: Mutex::new(Waiting {
                people: VecDeque::new(),
                bulk: VecDeque::new(),
                state: State::Open,
                poked: false,
                asleep: false,
            }),
            bell: Condvar::new(),
            people_limit,
            bulk_limit,
        }
    }

    /// Adds a change, or gives it back with the reason.
    pub(in crate::store) fn push(&self, change: Box<dyn Change>, rank: Rank) -> Result<(), NotTaken> {
        let mut waiting = self.lock();
        if waiting.state != State::Open {
            return Err(NotTaken::Closed);
        }
        let (line, limit) = match rank {
            Rank::People => (&mut waiting.people, self.people_limit),
            Rank::Bulk => (&mut waiting.bulk, self.bulk_limit),
        };
        if line.len() >= limit {
            return Err(NotTaken::Full);
        }
        line.push_back(change);
        self.wake(waiting);
        Ok(())
    }

    /// Has the pen look whether cursors are to be written.
    pub(in crate::store) fn poke(&self) {
        let mut waiting = self.lock();
        waiting.poked = true;
        self.wake(waiting);
    }

    /// Takes nothing more; the pen writes what is queued and ends in order.
    pub(in crate::store) fn close(&self) {
        let mut waiting = self.lock();
        if waiting.state == State::Open {
            waiting.state = State::Closing;
        }
        self.wake(waiting);
    }

    /// Takes nothing more; the pen ends at once.
    pub(in crate::store) fn abandon(&self) {
        let mut waiting = self.lock();
        waiting.state = State::Abandoned;
        waiting.people.clear();
        waiting.bulk.clear();
        self.wake(waiting);
    }

    /// Waits, at most `limit`, until there is something to do, and hands over all people who wait.
    pub(in crate::store) fn wait(&self, into: &mut VecDeque<Box<dyn Change>>, limit: Option<Duration>) -> Wake {
        let mut waiting = self.lock();
        let idle =
            |waiting: &Waiting| waiting.people.is_empty() && waiting.bulk.is_empty() && waiting.state == State::Open;
        if idle(&waiting) && !waiting.poked && into.is_empty() {
            waiting.asleep = true;
            let still = |waiting: &mut Waiting| idle(waiting) && !waiting.poked;
            waiting = match limit {
                Some(limit) => {
                    let slept = self.bell.wait_timeout_while(waiting, limit, still);
                    slept.expect("nothing panics under the lock").0
                }
                None => self
                    .bell
                    .wait_while(waiting, still)
                    .expect("nothing panics under the lock"),
            };
            waiting.asleep = false;
        }
        waiting.poked = false;
        into.append(&mut waiting.people);
        match waiting.state {
            State::Abandoned => Wake::Abandon,
            State::Closing if into.is_empty() && waiting.bulk.is_empty() => Wake::Close,
            State::Closing | State::Open => Wake::Work,
        }
    }

    /// Whether people wait, and whether bulk does.
    pub(in crate::store) fn who_waits(&self) -> (bool, bool) {
        let waiting = self.lock();
        (!waiting.people.is_empty(), !waiting.bulk.is_empty())
    }

    /// The next bulk change.
    pub(in crate::store) fn next_bulk(&self) -> Option<Box<dyn Change>> {
        self.lock().bulk.pop_front()
    }

    /// How many changes wait.
    pub(in crate::store) fn len(&self) -> usize {
        let waiting = self.lock();
        waiting.people.len() + waiting.bulk.len()
    }

    fn wake(&self, waiting: MutexGuard<'_, Waiting>) {
        let asleep = waiting.asleep;
        drop(waiting);
        if asleep {
            self.bell.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("nothing panics under the lock")
    }
}
