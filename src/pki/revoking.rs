//! Whether a certificate is good, and making it bad.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;

use super::{CertificateId, Hierarchy, InspectError, Pki, PkiError, Reason, Revocations, Revoked, Row, Verdict};
use super::{inspect, profile, register};
use crate::files::{self, Readers};

impl Pki {
    /// Says whether the first certificate of `chain` is one of ours (of `hierarchy`, if given) and good at `now`.
    pub fn verify(
        &self,
        chain: &[CertificateDer<'_>],
        hierarchy: Option<Hierarchy>,
        now: Timestamp,
    ) -> Result<Verdict, PkiError> {
        let unreadable = || InspectError::Unreadable {
            path: "what was sent".to_owned(),
            place: 1,
        };
        let leaf = chain.first().ok_or_else(unreadable)?;
        let (_, leaf) = x509_parser::parse_x509_certificate(leaf).map_err(|_| unreadable())?;
        let id = CertificateId::of(&leaf);
        let verdict = |hierarchy, reason: Option<String>| Verdict {
            hierarchy,
            serial: id.serial_hex(),
            good: reason.is_none(),
            reason,
        };
        let open = self.read_open();
        let issuer = open
            .iter()
            .filter(|(candidate, _)| hierarchy.is_none_or(|wanted| wanted == **candidate))
            .find(|(_, authority)| authority.is_issuer_of(&id));
        let Some((candidate, authority)) = issuer else {
            return Ok(verdict(None, Some("none of our authorities issued it".to_owned())));
        };
        let reason = match inspect::path(chain, authority.root(), authority.issuer(), now) {
            Ok(()) if self.inner.revocations.borrow().contains(&id) => Some("it was revoked".to_owned()),
            Ok(()) => None,
            Err(error) => Some(error.to_string()),
        };
        Ok(verdict(Some(*candidate), reason))
    }

    /// Revokes the certificate with this serial number (hex) or name (of `hierarchy`, if given). Live sessions under
    /// it are cut as soon as this is in the book; the hierarchy's list is signed anew. Revoking again changes nothing.
    pub async fn revoke(
        &self,
        which: &str,
        hierarchy: Option<Hierarchy>,
        reason: Reason,
        now: Timestamp,
    ) -> Result<Row, PkiError> {
        let row = self.find(which, hierarchy)?;
        let change = self.inner.store.write(move |page| {
            let mut row = row.again_on(page)?.unwrap_or(row);
            if row.revoked.is_none() {
                row.revoked = Some(Revoked { at: now, reason });
                row.put_on(page)?;
            }
            Ok(row)
        });
        let row = change.await?;
        if let Some(id) = row.id() {
            // Added to what is known, not read anew: of two revocations at once neither forgets the other.
            self.inner.revocations.send_modify(|known| {
                *known = Arc::new(known.with(id));
            });
        }
        self.crl(row.hierarchy, now).await?;
        Ok(row)
    }

    fn find(&self, which: &str, hierarchy: Option<Hierarchy>) -> Result<Row, PkiError> {
        let rows = self.list()?;
        let mut rows: Vec<Row> = rows
            .into_iter()
            .filter(|row| hierarchy.is_none_or(|wanted| wanted == row.hierarchy))
            .collect();
        let serial = which.replace(':', "").to_ascii_lowercase();
        if let Some(place) = rows.iter().position(|row| row.serial == serial) {
            return Ok(rows.swap_remove(place));
        }
        rows.retain(|row| row.name == which && row.revoked.is_none());
        match rows.len() {
            0 => Err(PkiError::Unknown(which.to_owned())),
            1 => Ok(rows.swap_remove(0)),
            count => Err(PkiError::Ambiguous {
                name: which.to_owned(),
                count,
            }),
        }
    }

    /// Signs a hierarchy's revocation list as it stands and gives the file, for those who verify elsewhere.
    pub async fn crl(&self, hierarchy: Hierarchy, now: Timestamp) -> Result<PathBuf, PkiError> {
        self.work(move |pki| {
            let authority = pki.authority(hierarchy, now)?;
            let revoked = register::rows(&pki.inner.store)?;
            let revoked = revoked
                .iter()
                .filter(|row| row.hierarchy == hierarchy)
                .filter_map(|row| {
                    let because = row.revoked.as_ref()?;
                    Some(profile::revoked(
                        &row.serial_bytes()?,
                        because.at,
                        because.reason.code(),
                    ))
                });
            let list = authority.list(revoked.collect(), now)?;
            let path = pki.files(hierarchy).crl;
            files::write(&path, list.as_bytes(), Readers::All)?;
            Ok(path)
        })
        .await
    }
}

/// The certificates among `rows` that were revoked.
pub(super) fn revoked(rows: &[Row]) -> Revocations {
    rows.iter()
        .filter(|row| row.revoked.is_some())
        .filter_map(Row::id)
        .collect()
}
