//! What our certificates have in common: lives, dates, numbers, and what an authority looks like.

use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyUsagePurpose, RevokedCertParams, SerialNumber};
use time::OffsetDateTime;

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How long a root lasts: 25 years.
pub(super) const ROOT_LIFE: SignedDuration = SignedDuration::from_hours(24 * 9_132);
/// How long an issuing CA lasts; it is renewed under the same key long before.
pub(super) const ISSUER_LIFE: SignedDuration = SignedDuration::from_hours(24 * 3_652);
/// An issuing CA with less than this left is renewed: more than any leaf lives.
pub(super) const ISSUER_MARGIN: SignedDuration = SignedDuration::from_hours(24 * 2 * 366);
/// How far clocks may differ: certificates begin this long ago.
const SKEW: SignedDuration = SignedDuration::from_mins(10);
/// How long a revocation list says it is good for. It is made anew with every revocation and when asked for.
pub(super) const LIST_LIFE: SignedDuration = SignedDuration::from_hours(24 * 30);
/// A clock before this (2026-01-01) was never set, and would make authorities that are over when it is.
const FLOOR: i64 = 1_767_225_600;

/// An authority called `name`, to be made CA with or without bounds.
pub(super) fn ca(name: &str, now: Timestamp, life: SignedDuration) -> CertificateParams {
    let mut params = CertificateParams::default();
    let (not_before, not_after) = span(now, life);
    params.not_before = date(not_before);
    params.not_after = date(not_after);
    params.serial_number = Some(serial());
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Gatelodge");
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
    ];
    params
}

/// 127 random bits, positive and never 0 (RFC 5280 §4.1.2.2).
pub(super) fn serial() -> SerialNumber {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system gives random bytes");
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&bytes)
}

/// From when to when a certificate made `now` is good: never before the floor, and in whole seconds, as they count.
pub(super) fn span(now: Timestamp, life: SignedDuration) -> (Timestamp, Timestamp) {
    let floor = Timestamp::from_second(FLOOR).expect("2026 is in range");
    let begins = now.max(floor).saturating_sub(SKEW).unwrap_or(floor);
    let ends = begins.saturating_add(life.max(DAY / 24)).unwrap_or(Timestamp::MAX);
    let whole = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
    (whole(begins), whole(ends))
}

/// `at` as rcgen takes it.
pub(super) fn date(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.as_second()).expect("both kinds reach the year 9999")
}

/// The moment in a revocation list's terms.
pub(super) fn revoked(serial: &[u8], at: Timestamp, reason: rcgen::RevocationReason) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from_slice(serial),
        revocation_time: date(at),
        // RFC 5280 §5.3.1: the absence of a reason stands for "unspecified".
        reason_code: (reason != rcgen::RevocationReason::Unspecified).then_some(reason),
        invalidity_date: None,
    }
}
