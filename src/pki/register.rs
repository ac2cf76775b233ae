//! The register: a row in the book for every certificate that was issued.

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CertificateId, Hierarchy, Role, UnknownReason, Usage};
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

/// Rows read at a time.
const PAGE: usize = 256;

static LEDGER: Ledger<Row> = Ledger::new(schema::CERTIFICATES);

/// A certificate that was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub hierarchy: Hierarchy,
    /// The name asked for.
    pub name: String,
    /// The serial number, lower-case hex.
    pub serial: String,
    /// SHA-256 of the issuer's name, lower-case hex.
    pub issuer: String,
    /// SHA-256 of the certificate, lower-case hex.
    pub thumbprint: String,
    /// What it is for.
    pub usage: Usage,
    /// The role it gives at the mediator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// From when it is good; 1970 when that is not known.
    pub not_before: Timestamp,
    /// Until when it is.
    pub not_after: Timestamp,
    /// When and why it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revoked>,
    /// Another system issued it, and its authority was taken over (MOVE §3). Its thumbprint is empty when the certificate
    /// itself did not come along.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
}

/// When and why a certificate was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    pub at: Timestamp,
    pub reason: Reason,
}

/// Why a certificate was revoked (RFC 5280 §5.3.1; those that make sense for a leaf).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Nobody said.
    #[default]
    Unspecified,
    /// Somebody else may have the key.
    KeyCompromise,
    /// Its holder is another now.
    AffiliationChanged,
    /// Another took its place.
    Superseded,
    /// It is not needed any more.
    CessationOfOperation,
    /// Its holder may no longer.
    PrivilegeWithdrawn,
}

impl Reason {
    /// The reason that OpenSSL writes so in its index (RFC 5280 §5.3.1); one that makes no sense for a leaf is none.
    #[must_use]
    pub fn of_openssl(word: &str) -> Reason {
        match word {
            "keyCompromise" | "CACompromise" | "keyTime" | "CAkeyTime" => Reason::KeyCompromise,
            "affiliationChanged" => Reason::AffiliationChanged,
            "superseded" => Reason::Superseded,
            "cessationOfOperation" => Reason::CessationOfOperation,
            "privilegeWithdrawn" => Reason::PrivilegeWithdrawn,
            _ => Reason::Unspecified,
        }
    }

    const WORDS: [(&'static str, Reason); 6] = [
        ("unspecified", Reason::Unspecified),
        ("key-compromise", Reason::KeyCompromise),
        ("affiliation-changed", Reason::AffiliationChanged),
        ("superseded", Reason::Superseded),
        ("cessation-of-operation", Reason::CessationOfOperation),
        ("privilege-withdrawn", Reason::PrivilegeWithdrawn),
    ];

    pub(super) fn code(self) -> rcgen::RevocationReason {
        match self {
            Reason::Unspecified => rcgen::RevocationReason::Unspecified,
            Reason::KeyCompromise => rcgen::RevocationReason::KeyCompromise,
            Reason::AffiliationChanged => rcgen::RevocationReason::AffiliationChanged,
            Reason::Superseded => rcgen::RevocationReason::Superseded,
            Reason::CessationOfOperation => rcgen::RevocationReason::CessationOfOperation,
            Reason::PrivilegeWithdrawn => rcgen::RevocationReason::PrivilegeWithdrawn,
        }
    }
}

impl std::str::FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(word: &str) -> Result<Reason, UnknownReason> {
        let found = Reason::WORDS.iter().find(|(known, _)| *known == word);
        found.map(|(_, reason)| *reason).ok_or_else(|| UnknownReason::new(word))
    }
}

impl Row {
    /// Issuer and serial number; `None` when the row's hex is not hex.
    pub(super) fn id(&self) -> Option<CertificateId> {
        let issuer = HEXLOWER.decode(self.issuer.as_bytes()).ok()?.try_into().ok()?;
        Some(CertificateId::from_parts(issuer, self.serial_bytes()?))
    }

    pub(super) fn serial_bytes(&self) -> Option<Vec<u8>> {
        HEXLOWER.decode(self.serial.as_bytes()).ok()
    }

    fn key(&self) -> Vec<u8> {
        let ours = [self.hierarchy.name().as_bytes(), b"/", self.serial.as_bytes()].concat();
        match self.foreign {
            // Each authority counts from 1.
            true => [&ours[..], b"/", self.issuer.as_bytes()].concat(),
            false => ours,
        }
    }

    /// Enters the row.
    pub(super) fn put_on(&self, page: &mut Page) -> Result<(), RowError> {
        LEDGER.put_on(page, &self.key(), self)
    }

    /// The row as this change and those before it leave it.
    pub(super) fn again_on(&self, page: &Page) -> Result<Option<Row>, RowError> {
        LEDGER.get_on(page, &self.key())
    }
}

/// Every row, by hierarchy and serial number.
pub(super) fn rows(store: &Store) -> Result<Vec<Row>, ReadError> {
    let mut rows = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = LEDGER.scan(store, b"", after.as_deref(), PAGE)?;
        let full = page.len() == PAGE;
        after = page.last().map(|(key, _)| key.clone());
        rows.extend(page.into_iter().map(|(_, row)| row));
        if !full {
            return Ok(rows);
        }
    }
}
