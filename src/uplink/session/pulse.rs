//! Whether anybody is still there (UPLINK §4.4). Pure: `now` is given.

use std::time::Duration;

use tokio::time::Instant;

/// The life signs of a line, either way.
#[derive(Debug)]
pub(super) struct Pulse {
    keep_alive: Duration,
    /// For the answer to a ping.
    pong: Duration,
    heard: Instant,
    spoke: Instant,
    pinged: Option<Instant>,
}

impl Pulse {
    /// A line on which something went both ways just now.
    pub(super) fn new(keep_alive: Duration, pong: Duration, now: Instant) -> Pulse {
        Pulse {
            keep_alive,
            pong,
            heard: now,
            spoke: now,
            pinged: None,
        }
    }

    /// Something came.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = None;
    }

    /// Something went.
    pub(super) fn spoke(&mut self, now: Instant) {
        self.spoke = now;
    }

    /// A ping went.
    pub(super) fn pinged(&mut self, now: Instant) {
        self.pinged = Some(now);
        self.spoke = now;
    }

    /// When something went last.
    pub(super) fn last_spoke(&self) -> Instant {
        self.spoke
    }

    /// When there is a ping to be sent, or its answer is overdue.
    pub(super) fn due(&self) -> Instant {
        match self.pinged {
            Some(pinged) => pinged + self.pong,
            None => self.heard.min(self.spoke) + self.keep_alive,
        }
    }

    /// Whether a ping is to be sent.
    pub(super) fn wants_ping(&self, now: Instant) -> bool {
        self.pinged.is_none() && now >= self.due()
    }

    /// Whether nobody answers.
    pub(super) fn is_dead(&self, now: Instant) -> bool {
        self.pinged.is_some() && now >= self.due()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_silent_is_asked_and_one_that_does_not_answer_is_dead() {
        let (began, second) = (Instant::now(), Duration::from_secs(1));
        let mut pulse = Pulse::new(second * 60, second * 10, began);
        // Whoever only speaks does not know whether anybody listens.
        pulse.spoke(began + second * 50);
        assert!(!pulse.wants_ping(began + second * 59));
        assert!(pulse.wants_ping(began + second * 60));
        pulse.pinged(began + second * 60);
        assert!(!pulse.wants_ping(began + second * 65) && !pulse.is_dead(began + second * 69));
        assert!(pulse.is_dead(began + second * 70));
        pulse.heard(began + second * 70);
        assert!(!pulse.is_dead(began + second * 71));
        assert_eq!(pulse.due(), began + second * 120);
    }
}
