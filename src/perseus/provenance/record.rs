//! A record, as it is written and signed (PER §7.1).

use std::collections::BTreeMap;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use data_encoding::BASE64URL;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::steps::Steps;
use super::text::{VERSION, to_sign};
use crate::pki::{self, LeafFacts};

/// A signed record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The URL of the trust framework.
    #[serde(rename = "ib1:provenance")]
    pub framework: String,
    /// The ids of the origin steps.
    pub origins: Vec<String>,
    /// Encoded steps and lists of others, and at the end what signs them.
    pub steps: Vec<Value>,
    /// By decimal serial: a leaf as PEM with the serials of its issuers, and each issuer as PEM.
    #[serde(default)]
    pub certificates: BTreeMap<String, Vec<String>>,
}

/// A key and the certificates that go with it.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    serial: String,
    certificates: BTreeMap<String, Vec<String>>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("serial", &self.serial)
            .finish_non_exhaustive()
    }
}

/// A key that cannot sign records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// It is on another curve, or on none.
    #[error("the key of the signing certificate is not on P-256")]
    Key,
    /// There is no certificate, or one cannot be read.
    #[error("the signing certificate cannot be read")]
    Certificate,
    /// It did not sign.
    #[error("the signing key does not sign")]
    Sign,
}

impl SigningKey {
    /// Of a chain, leaf first and without the root, and the leaf's key (PKCS#8 or SEC 1, DER).
    ///
    /// # Errors
    ///
    /// When it cannot sign.
    pub fn new(chain: &[CertificateDer<'_>], key: &[u8]) -> Result<SigningKey, SigningKeyError> {
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, key);
        let pair = pair.map_err(|_| SigningKeyError::Key)?;
        let serials: Option<Vec<String>> = chain
            .iter()
            .map(|one| LeafFacts::of(one).map(|facts| facts.serial))
            .collect();
        let serials = serials
            .filter(|serials| !serials.is_empty())
            .ok_or(SigningKeyError::Certificate)?;
        let mut certificates = BTreeMap::new();
        for (place, (serial, der)) in serials.iter().zip(chain).enumerate() {
            let mut entry = vec![pki::pem::encoded(der)];
            if place == 0 {
                entry.extend(serials[1..].iter().cloned());
            }
            certificates.insert(serial.clone(), entry);
        }
        Ok(SigningKey {
            pair,
            serial: serials[0].clone(),
            certificates,
        })
    }

    /// The certificates as records have them.
    #[must_use]
    pub fn certificates(&self) -> &BTreeMap<String, Vec<String>> {
        &self.certificates
    }

    /// A signature (ECDSA with SHA-256, DER).
    ///
    /// # Errors
    ///
    /// When the key does not sign.
    pub fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        let signature = self.pair.sign(&SystemRandom::new(), message);
        Ok(signature.map_err(|_| SigningKeyError::Sign)?.as_ref().to_vec())
    }

    /// The record of these steps, signed at `at`.
    ///
    /// # Errors
    ///
    /// When the key does not sign.
    pub fn sign(&self, framework: &str, steps: &Steps, at: Timestamp) -> Result<Record, SigningKeyError> {
        let mut list: Vec<Value> = steps.encoded().into_iter().map(Value::String).collect();
        let time = format!("{at:.0}");
        let text = to_sign(framework, &list, ["0", &self.serial, &time]);
        let signature = self
            .pair
            .sign(&SystemRandom::new(), text.as_bytes())
            .map_err(|_| SigningKeyError::Sign)?;
        list.push(json!([
            VERSION,
            self.serial,
            time,
            BASE64URL.encode(signature.as_ref())
        ]));
        Ok(Record {
            framework: framework.to_owned(),
            origins: vec![steps.origin.clone()],
            steps: list,
            certificates: self.certificates.clone(),
        })
    }
}
