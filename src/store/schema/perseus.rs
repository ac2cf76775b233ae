//! The ledgers of consented energy data.

use super::Place;

/// Permissions that people gave applications, by id.
pub const PERMISSIONS: Place = Place {
    name: "permissions",
    prefix: 0x70,
};
/// Permissions by person and id.
pub const PERMISSIONS_OF_PEOPLE: Place = Place {
    name: "permissions of people",
    prefix: 0x71,
};
/// What permissions let out, by permission and data source.
pub const PERMISSION_FILTERS: Place = Place {
    name: "permission filters",
    prefix: 0x72,
};
/// Codes that applications redeem, by the hash of the code.
pub const AUTHORIZATION_CODES: Place = Place {
    name: "authorization codes",
    prefix: 0x73,
};
/// What came of redeemed codes, by id.
pub const GRANTS: Place = Place {
    name: "grants",
    prefix: 0x74,
};
/// Grants by permission and id.
pub const GRANTS_OF_PERMISSIONS: Place = Place {
    name: "grants of permissions",
    prefix: 0x75,
};
/// Which grant a refresh token is of, by the hash of the token.
pub const REFRESH_TOKENS: Place = Place {
    name: "refresh tokens",
    prefix: 0x76,
};
/// What happened to permissions, by permission and place.
pub const PERMISSION_HISTORY: Place = Place {
    name: "permission history",
    prefix: 0x77,
};
/// Which permission a page of evidence is of, by its name.
pub const EVIDENCE: Place = Place {
    name: "evidence",
    prefix: 0x78,
};
/// Access tokens that were revoked by themselves, and until when that matters, by `jti`.
pub const REVOKED_ACCESS_TOKENS: Place = Place {
    name: "revoked access tokens",
    prefix: 0x79,
};
/// The key by which applications' names for people are made.
pub const PERSEUS_KEYS: Place = Place {
    name: "perseus keys",
    prefix: 0x7a,
};
/// How often a permission was used on a day, by permission and day.
pub const FETCH_DAYS: Place = Place {
    name: "fetches by day",
    prefix: 0x7b,
};
/// The last fetches of each permission, by permission and place.
pub const FETCHES: Place = Place {
    name: "fetches",
    prefix: 0x7c,
};
/// What stands behind records of where data came from, by the id of the origin step.
pub const RECORDS: Place = Place {
    name: "provenance",
    prefix: 0x7d,
};
/// Those by the time of their making.
pub const RECORDS_BY_TIME: Place = Place {
    name: "provenance by time",
    prefix: 0x7e,
};
/// The steps of records that are fetched by themselves, by origin step and place.
pub const RECORD_STEPS: Place = Place {
    name: "provenance steps",
    prefix: 0x7f,
};
/// Certificates that signed records, by serial.
pub const RECORD_SIGNERS: Place = Place {
    name: "provenance signers",
    prefix: 0x80,
};

/// Refresh tokens, sealed until somebody is told that they are none any more, by grant.
pub const SEALED_REFRESH_TOKENS: Place = Place {
    name: "sealed refresh tokens",
    prefix: 0x81,
};
/// Which application is told of which withdrawal, by permission.
pub const WITHDRAWALS: Place = Place {
    name: "withdrawals",
    prefix: 0x82,
};
