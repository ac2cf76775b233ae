//! A fresh key pair for signatures that are no certificates'.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use zeroize::Zeroizing;

/// A key pair on P-256.
pub struct FreshKey {
    /// PKCS#8, PEM.
    pub pem: Zeroizing<String>,
    /// The public point's coordinates, base64url (RFC 7518 §6.2.1).
    pub x: String,
    pub y: String,
}

impl FreshKey {
    /// Makes one.
    #[must_use]
    pub fn p256() -> FreshKey {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("the system makes keys of this curve");
        let der = Zeroizing::new(pair.serialize_der());
        let point = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der);
        let point = point.expect("it was made as one").public_key().as_ref().to_vec();
        // An uncompressed point: 4, then both coordinates (SEC 1 §2.3.3).
        FreshKey {
            pem: Zeroizing::new(pair.serialize_pem()),
            x: BASE64URL_NOPAD.encode(&point[1..33]),
            y: BASE64URL_NOPAD.encode(&point[33..65]),
        }
    }
}
