//! An authority of another system once more, signed by our own root: who believes only that finds a path to it
//! (MOVE §3).

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, Certificate, CustomExtension, DistinguishedName, DnType, DnValue, IsCa, Issuer, KeyIdMethod,
    PublicKeyData, SigningKey,
};
use rustls::pki_types::CertificateDer;
use x509_parser::asn1_rs::Tag;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

use super::Hierarchy;
use super::profile::{ISSUER_LIFE, ca, date};

/// The authority's name and key, signed by `root`; `None` when its name cannot be written again byte for byte, or the
/// library does not sign for it.
pub(super) fn cross(
    hierarchy: Hierarchy,
    certificate: &CertificateDer<'_>,
    key: &impl PublicKeyData,
    root: &Issuer<'_, impl SigningKey>,
    now: Timestamp,
) -> Option<Certificate> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let mut params = ca("", now, ISSUER_LIFE);
    params.distinguished_name = name(&parsed)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.extended_key_usages = hierarchy.issuer_purposes();
    params.use_authority_key_identifier_extension = true;
    let ends = Timestamp::from_second(parsed.validity().not_after.timestamp()).ok()?;
    params.not_after = params.not_after.min(date(ends));
    let identifier = parsed.extensions().iter().find_map(|one| match one.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
        _ => None,
    });
    params.custom_extensions = Vec::<CustomExtension>::new();
    if let Some(identifier) = identifier {
        params.key_identifier_method = KeyIdMethod::PreSpecified(identifier);
    }
    let signed = params.signed_by(key, root).ok()?;
    let (_, made) = X509Certificate::from_der(signed.der()).ok()?;
    (made.subject().as_raw() == parsed.subject().as_raw()).then_some(signed)
}

/// The subject as the library writes names: kinds of text are kept, and a kind of field that stands twice is not.
fn name(certificate: &X509Certificate<'_>) -> Option<DistinguishedName> {
    let mut name = DistinguishedName::new();
    for attribute in certificate.subject().iter_attributes() {
        let oid: Vec<u64> = attribute.attr_type().iter()?.collect();
        let text = std::str::from_utf8(attribute.attr_value().data).ok()?.to_owned();
        let value = match attribute.attr_value().tag() {
            Tag::Utf8String => DnValue::Utf8String(text),
            Tag::PrintableString => DnValue::PrintableString(text.try_into().ok()?),
            Tag::Ia5String => DnValue::Ia5String(text.try_into().ok()?),
            _ => return None,
        };
        name.push(DnType::from_oid(&oid), value);
    }
    Some(name)
}
