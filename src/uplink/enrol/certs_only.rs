//! Certificates as an EST server answers with them: CMS "certs-only" (RFC 5652 §5.1, RFC 7030 §4.2.3) in DER or in
//! base64, or PEM, which some platforms send instead. Pure.

use data_encoding::{BASE64, Specification};
use rustls::pki_types::CertificateDer;
use x509_parser::asn1_rs::{Any, FromDer, Tag, oid};

use crate::pki::pem;

/// The answer holds no certificates that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertsOnlyError {
    /// Neither PEM nor base64 nor DER.
    #[error("the answer is neither PEM nor PKCS#7 in base64 or DER")]
    Form,
    /// CMS, but not of the kind that carries certificates.
    #[error("the answer is no PKCS#7 message with certificates")]
    Kind,
    /// It is of the kind, and holds none.
    #[error("the answer holds no certificate")]
    None,
}

/// The certificates in the body of an answer, in its order.
pub fn certificates(body: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertsOnlyError> {
    if body.windows(11).any(|window| window == b"-----BEGIN ") {
        return pem::certificates(body).map_err(|_| CertsOnlyError::None);
    }
    // A SEQUENCE begins with 0x30, which is the `0` of no base64 of DER: that begins with M.
    match body.first() {
        Some(0x30) => signed_data(body),
        _ => signed_data(&base64(body)?),
    }
}

fn base64(body: &[u8]) -> Result<Vec<u8>, CertsOnlyError> {
    let mut specification: Specification = BASE64.specification();
    specification.ignore.push_str(" \t\r\n");
    let lines = specification.encoding().expect("base64 that passes white space over");
    lines.decode(body).map_err(|_| CertsOnlyError::Form)
}

/// `ContentInfo { signedData, [0] SignedData { version, digests, content, [0] certificates, … } }`
fn signed_data(der: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertsOnlyError> {
    let content = element(der, |tag| tag == Tag::Sequence)?.1;
    let (rest, kind) = element(content, |tag| tag == Tag::Oid)?;
    if kind != oid!(1.2.840.113549.1.7.2).as_bytes() {
        return Err(CertsOnlyError::Kind);
    }
    let explicit = element(rest, |tag| tag == Tag(0))?.1;
    let mut rest = element(explicit, |tag| tag == Tag::Sequence)?.1;
    for expected in [Tag::Integer, Tag::Set, Tag::Sequence] {
        rest = element(rest, |tag| tag == expected)?.0;
    }
    if rest.is_empty() {
        return Err(CertsOnlyError::None);
    }
    let mut set = element(rest, |tag| tag == Tag(0)).map_err(|_| CertsOnlyError::None)?.1;
    let mut found = Vec::new();
    while !set.is_empty() {
        let (after, _) = element(set, |tag| tag == Tag::Sequence)?;
        found.push(CertificateDer::from(set[..set.len() - after.len()].to_vec()));
        set = after;
    }
    match found.is_empty() {
        true => Err(CertsOnlyError::None),
        false => Ok(found),
    }
}

/// What follows the first element, and what is in it.
fn element(der: &[u8], wanted: impl Fn(Tag) -> bool) -> Result<(&[u8], &[u8]), CertsOnlyError> {
    let (rest, any) = Any::from_der(der).map_err(|_| CertsOnlyError::Kind)?;
    if !wanted(any.tag()) {
        return Err(CertsOnlyError::Kind);
    }
    Ok((rest, any.data))
}
