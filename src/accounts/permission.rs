//! Who may do what: one check for people, tokens and certificates.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

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
    /// Asks meters anew and writes tariffs to come too.
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
    /// See every meter; whose a meter is, sees it in any case ([`Who::sees`](super::Who::sees)).
    ReadMeters,
    /// Ask meters anew, and write tariffs to come.
    CommandMeters,
    /// Give any meter a top-up code; to their own, people may in any case ([`Who::tops_up`](super::Who::tops_up)).
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
    /// Every scope.
    #[must_use]
    pub fn all() -> &'static [Scope] {
        Scope::value_variants()
    }

    /// Its name on the command line and in JSON.
    #[must_use]
    pub fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    pub(super) fn covers(self, act: Act) -> bool {
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
    use super::super::who::{Proof, Who};
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
                links: Vec::new(),
                spaces: Vec::new(),
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
