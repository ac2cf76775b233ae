//! Whether a certificate is good, and making it bad.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;

use super::authority::Authority;
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
        let own = self.read_open();
        let own = own
            .iter()
            .map(|(one, by)| (*one, by.root().clone(), by.issuer().clone()));
        let adopted = self.read_adopted();
        let adopted = adopted.iter().flat_map(|(one, all)| all.iter().map(|by| (*one, by)));
        let adopted = adopted.map(|(one, by)| (one, by.certificate.clone(), by.certificate.clone()));
        let mut issuers = own.chain(adopted);
        let issuer = issuers.find(|(candidate, _, by)| {
            hierarchy.is_none_or(|wanted| wanted == *candidate) && CertificateId::is_of(by, &id)
        });
        let Some((candidate, root, by)) = issuer else {
            return Ok(verdict(None, Some("none of our authorities issued it".to_owned())));
        };
        let reason = match inspect::path(chain, &root, &by, now) {
            Ok(()) if self.inner.revocations.borrow().contains(&id) => Some("it was revoked".to_owned()),
            Ok(()) => None,
            Err(error) => Some(error.to_string()),
        };
        Ok(verdict(Some(candidate), reason))
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
        match rows.iter().any(|row| row.serial == serial) {
            // Authorities of other systems count each from 1.
            true => rows.retain(|row| row.serial == serial),
            false => rows.retain(|row| row.name == which && row.revoked.is_none()),
        }
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
            let rows = register::rows(&pki.inner.store)?;
            // A list is of one issuer (RFC 5280 §5.2): one for each whose key is here, in one file.
            let list = |authority: &Authority| {
                let of_it =
                    |row: &&Row| row.hierarchy == hierarchy && row.id().is_some_and(|id| authority.is_issuer_of(&id));
                let revoked = rows.iter().filter(of_it).filter_map(|row| {
                    let because = row.revoked.as_ref()?;
                    Some(profile::revoked(
                        &row.serial_bytes()?,
                        because.at,
                        because.reason.code(),
                    ))
                });
                authority.list(revoked.collect(), now)
            };
            let mut lists = list(&*pki.own_authority(hierarchy, now)?)?;
            for adopted in pki
                .read_adopted()
                .get(&hierarchy)
                .into_iter()
                .flat_map(|all| all.iter())
            {
                match adopted.signer.as_ref().map(&list) {
                    Some(Ok(list)) => lists += &list,
                    // Not every authority may sign lists (RFC 5280 §4.2.1.3).
                    Some(Err(error)) => {
                        tracing::info!(hierarchy = hierarchy.name(), %error, "an authority signs no list")
                    }
                    None => {}
                }
            }
            let path = pki.files(hierarchy).crl;
            files::write(&path, lists.as_bytes(), Readers::All)?;
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
