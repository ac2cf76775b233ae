//! Certificates that an authority of another system issued: entered in the register, so that they are listed, can be
//! revoked, and stay revoked (MOVE §3).

use std::sync::Arc;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{CertificateId, Hierarchy, Pki, PkiError, Revoked, Role, Row, Usage, sha256};

/// A certificate of another system.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// What it was called there.
    pub name: String,
    /// The certificate, and those between it and its authority; empty when only the index of the authority has it.
    pub chain: Vec<CertificateDer<'static>>,
    /// The serial number, big-endian; that of the certificate, when it is there.
    pub serial: Vec<u8>,
    /// Until when it is good, as the index says.
    pub not_after: Timestamp,
    /// When and why it was revoked.
    pub revoked: Option<Revoked>,
}

/// What came, or would come, of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entered {
    /// It is in the register now.
    New,
    /// It was in the register, and is revoked now.
    NowRevoked,
    /// It was in the register, just so.
    Known,
    /// It is not entered, for this reason.
    Refused(String),
}

impl Pki {
    /// Enters certificates that `authority` issued; the answers are in their order. A dry run says what would come of
    /// them.
    ///
    /// # Errors
    ///
    /// When the register cannot be read or written; then none is entered.
    pub async fn enter_foreign(
        &self,
        hierarchy: Hierarchy,
        authority: CertificateDer<'static>,
        certificates: Vec<Foreign>,
        dry_run: bool,
    ) -> Result<Vec<Entered>, PkiError> {
        let rows: Vec<Result<Row, String>> = certificates
            .into_iter()
            .map(|one| row(hierarchy, &authority, one))
            .collect();
        let revoked: Vec<CertificateId> = rows
            .iter()
            .flatten()
            .filter(|row| row.revoked.is_some())
            .filter_map(Row::id)
            .collect();
        let entered = self.inner.store.write(move |page| {
            let mut entered = Vec::new();
            for row in rows {
                let row = match row {
                    Ok(row) => row,
                    Err(why) => {
                        entered.push(Entered::Refused(why));
                        continue;
                    }
                };
                let (new, came) = match row.again_on(page)? {
                    None => (Some(row), Entered::New),
                    // What was revoked here meanwhile stays so.
                    Some(known) if known.revoked.is_none() && row.revoked.is_some() => (
                        Some(Row {
                            revoked: row.revoked,
                            ..known
                        }),
                        Entered::NowRevoked,
                    ),
                    Some(_) => (None, Entered::Known),
                };
                if let Some(new) = new.filter(|_| !dry_run) {
                    new.put_on(page)?;
                }
                entered.push(came);
            }
            Ok(entered)
        });
        let entered = entered.await?;
        if !dry_run && !revoked.is_empty() {
            self.inner.revocations.send_modify(|known| {
                let all = revoked.into_iter().fold(known.as_ref().clone(), |all, id| all.with(id));
                *known = Arc::new(all);
            });
        }
        Ok(entered)
    }
}

/// The row of a certificate, or why it gets none.
fn row(hierarchy: Hierarchy, authority: &CertificateDer<'_>, mut foreign: Foreign) -> Result<Row, String> {
    let (_, issuer) = X509Certificate::from_der(authority).map_err(|_| "its authority is not readable".to_owned())?;
    if !foreign.serial.is_empty()
        && !foreign
            .chain
            .first()
            .is_none_or(|leaf| has_serial(leaf, &foreign.serial))
    {
        // Which one was revoked is for the index to say.
        match foreign.revoked.is_some() {
            true => foreign.chain.clear(),
            false => return Err("the certificate that lies there has another number than the index says".to_owned()),
        }
    }
    let Some(leaf) = foreign.chain.first() else {
        if foreign.serial.iter().all(|byte| *byte == 0) {
            return Err("it has no serial number".to_owned());
        }
        let id = CertificateId::new(issuer.subject().as_raw(), &foreign.serial);
        return match foreign.revoked {
            // Of a revoked one nothing more has to be known.
            Some(revoked) => Ok(Row {
                hierarchy,
                name: foreign.name,
                serial: id.serial_hex(),
                issuer: id.issuer_hex(),
                thumbprint: String::new(),
                usage: hierarchy.usual(),
                role: None,
                not_before: Timestamp::UNIX_EPOCH,
                not_after: foreign.not_after,
                revoked: Some(revoked),
                foreign: true,
            }),
            None => Err(format!(
                "the certificate of number {} itself is not there, so what it is for is not known; whoever has it is let in all the same",
                id.serial_hex()
            )),
        };
    };
    let unreadable = |_| "it is not readable".to_owned();
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(unreadable)?;
    let moment = |seconds| Timestamp::from_second(seconds).map_err(|_| "its dates are no dates".to_owned());
    let not_before = moment(parsed.validity().not_before.timestamp())?;
    is_issued_by(&foreign.chain, authority, not_before)?;
    let id = CertificateId::of(&parsed);
    Ok(Row {
        hierarchy,
        name: foreign.name,
        serial: id.serial_hex(),
        issuer: id.issuer_hex(),
        thumbprint: HEXLOWER.encode(&sha256(leaf)),
        usage: usage(&parsed, hierarchy),
        role: role(&parsed),
        not_before,
        not_after: moment(parsed.validity().not_after.timestamp())?,
        revoked: foreign.revoked,
        foreign: true,
    })
}

fn has_serial(certificate: &CertificateDer<'_>, serial: &[u8]) -> bool {
    let parsed = X509Certificate::from_der(certificate);
    parsed.is_ok_and(|(_, parsed)| CertificateId::new(&[], parsed.raw_serial()) == CertificateId::new(&[], serial))
}

/// Whether a path leads from the first certificate to its authority, at the moment from which on it is good.
fn is_issued_by(chain: &[CertificateDer<'_>], authority: &CertificateDer<'_>, at: Timestamp) -> Result<(), String> {
    let words = |error: webpki::Error| match error {
        webpki::Error::UnknownIssuer | webpki::Error::InvalidSignatureForPublicKey => {
            "the authority did not issue it".to_owned()
        }
        other => format!("nobody is let in with it: {other}"),
    };
    let leaf = EndEntityCert::try_from(&chain[0]).map_err(words)?;
    let anchors = [anchor_from_trusted_cert(authority).map_err(words)?];
    let seconds = u64::try_from(at.as_second()).unwrap_or(0);
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let path = |usage| {
        let verified = leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &chain[1..], time, usage, None, None);
        verified.map(drop)
    };
    match path(KeyUsage::client_auth()) {
        Err(webpki::Error::RequiredEkuNotFoundContext(_)) => path(KeyUsage::server_auth()),
        result => result,
    }
    .map_err(words)
}

fn usage(certificate: &X509Certificate<'_>, hierarchy: Hierarchy) -> Usage {
    let Ok(Some(purposes)) = certificate.extended_key_usage() else {
        return hierarchy.usual();
    };
    match (purposes.value.server_auth, purposes.value.client_auth) {
        (true, true) => Usage::Both,
        (true, false) => Usage::Server,
        (false, true) => Usage::Client,
        (false, false) => hierarchy.usual(),
    }
}

/// The role that its OU gives at the mediator (EMOP §11).
fn role(certificate: &X509Certificate<'_>) -> Option<Role> {
    let unit = certificate.subject().iter_organizational_unit().next()?;
    unit.as_str().ok()?.parse().ok()
}
