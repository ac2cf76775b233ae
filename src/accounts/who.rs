//! Who asks, and what of a meter is theirs to see.

use std::fmt;
use std::ops::Range;

use jiff::Timestamp;

use super::link::{Link, Sight};
use super::permission::{Act, Role, Scope};
use super::secret::Secret;
use crate::domain::{MeterId, SpaceId};

/// By what somebody was known, so that it can be asked again whether they still are: the hash of their cookie or token.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Proof(pub(super) [u8; 32]);

impl Proof {
    pub(super) fn of(secret: &Secret) -> Proof {
        Proof(secret.hash())
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Who asks, once it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A person with a session.
    Person {
        name: String,
        role: Role,
        /// The meters that were, are and will be theirs.
        links: Vec<Link>,
        /// The spaces that a doorman sees; empty: all of them.
        spaces: Vec<SpaceId>,
        /// Their session.
        proof: Proof,
    },
    /// A program with an API token.
    Token {
        /// The token's id, never the token.
        id: String,
        /// What it is good for.
        scopes: Vec<Scope>,
        /// The token itself.
        proof: Proof,
    },
    /// Whoever reaches the admin socket: the system decided that already.
    Operator,
}

impl Who {
    /// Whether they may.
    #[must_use]
    pub fn may(&self, act: Act) -> bool {
        match self {
            Who::Operator => true,
            Who::Person { role, .. } => role.may(act),
            Who::Token { scopes, .. } => scopes.iter().any(|scope| scope.covers(act)),
        }
    }

    /// Whether they may see what a meter says at that moment: theirs, or any.
    #[must_use]
    pub fn sees(&self, meter: &MeterId, at: Timestamp) -> bool {
        let theirs = self
            .links()
            .iter()
            .any(|link| link.meter == *meter && link.in_force(at));
        theirs || self.may(Act::ReadMeters)
    }

    /// Whether they may give a meter a top-up code at that moment: theirs, or any.
    #[must_use]
    pub fn tops_up(&self, meter: &MeterId, at: Timestamp) -> bool {
        let mut links = self.links().iter();
        links.any(|link| link.meter == *meter && link.in_force(at)) || self.may(Act::TopUp)
    }

    /// What an audit calls them.
    #[must_use]
    pub fn in_audit(&self) -> String {
        match self {
            Who::Person { name, .. } => format!("person {name}"),
            Who::Token { id, .. } => format!("token {id}"),
            Who::Operator => "operator".to_owned(),
        }
    }

    /// Whether what was said of a meter at `since`, and is told at `now`, is of their own time alone, that of now.
    #[must_use]
    pub fn sees_since(&self, meter: &MeterId, since: Timestamp, now: Timestamp) -> bool {
        let sight = self.sight(meter, now);
        sight.is_some_and(|sight| sight.holds(now) && sight.covers(&(since..now)))
    }

    /// What they may see of a meter at `now`; `None`: not even that there is one.
    #[must_use]
    pub fn sight(&self, meter: &MeterId, now: Timestamp) -> Option<Sight> {
        match self.may(Act::ReadMeters) {
            true => Some(Sight::Whole),
            false => Sight::of(self.links(), meter, now),
        }
    }

    /// The parts of a span of a meter's time that they may see at `now`, in order.
    #[must_use]
    pub fn clip(&self, meter: &MeterId, asked: Range<Timestamp>, now: Timestamp) -> Vec<Range<Timestamp>> {
        let sight = self.sight(meter, now);
        sight.map(|sight| sight.clip(asked)).unwrap_or_default()
    }

    /// What is linked to them, by whatever role.
    #[must_use]
    pub fn links(&self) -> &[Link] {
        match self {
            Who::Person { links, .. } => links,
            Who::Token { .. } | Who::Operator => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_is_seen_by_those_who_see_all_and_by_whose_it_is_while_it_is() {
        let meter: MeterId = "EML1".parse().unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let who = |role, meters: &[&str]| Who::Person {
            name: "p".into(),
            role,
            links: meters
                .iter()
                .map(|meter| Link {
                    meter: meter.parse().unwrap(),
                    since: at(10),
                    until: Some(at(20)),
                })
                .collect(),
            spaces: Vec::new(),
            proof: Proof::default(),
        };
        for (role, all) in [(Role::Admin, true), (Role::Resident, false), (Role::Viewer, false)] {
            let sees = |meters: &[&str], second| who(role, meters).sees(&meter, at(second));
            assert_eq!((sees(&[], 15), sees(&["EML2"], 15)), (all, all));
            assert_eq!((sees(&["EML1"], 9), sees(&["EML1"], 20)), (all, all));
            assert!(sees(&["EML1"], 10) && sees(&["EML1"], 19));
            let told = |since, now| who(role, &["EML1"]).sees_since(&meter, at(since), at(now));
            assert!(told(10, 15) && told(15, 15));
            for (since, now) in [(9, 15), (10, 20), (5, 9), (15, 25)] {
                assert_eq!(told(since, now), all, "said at {since}, told at {now}");
            }
            let clipped = |now| who(role, &["EML1"]).clip(&meter, at(0)..at(15), at(now));
            let (whole, theirs) = (vec![at(0)..at(15)], vec![at(10)..at(15)]);
            assert_eq!(clipped(30), if all { whole.clone() } else { theirs });
            assert_eq!(clipped(5), if all { whole } else { vec![] }, "not begun");
        }
        assert_eq!(Who::Operator.sight(&meter, at(0)), Some(Sight::Whole));
    }
}
