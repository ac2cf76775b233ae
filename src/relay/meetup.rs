//! Who waits for whom: the meetups and their peers. Pure.
//!
//! A place is taken with the HELLO, never before, so peers pair in whatever order they connect and speak
//! (RELAY §3.4, Q1). A peer whose end has begun has no place any more (RELAY Q3). The first to come waits, the
//! second is paired with it at once, a third is refused or takes the place of its own older connection (RELAY Q4).

use std::collections::HashMap;
use std::sync::Arc;

use super::rule::{Identity, Policy, Rule};

/// A connection, by a number that is never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerNumber(pub u64);

/// Somebody with a place.
#[derive(Clone, Debug)]
struct Member {
    number: PeerNumber,
    identity: Arc<Identity>,
}

/// All meetups.
#[derive(Debug, Default)]
pub struct Meetups {
    places: HashMap<Arc<str>, Vec<Member>>,
    waiting: usize,
}

/// What comes of a HELLO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It is the first and waits.
    Waits,
    /// It is the second.
    Pairs { with: PeerNumber },
    /// Nothing yet: this one is in its place and must depart first.
    Displaces {
        /// The older connection of the same certificate identity.
        old: PeerNumber,
    },
    /// There is no place.
    Full,
    /// The one that waits is of the same certificate identity, and the rule wants two.
    Same,
}

/// How many meetups there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// With one peer.
    pub waiting: usize,
    /// With two.
    pub paired: usize,
}

impl Meetups {
    /// Somebody says HELLO at `id`. It has a place afterwards when it waits or pairs.
    pub fn arrive(&mut self, id: &Arc<str>, number: PeerNumber, identity: &Arc<Identity>, rule: &Rule) -> Arrival {
        let member = Member {
            number,
            identity: Arc::clone(identity),
        };
        let replaces = rule.policy == Policy::ReplaceSameIdentity;
        let Some(members) = self.places.get_mut(id) else {
            self.places.insert(Arc::clone(id), vec![member]);
            self.waiting += 1;
            return Arrival::Waits;
        };
        let same = members.iter().find(|other| other.identity.same(identity));
        match (members.as_slice(), same) {
            ([_], Some(same)) if rule.different_identities && replaces => Arrival::Displaces { old: same.number },
            ([_], Some(_)) if rule.different_identities => Arrival::Same,
            ([waiting], _) => {
                let with = waiting.number;
                members.push(member);
                self.waiting -= 1;
                Arrival::Pairs { with }
            }
            (_, Some(same)) if replaces => Arrival::Displaces { old: same.number },
            _ => Arrival::Full,
        }
    }

    /// Somebody goes. Answers the partner that is left, which keeps its place until it departs too.
    pub fn depart(&mut self, id: &str, number: PeerNumber) -> Option<PeerNumber> {
        let members = self.places.get_mut(id)?;
        let at = members.iter().position(|member| member.number == number)?;
        members.remove(at);
        match members.first() {
            Some(partner) => {
                self.waiting += 1;
                Some(partner.number)
            }
            None => {
                self.places.remove(id);
                self.waiting -= 1;
                None
            }
        }
    }

    /// Whether it has a place at `id`.
    #[must_use]
    pub fn is_in(&self, id: &str, number: PeerNumber) -> bool {
        let members = self.places.get(id);
        members.is_some_and(|members| members.iter().any(|member| member.number == number))
    }

    /// Who else is at `id`.
    #[must_use]
    pub fn partner(&self, id: &str, number: PeerNumber) -> Option<PeerNumber> {
        let members = self.places.get(id).filter(|_| self.is_in(id, number))?;
        let other = members.iter().find(|member| member.number != number);
        other.map(|other| other.number)
    }

    /// How many meetups there are.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally {
            waiting: self.waiting,
            paired: self.places.len() - self.waiting,
        }
    }

    /// How many there are of both kinds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether anybody is at `id`.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.places.contains_key(id)
    }
}

/// The id as it may be seen: what follows a `?` may be a secret.
pub(super) fn shown_id(id: &str) -> &str {
    id.split('?').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn identity(name: u8) -> Arc<Identity> {
        Arc::new(Identity::new(vec![format!("O:{name}")], &[name; 32]))
    }

    fn id(text: &str) -> Arc<str> {
        Arc::from(text)
    }

    fn rule(policy: Policy, different_identities: bool) -> Rule {
        Rule {
            policy,
            different_identities,
            ..Rule::default()
        }
    }

    const A: PeerNumber = PeerNumber(1);
    const B: PeerNumber = PeerNumber(2);
    const C: PeerNumber = PeerNumber(3);

    #[test]
    fn the_second_pairs_with_the_first_and_a_third_is_refused() {
        let (mut meetups, rule) = (Meetups::default(), Rule::default());
        assert_eq!(meetups.arrive(&id("x"), A, &identity(1), &rule), Arrival::Waits);
        assert_eq!(meetups.arrive(&id("X"), C, &identity(1), &rule), Arrival::Waits);
        assert_eq!(
            meetups.arrive(&id("x"), B, &identity(1), &rule),
            Arrival::Pairs { with: A }
        );
        assert_eq!(meetups.tally(), Tally { waiting: 1, paired: 1 });
        assert_eq!(
            meetups.arrive(&id("x"), PeerNumber(9), &identity(1), &rule),
            Arrival::Full
        );
        assert_eq!((meetups.partner("x", A), meetups.partner("x", C)), (Some(B), None));
        assert_eq!(meetups.depart("x", A), Some(B));
        assert_eq!(meetups.depart("x", A), None);
        assert_eq!(meetups.depart("x", B), None);
        assert_eq!(meetups.arrive(&id("x"), A, &identity(1), &rule), Arrival::Waits);
    }

    #[test]
    fn an_older_connection_of_the_same_certificate_gives_way_where_the_rule_says_so() {
        let replace = rule(Policy::ReplaceSameIdentity, false);
        let mut meetups = Meetups::default();
        meetups.arrive(&id("x"), A, &identity(1), &replace);
        assert_eq!(
            meetups.arrive(&id("x"), B, &identity(2), &replace),
            Arrival::Pairs { with: A }
        );
        assert_eq!(
            meetups.arrive(&id("x"), C, &identity(2), &replace),
            Arrival::Displaces { old: B }
        );
        assert_eq!(meetups.arrive(&id("x"), C, &identity(3), &replace), Arrival::Full);
        assert_eq!(meetups.depart("x", B), Some(A));
        assert_eq!(
            meetups.arrive(&id("x"), C, &identity(2), &replace),
            Arrival::Pairs { with: A }
        );
    }

    #[test]
    fn nobody_meets_themselves_where_two_are_wanted() {
        let mut meetups = Meetups::default();
        meetups.arrive(&id("x"), A, &identity(1), &Rule::default());
        let reject = rule(Policy::Reject, true);
        assert_eq!(meetups.arrive(&id("x"), B, &identity(1), &reject), Arrival::Same);
        let replace = rule(Policy::ReplaceSameIdentity, true);
        assert_eq!(
            meetups.arrive(&id("x"), B, &identity(1), &replace),
            Arrival::Displaces { old: A }
        );
        assert_eq!(
            meetups.arrive(&id("x"), B, &identity(2), &reject),
            Arrival::Pairs { with: A }
        );
    }

    proptest! {
        #[test]
        fn there_are_never_three_and_the_tally_is_right(steps in proptest::collection::vec((any::<bool>(), 0_u64..12, 0_u8..3), 0..200)) {
            let rule = rule(Policy::ReplaceSameIdentity, false);
            let mut meetups = Meetups::default();
            let mut there: HashMap<u64, u8> = HashMap::new();
            for (comes, number, place) in steps {
                let name = id(&place.to_string());
                if comes && !there.contains_key(&number) {
                    let arrival = meetups.arrive(&name, PeerNumber(number), &identity(number as u8 % 4), &rule);
                    if matches!(arrival, Arrival::Waits | Arrival::Pairs { .. }) {
                        there.insert(number, place);
                    }
                } else if there.get(&number) == Some(&place) {
                    meetups.depart(&name, PeerNumber(number));
                    there.remove(&number);
                }
                let at = |place: u8| there.values().filter(|other| **other == place).count();
                let counts: Vec<usize> = (0..3).map(at).collect();
                prop_assert!(counts.iter().all(|count| *count <= 2));
                let with = |wanted: usize| counts.iter().filter(|count| **count == wanted).count();
                prop_assert_eq!(meetups.tally(), Tally { waiting: with(1), paired: with(2) });
            }
        }
    }
}
