//! Taking over an authority of another system, so that what it issued goes on being believed (MOVE §3).

use jiff::Timestamp;
use rcgen::Issuer;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

use super::adopted::{Adopted, AdoptedFiles, key_pair};
use super::authority::is_key_of;
use super::{AdoptionError, Hierarchy, Pki, PkiError, cross, pem};
use crate::files;

/// What came, or would come, of an authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// It is believed from now on.
    New,
    /// It was believed; now its key is here too.
    KeyIsNew,
    /// It was here already, just so.
    Known,
}

impl Pki {
    /// Has `hierarchy` believe an authority beside its own; with its key, the hierarchy signs with that from now on, and
    /// a door shows a certificate that both believers of the old authority and of our root verify. A dry run says what
    /// would come of it.
    ///
    /// # Errors
    ///
    /// When it is none, is over, is another hierarchy's, or cannot be written.
    pub async fn adopt(
        &self,
        hierarchy: Hierarchy,
        certificate: CertificateDer<'static>,
        key: Option<Zeroizing<String>>,
        dry_run: bool,
    ) -> Result<Adoption, PkiError> {
        let now = self.now();
        self.work(move |pki| {
            let adoption = pki.look_at(hierarchy, &certificate, key.as_ref(), now)?;
            if dry_run || adoption == Adoption::Known {
                return Ok(adoption);
            }
            let cross = key
                .as_ref()
                .and_then(|key| pki.crossed(hierarchy, &certificate, key, now));
            let texts = (key.as_ref().map(|key| key.as_str()), cross.as_deref());
            Adopted::write(&pki.adopted_dir(hierarchy), &certificate, texts)?;
            pki.look_at_adopted(hierarchy);
            // Whoever follows what is believed looks again.
            pki.inner.revocations.send_modify(|_| {});
            Ok(adoption)
        })
        .await
    }

    fn look_at(
        &self,
        hierarchy: Hierarchy,
        certificate: &CertificateDer<'_>,
        key: Option<&Zeroizing<String>>,
        now: Timestamp,
    ) -> Result<Adoption, PkiError> {
        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| AdoptionError::Unreadable)?;
        let subject = parsed.subject().to_string();
        if !parsed.is_ca() {
            return Err(AdoptionError::NoAuthority(subject).into());
        }
        let ended = Timestamp::from_second(parsed.validity().not_after.timestamp()).unwrap_or(Timestamp::MAX);
        if ended <= now {
            return Err(AdoptionError::Over { subject, ended }.into());
        }
        let public = parsed.tbs_certificate.subject_pki.raw;
        for other in Hierarchy::ALL {
            if self.own_keys(other).iter().any(|own| own == public) {
                return Err(AdoptionError::Own(subject).into());
            }
            let believed = self.read_adopted();
            let mut believed = believed.get(&other).into_iter().flat_map(|all| all.iter());
            let same = believed.any(|one| public_key(&one.certificate).is_some_and(|key| key == public));
            if other != hierarchy && same {
                let hierarchy = other;
                return Err(AdoptionError::Elsewhere { subject, hierarchy }.into());
            }
        }
        if let Some(key) = key {
            let key = key_pair(hierarchy, key).map_err(|_| AdoptionError::Key(subject.clone()))?;
            if !is_key_of(certificate, &key) {
                return Err(AdoptionError::OtherKey(subject).into());
            }
        }
        let at = AdoptedFiles::of(&self.adopted_dir(hierarchy), certificate);
        Ok(match (at.certificate.exists(), key.is_some() && !at.key.exists()) {
            (false, _) => Adoption::New,
            (true, true) => Adoption::KeyIsNew,
            (true, false) => Adoption::Known,
        })
    }

    /// The public keys of a hierarchy's own root and issuing CA.
    fn own_keys(&self, hierarchy: Hierarchy) -> Vec<Vec<u8>> {
        let open = self.read_open();
        let own = open.get(&hierarchy).into_iter();
        own.flat_map(|own| [own.root(), own.issuer()])
            .filter_map(public_key)
            .collect()
    }

    /// The authority signed by our own root, where that is at hand.
    fn crossed(
        &self,
        hierarchy: Hierarchy,
        certificate: &CertificateDer<'_>,
        key: &Zeroizing<String>,
        now: Timestamp,
    ) -> Option<String> {
        let own = self.read_open().get(&hierarchy).cloned()?;
        let root_key = Zeroizing::new(files::read(&self.files(hierarchy).root_key).ok()?);
        let root = Issuer::from_ca_cert_der(own.root(), key_pair(hierarchy, &root_key).ok()?).ok()?;
        let key = key_pair(hierarchy, key).ok()?;
        let signed = cross::cross(hierarchy, certificate, &key, &root, now);
        if signed.is_none() {
            tracing::warn!(
                hierarchy = hierarchy.name(),
                "an authority was taken over whose name cannot be signed again: who believes only this box's root does not verify what it signs"
            );
        }
        Some(pem::encoded(signed?.der()))
    }
}

/// Whether a text holds the key of a certificate, among other things perhaps.
#[must_use]
pub fn is_pair(certificate: &CertificateDer<'_>, text: &str) -> bool {
    key_pair(Hierarchy::Relay, text).is_ok_and(|key| is_key_of(certificate, &key))
}

fn public_key(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    Some(parsed.tbs_certificate.subject_pki.raw.to_vec())
}
