//! Certificates that somebody else signs: a fresh key, and the request for it (RFC 2986).

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};
use zeroize::Zeroizing;

/// A fresh key of P-256, and what an authority is sent to certify it.
pub struct SigningRequest {
    /// The key, PKCS#8 in PEM.
    pub key: Zeroizing<String>,
    /// The request, DER.
    pub der: Vec<u8>,
    /// The public key (SubjectPublicKeyInfo), DER: a certificate for another one is not ours.
    pub public_key: Vec<u8>,
}

/// No request could be made.
#[derive(Debug, thiserror::Error)]
#[error("no request for a certificate could be made: {0}")]
pub struct SigningRequestError(#[from] rcgen::Error);

impl SigningRequest {
    /// Makes a key and a request for these DNS names, which stand in the subject's alternative names alone.
    pub fn for_hosts(names: &[String]) -> Result<SigningRequest, SigningRequestError> {
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = DistinguishedName::new();
        SigningRequest::of(&params)
    }

    /// Makes a key and a request in which the subject is `CN=name` and nothing else.
    pub fn new(name: &str) -> Result<SigningRequest, SigningRequestError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        SigningRequest::of(&params)
    }

    fn of(params: &CertificateParams) -> Result<SigningRequest, SigningRequestError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let request = params.serialize_request(&key)?;
        Ok(SigningRequest {
            der: request.der().to_vec(),
            public_key: key.subject_public_key_info(),
            key: Zeroizing::new(key.serialize_pem()),
        })
    }
}
