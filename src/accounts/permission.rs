//! Who may do what: one check for people, tokens and certificates.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

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
    /// Gives meters top-up codes, and sees what became of them.
    #[serde(rename = "meters:topup")]
    #[value(name = "meters:topup")]
    MetersTopup,
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
    /// Give any meter a top-up code; to their own, people may in any case ([`Who::tops_up`]).
    TopUp,
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
        /// The meters that are theirs.
        meters: Vec<MeterId>,
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
    /// Whether they may see a meter: theirs, or any.
    #[must_use]
    pub fn sees(&self, meter: &MeterId) -> bool {
        let theirs = matches!(self, Who::Person { meters, .. } if meters.contains(meter));
        theirs || self.may(Act::ReadMeters)
    }
}

impl Who {
    /// Whether they may give a meter a top-up code: theirs, or any.
    #[must_use]
    pub fn tops_up(&self, meter: &MeterId) -> bool {
        let theirs = matches!(self, Who::Person { meters, .. } if meters.contains(meter));
        theirs || self.may(Act::TopUp)
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

    fn may(self, act: Act) -> bool {
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
    fn covers(self, act: Act) -> bool {
        match self {
            Scope::SpacesRead => act == Act::ReadSpaces,
            Scope::SpacesCount => matches!(act, Act::ReadSpaces | Act::Count),
            Scope::SpacesAdmin => matches!(act, Act::ReadSpaces | Act::Count | Act::ManageSpaces),
            Scope::RelayAdmin => act == Act::ManageRelay,
            Scope::MetersRead => act == Act::ReadMeters,
            Scope::MetersTopup => act == Act::TopUp,
            Scope::MetersWrite => matches!(act, Act::ReadMeters | Act::CommandMeters),
            Scope::UplinkAdmin => act == Act::ManageUplink,
            Scope::BoxAdmin => matches!(act, Act::ReadBox | Act::ManageBox),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTS: [Act; 11] = [
        Act::ReadSpaces,
        Act::Count,
        Act::ManageSpaces,
        Act::ReadMeters,
        Act::CommandMeters,
        Act::TopUp,
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
                meters: Vec::new(),
                proof: Proof::default(),
            })
        };
        assert_eq!(role(Role::Admin), ACTS);
        assert_eq!(role(Role::Installer), ACTS[..10]);
        assert_eq!(role(Role::Doorman), [Act::ReadSpaces, Act::Count]);
        assert_eq!(role(Role::Viewer), [Act::ReadSpaces, Act::ReadBox]);
        assert_eq!(role(Role::Resident), []);
    }

    #[test]
    fn a_meter_is_seen_by_those_who_see_all_and_by_whose_it_is() {
        let meter: MeterId = "EML1".parse().unwrap();
        let who = |role, meters| Who::Person {
            name: "p".into(),
            role,
            meters,
            proof: Proof::default(),
        };
        for (role, all) in [(Role::Admin, true), (Role::Resident, false), (Role::Viewer, false)] {
            assert_eq!(who(role, vec![]).sees(&meter), all);
            assert!(who(role, vec![meter.clone()]).sees(&meter));
            assert_eq!(who(role, vec!["EML2".parse().unwrap()]).sees(&meter), all);
        }
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
