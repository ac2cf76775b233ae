//! The ledgers of accounts, and of who was erased.

use super::Place;

/// The box's own authorities that it has had, by hierarchy.
pub const AUTHORITIES: Place = Place {
    name: "authorities",
    prefix: 0x2a,
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

/// Which meter is whose from when until when, by person, meter and since.
pub const LINKS: Place = Place {
    name: "links of people",
    prefix: 0x28,
};

/// Who had themselves erased, without a name once that is done, by id.
pub const ERASURES: Place = Place {
    name: "erasures",
    prefix: 0x29,
};

/// Which stretches of which meters an erasure is of, by erasure and place.
pub const ERASURE_STRETCHES: Place = Place {
    name: "stretches of erasures",
    prefix: 0x2b,
};

/// In which life of the book erasures were last looked at, and whose they are.
pub const ERASURE_NOTES: Place = Place {
    name: "notes of erasures",
    prefix: 0x2c,
};

/// When sign-ins failed, by the hash of the name or the address that they were for.
pub const FAILED_SIGN_INS: Place = Place {
    name: "failed sign-ins",
    prefix: 0x25,
};

/// From where people signed in, by the hashes of name and address.
pub const SIGN_IN_PLACES: Place = Place {
    name: "sign-in places",
    prefix: 0x26,
};
