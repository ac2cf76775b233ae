//! Who may do what: one check for people, tokens and certificates.

use std::fmt;
use std::ops::Range;

use clap::ValueEnum;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::link::{Link, Sight};
use super::secret::Secret;
use crate::domain::MeterId;

/// What a person is to the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May do all.
    Admin,
    /// May do all but manage people and tokens.
    Installer,
    /// Counts people in and out.
    Doorman,
    /// Reads what is not personal.
    Viewer,
    /// Sees what is linked to them.
    Resident,
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
pub enum Scope {
    /// Reads spaces.
    #[serde(rename = "spaces:read")]
    #[value(name = "spaces:read")]
    SpacesRead,
    /// Reads spaces and counts.
    #[serde(rename = "spaces:count")]
    #[value(name = "spaces:count")]
    SpacesCount,
    /// Creates, sets and deletes spaces too.
    #[serde(rename = "spaces:admin")]
    #[value(name = "spaces:admin")]
    SpacesAdmin,
    /// Sees the relay's peers and ends them.
    #[serde(rename = "relay:admin")]
    #[value(name = "relay:admin")]
    RelayAdmin,
    /// Reads meters: what they said, their half-hours, their events.
    #[serde(rename = "meters:read")]
    #[value(name = "meters:read")]
    MetersRead,
    /// Asks meters anew too.
    #[serde(rename = "meters:write")]
    #[value(name = "meters:write")]
    MetersWrite,
    /// Sees the road to the cloud.
    #[serde(rename = "uplink:admin")]
    #[value(name = "uplink:admin")]
    UplinkAdmin,
    /// Runs the box: status, backup, certificates.
    #[serde(rename = "box:admin")]
    #[value(name = "box:admin")]
    BoxAdmin,
}

/// Something one may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// See spaces and their counts.
    ReadSpaces,
    /// Count people in and out.
    Count,
    /// Create, set and delete spaces.
    ManageSpaces,
    /// See every meter; whose a meter is, sees it in any case ([`Who::sees`]).
    ReadMeters,
    /// Ask meters anew.
    CommandMeters,
    /// See the state of the box.
    ReadBox,
    /// Back up, reload, issue certificates.
    ManageBox,
    /// See the relay's peers and end their connections.
    ManageRelay,
    /// See the road to the cloud, and what the cloud asked.
    ManageUplink,
    /// Add, change and remove people and tokens.
    ManagePeople,
}

impl Act {
    /// The scopes that cover it, by the names that tokens have.
    pub(super) fn scopes(self) -> Vec<String> {
        let covering = Scope::value_variants().iter().filter(|scope| scope.covers(self));
        let named = covering.filter_map(ValueEnum::to_possible_value);
        named.map(|scope| scope.get_name().to_owned()).collect()
    }
}

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
}

impl Who {
    /// Whether they may see what a meter says at that moment: theirs, or any.
    #[must_use]
    pub fn sees(&self, meter: &MeterId, at: Timestamp) -> bool {
        let theirs = self
            .links()
            .iter()
            .any(|link| link.meter == *meter && link.in_force(at));
        theirs || self.may(Act::ReadMeters)
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

impl Role {
    /// Every role.
    pub const ALL: [Role; 5] = [
        Role::Admin,
        Role::Installer,
        Role::Doorman,
        Role::Viewer,
        Role::Resident,
    ];

    /// Whether whoever has it may.
    #[must_use]
    pub fn may(self, act: Act) -> bool {
        match self {
            Role::Admin => true,
            Role::Installer => act != Act::ManagePeople,
            Role::Doorman => matches!(act, Act::ReadSpaces | Act::Count),
            Role::Viewer => matches!(act, Act::ReadSpaces | Act::ReadBox),
            Role::Resident => false,
        }
    }

    /// The role's name on the command line and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Installer => "installer",
            Role::Doorman => "doorman",
            Role::Viewer => "viewer",
            Role::Resident => "resident",
        }
    }
}

impl Scope {
    pub(super) fn covers(self, act: Act) -> bool {
        match self {
            Scope::SpacesRead => act == Act::ReadSpaces,
            Scope::SpacesCount => matches!(act, Act::ReadSpaces | Act::Count),
            Scope::SpacesAdmin => matches!(act, Act::ReadSpaces | Act::Count | Act::ManageSpaces),
            Scope::RelayAdmin => act == Act::ManageRelay,
            Scope::MetersRead => act == Act::ReadMeters,
            Scope::MetersWrite => matches!(act, Act::ReadMeters | Act::CommandMeters),
            Scope::UplinkAdmin => act == Act::ManageUplink,
            Scope::BoxAdmin => matches!(act, Act::ReadBox | Act::ManageBox),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTS: [Act; 10] = [
        Act::ReadSpaces,
        Act::Count,
        Act::ManageSpaces,
        Act::ReadMeters,
        Act::CommandMeters,
        Act::ReadBox,
        Act::ManageBox,
        Act::ManageRelay,
        Act::ManageUplink,
        Act::ManagePeople,
    ];

    fn allowed(who: &Who) -> Vec<Act> {
        ACTS.into_iter().filter(|act| who.may(*act)).collect()
    }

    #[test]
    fn the_table_of_roles_holds() {
        let role = |role| {
            allowed(&Who::Person {
                name: "p".into(),
                role,
                links: Vec::new(),
                proof: Proof::default(),
            })
        };
        assert_eq!(role(Role::Admin), ACTS);
        assert_eq!(role(Role::Installer), ACTS[..9]);
        assert_eq!(role(Role::Doorman), [Act::ReadSpaces, Act::Count]);
        assert_eq!(role(Role::Viewer), [Act::ReadSpaces, Act::ReadBox]);
        assert_eq!(role(Role::Resident), []);
    }

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

    #[test]
    fn no_token_manages_people() {
        let scopes = vec![
            Scope::SpacesRead,
            Scope::SpacesCount,
            Scope::SpacesAdmin,
            Scope::RelayAdmin,
            Scope::BoxAdmin,
        ];
        let token = |scopes| Who::Token {
            id: "t".into(),
            scopes,
            proof: Proof::default(),
        };
        let all = token(scopes);
        assert!(!all.may(Act::ManagePeople));
        assert!(all.may(Act::ManageBox));
        assert_eq!(allowed(&token(vec![Scope::SpacesCount])), [Act::ReadSpaces, Act::Count]);
    }
}
