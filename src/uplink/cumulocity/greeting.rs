//! Which lines of the registration the platform has acknowledged, so that a session that follows soon does not say
//! them all again (UPLINK §2.3). Pure: `now` is given.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// A line is said again after this, though nothing changed.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// The templates that are sent in every session: who the box is, what its children are, what may be asked of it.
const ALWAYS: [&str; 3] = ["100", "101", "114"];

/// Lines that were acknowledged, and those on their way.
#[derive(Debug, Default)]
pub(super) struct Greeting {
    known: BTreeMap<String, Timestamp>,
    begun: Timestamp,
    on_their_way: Vec<String>,
    left_out: Vec<String>,
}

impl Greeting {
    /// A session begins.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.begun = now;
        self.on_their_way.clear();
        self.left_out.clear();
    }

    /// Whether a line is to be said in this session; the child's name and a blank may stand before it.
    pub(super) fn is_to_be_said(&mut self, line: &str) -> bool {
        let always = ALWAYS
            .iter()
            .any(|template| line.strip_prefix(template).is_some_and(|rest| rest.starts_with(',')));
        let fresh = self
            .known
            .get(line)
            .is_some_and(|at| self.begun.duration_since(*at).abs() < FRESH);
        if fresh && !always {
            self.left_out.push(line.to_owned());
            return false;
        }
        self.on_their_way.push(line.to_owned());
        true
    }

    /// All of it is acknowledged; what was not part of this greeting is forgotten.
    pub(super) fn acknowledged(&mut self, now: Timestamp) {
        let before = std::mem::take(&mut self.known);
        let kept = self.left_out.drain(..).filter_map(|line| {
            let at = *before.get(&line)?;
            Some((line, at))
        });
        let new = self.on_their_way.drain(..).map(|line| (line, now));
        self.known = kept.chain(new).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_acknowledged_and_the_same_is_said_again_after_a_day() {
        let began: Timestamp = "2026-02-10T12:00:00Z".parse().unwrap();
        let hours = |hours| began + SignedDuration::from_hours(hours);
        let mut greeting = Greeting::default();
        let said = |greeting: &mut Greeting, now| {
            greeting.begin(now);
            ["100,x", "110,a", "child 117,180", "117,10"].map(|line| greeting.is_to_be_said(line))
        };
        assert_eq!(said(&mut greeting, began), [true; 4]);
        assert_eq!(said(&mut greeting, hours(1)), [true; 4], "nothing was acknowledged");
        greeting.acknowledged(hours(1));
        assert_eq!(said(&mut greeting, hours(2)), [true, false, false, false]);
        greeting.acknowledged(hours(2));
        assert!(greeting.is_to_be_said("110,b"), "one that changed is said");
        assert_eq!(said(&mut greeting, hours(24)), [true, false, false, false]);
        assert_eq!(said(&mut greeting, hours(25)), [true; 4]);
    }
}
