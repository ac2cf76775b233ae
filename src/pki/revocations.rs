//! What was revoked, as the gate asks for it.

use std::collections::HashSet;

use super::CertificateId;

/// The revoked certificates of the own PKI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revocations {
    ids: HashSet<CertificateId>,
}

impl Revocations {
    /// Whether this certificate was revoked.
    #[must_use]
    pub fn contains(&self, id: &CertificateId) -> bool {
        self.ids.contains(id)
    }

    /// The revocations, and one more.
    #[must_use]
    pub fn with(&self, id: CertificateId) -> Revocations {
        self.ids.iter().cloned().chain([id]).collect()
    }

    /// How many were.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

impl FromIterator<CertificateId> for Revocations {
    fn from_iter<I: IntoIterator<Item = CertificateId>>(ids: I) -> Revocations {
        Revocations {
            ids: ids.into_iter().collect(),
        }
    }
}
