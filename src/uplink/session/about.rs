//! What a message on its way is about, and how far the greeting is.

use crate::uplink::outbox::Outgoing;

/// What a message on its way is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// Part of the greeting.
    Greeting,
    /// Something that is not asked about again.
    Hello,
    /// The newest state of something.
    Live,
    /// An entry of the journal.
    Journal(Outgoing),
}

impl About {
    /// What it is counted under when it is dropped.
    pub(super) fn class(&self) -> &'static str {
        match self {
            About::Journal(outgoing) => outgoing.class(),
            About::Greeting | About::Hello | About::Live => "other",
        }
    }
}

/// How far the greeting is: what is said first in a session, and has to be taken whole.
#[derive(Debug)]
pub(super) struct Greeting {
    unsent: usize,
    untaken: usize,
    over: bool,
}

impl Greeting {
    /// One of so many messages.
    pub(super) fn new(messages: usize) -> Greeting {
        Greeting {
            unsent: messages,
            untaken: messages,
            over: false,
        }
    }

    /// What the next message is about that is said beside what is asked about.
    pub(super) fn next(&mut self) -> About {
        if self.unsent > 0 {
            self.unsent -= 1;
            About::Greeting
        } else {
            About::Hello
        }
    }

    /// One of its messages was taken; whether it was the last.
    pub(super) fn taken(&mut self) -> bool {
        self.untaken -= 1;
        self.over = self.untaken == 0;
        self.over
    }

    /// Whether all of it was taken.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }
}
