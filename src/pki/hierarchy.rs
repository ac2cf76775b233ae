//! The five hierarchies, and what certificates of each are for.

use std::fmt;
use std::str::FromStr;

use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};
use serde::{Deserialize, Serialize};

/// A root, its issuing CA and their certificates; one is never trusted in another's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hierarchy {
    /// What our doors show.
    Server,
    /// Clients of the Perseus machine endpoints.
    Client,
    /// Signers of Perseus provenance records.
    Signing,
    /// Both ends of the relay.
    Relay,
    /// Both ends of the mediator.
    Grpc,
}

/// Which end of a TLS connection a certificate is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Usage {
    /// It is shown by servers.
    Server,
    /// It is shown by clients.
    Client,
    /// Either.
    Both,
    /// Neither: it signs documents.
    Sign,
}

/// What a client of the mediator may do: its certificate's OU (EMOP §11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Internal,
    /// Read values and messages.
    Partner,
    /// Read lists.
    Readonly,
}

/// A word that names none of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not one of {known}")]
pub struct UnknownWordError {
    word: String,
    known: &'static str,
}

impl Hierarchy {
    /// Every hierarchy.
    pub const ALL: [Hierarchy; 5] = [
        Hierarchy::Server,
        Hierarchy::Client,
        Hierarchy::Signing,
        Hierarchy::Relay,
        Hierarchy::Grpc,
    ];

    /// The hierarchy's name: of its folder, in the register, on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Hierarchy::Server => "server",
            Hierarchy::Client => "client",
            Hierarchy::Signing => "signing",
            Hierarchy::Relay => "relay",
            Hierarchy::Grpc => "grpc",
        }
    }

    /// What its certificates are for when nobody says.
    #[must_use]
    pub fn usual(self) -> Usage {
        match self {
            Hierarchy::Server => Usage::Server,
            Hierarchy::Client | Hierarchy::Grpc => Usage::Client,
            Hierarchy::Signing => Usage::Sign,
            Hierarchy::Relay => Usage::Both,
        }
    }

    /// Whether it has certificates for `usage`.
    #[must_use]
    pub fn allows(self, usage: Usage) -> bool {
        match self {
            Hierarchy::Server | Hierarchy::Client | Hierarchy::Signing => usage == self.usual(),
            Hierarchy::Relay | Hierarchy::Grpc => usage != Usage::Sign,
        }
    }

    /// The bound that its issuing CA sets on its certificates. A provenance verifier demands clientAuth of a signer
    /// that has any, so signers have none, and only their own trust file keeps them apart.
    pub(super) fn issuer_purposes(self) -> Vec<ExtendedKeyUsagePurpose> {
        match self {
            Hierarchy::Server => Usage::Server.purposes(),
            Hierarchy::Client => Usage::Client.purposes(),
            Hierarchy::Signing => Usage::Sign.purposes(),
            Hierarchy::Relay | Hierarchy::Grpc => Usage::Both.purposes(),
        }
    }

    /// Key usages of its leaves. The relay's peers come from another house's scripts (RELAY §6.1).
    pub(super) fn key_usages(self) -> Vec<KeyUsagePurpose> {
        match self {
            Hierarchy::Relay => vec![
                KeyUsagePurpose::DigitalSignature,
                KeyUsagePurpose::KeyEncipherment,
                KeyUsagePurpose::KeyAgreement,
            ],
            Hierarchy::Server | Hierarchy::Client | Hierarchy::Signing | Hierarchy::Grpc => {
                vec![KeyUsagePurpose::DigitalSignature]
            }
        }
    }
}

impl Usage {
    pub(super) fn purposes(self) -> Vec<ExtendedKeyUsagePurpose> {
        use ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
        match self {
            Usage::Server => vec![ServerAuth],
            Usage::Client => vec![ClientAuth],
            Usage::Both => vec![ServerAuth, ClientAuth],
            Usage::Sign => vec![],
        }
    }
}

impl Role {
    /// The word in the certificate.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Internal => "internal",
            Role::Partner => "partner",
            Role::Readonly => "readonly",
        }
    }
}

impl fmt::Display for Hierarchy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Hierarchy {
    type Err = UnknownWordError;

    fn from_str(word: &str) -> Result<Hierarchy, UnknownWordError> {
        let found = Hierarchy::ALL.into_iter().find(|known| known.name() == word);
        found.ok_or_else(|| UnknownWordError {
            word: word.to_owned(),
            known: "server, client, signing, relay, grpc",
        })
    }
}

impl FromStr for Role {
    type Err = UnknownWordError;

    fn from_str(word: &str) -> Result<Role, UnknownWordError> {
        let known = [Role::Internal, Role::Partner, Role::Readonly];
        known
            .into_iter()
            .find(|known| known.name() == word)
            .ok_or_else(|| UnknownWordError {
                word: word.to_owned(),
                known: "internal, partner, readonly",
            })
    }
}
