//! Every ledger's name, key prefix and format, on one page.

/// Where a ledger's rows stand in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name, as messages and `verify` say it.
    pub name: &'static str,
    /// The first byte of its keys.
    pub prefix: u8,
}

/// Spaces by id.
pub const SPACES: Place = Place {
    name: "spaces",
    prefix: 0x10,
};
/// When a space was last used, by id.
pub const SPACE_USE: Place = Place {
    name: "space use",
    prefix: 0x11,
};
/// People by name.
pub const PEOPLE: Place = Place {
    name: "people",
    prefix: 0x20,
};
/// Sessions of people by the hash of their cookie.
pub const SESSIONS: Place = Place {
    name: "sessions",
    prefix: 0x21,
};
/// API tokens by the hash of the token.
pub const TOKENS: Place = Place {
    name: "tokens",
    prefix: 0x22,
};
/// One-time login links by the hash of their code.
pub const INVITATIONS: Place = Place {
    name: "invitations",
    prefix: 0x24,
};
/// Certificates that the own PKI issued, by hierarchy and serial number.
pub const CERTIFICATES: Place = Place {
    name: "certificates",
    prefix: 0x30,
};

/// All of them.
pub const PLACES: &[Place] = &[SPACES, SPACE_USE, PEOPLE, SESSIONS, TOKENS, INVITATIONS, CERTIFICATES];
