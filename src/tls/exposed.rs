//! Authorities that vouch for nobody, because everybody has their keys (RELAY §6.3, Q27).
//!
//! The original relay came with its certificates and keys in its repository. Whoever trusts such an authority lets
//! everybody in; they are known by their public keys, so that a new certificate for an old key is known, too.

use rustls::pki_types::CertificateDer;

use super::outbound::Pin;

/// SHA-256 of public keys (SubjectPublicKeyInfo) whose private keys are published: the root of the original relay's
/// peers (`O=Micronets-WS-Root`), and the root of its programming interfaces (`O=Micronets API Root Cert`), both of
/// 2018, in the repository `cablelabs/micronets-ws-proxy`.
const KEYS: [Pin; 2] = [
    Pin::from_bytes([
        0xfc, 0x0e, 0xbb, 0x16, 0x21, 0x8d, 0xd7, 0xf9, 0x68, 0xdd, 0xc7, 0x64, 0x95, 0xd7, 0xdf, 0x02, 0xbd, 0x9f,
        0xdc, 0x9a, 0x2a, 0xd1, 0x49, 0x38, 0x7b, 0x28, 0xce, 0xcb, 0x76, 0xbf, 0x11, 0xcc,
    ]),
    Pin::from_bytes([
        0x61, 0xdd, 0xf3, 0xbc, 0x56, 0xa6, 0xea, 0x92, 0x2d, 0x93, 0x72, 0x62, 0x91, 0x46, 0xf0, 0x1b, 0x72, 0x81,
        0x3c, 0xf1, 0xbc, 0x7a, 0xbe, 0xaf, 0x71, 0x9f, 0x2c, 0x18, 0x5d, 0x72, 0xde, 0xb9,
    ]),
];

/// Whether anybody can sign as this authority.
#[must_use]
pub fn is_exposed(authority: &CertificateDer<'_>) -> bool {
    Pin::of(authority).is_some_and(|key| KEYS.contains(&key))
}
