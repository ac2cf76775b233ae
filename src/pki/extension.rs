//! An extension that a certificate holds beside those of every certificate.

/// An extension by its OID and the DER inside its OCTET STRING.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The object identifier's numbers.
    pub oid: Vec<u64>,
    /// The value.
    pub der: Vec<u8>,
}
