//! Certificates, revocation lists and keys out of PEM texts (RFC 7468), and in words what a text is that holds none.

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

/// A text does not hold what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is the same in another form.
    #[error("it is DER, where PEM is wanted; `openssl {0} -inform DER -in FILE` writes that")]
    Der(&'static str),
    /// It is a key that opens with a passphrase.
    #[error(
        "the key in it is encrypted, and the box has nobody to ask for the passphrase; `openssl pkey -in FILE -out \
         PLAIN` writes it without one: let only the box's own user read that"
    )]
    Encrypted,
    /// It is PEM of something else.
    #[error("what is in it is: {0}")]
    Other(String),
    /// It is no PEM.
    #[error("there is no line `-----BEGIN …-----` in it")]
    NoPem,
    /// It begins as PEM and is cut or altered.
    #[error("it is damaged, perhaps cut while it was written ({0})")]
    Damaged(String),
}

/// All certificates of a text, one at least.
pub fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    all(text, "x509")
}

/// The first certificate of a text.
pub fn certificate(text: &[u8]) -> Result<CertificateDer<'static>, PemError> {
    CertificateDer::from_pem_slice(plain(text)).map_err(|error| fault(text, &error, "x509"))
}

/// A certificate as a text that ends with a line's end.
#[must_use]
pub fn encoded(certificate: &CertificateDer<'_>) -> String {
    let base64 = data_encoding::BASE64.encode(certificate);
    let lines = base64.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in lines {
        text += &line;
        text.push('\n');
    }
    text + "-----END CERTIFICATE-----\n"
}

/// All revocation lists of a text, one at least.
pub fn lists(text: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, PemError> {
    all(text, "crl")
}

/// The first private key of a text.
pub fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, PemError> {
    PrivateKeyDer::from_pem_slice(plain(text)).map_err(|error| match is_encrypted(text) {
        true => PemError::Encrypted,
        false => fault(text, &error, "pkey"),
    })
}

/// Whether a key that is found in no other way is encrypted: as PKCS #8 has it (RFC 7468 §11), or in the older way, by
/// a header (RFC 1421 §4.6.1.1).
fn is_encrypted(text: &[u8]) -> bool {
    String::from_utf8_lossy(plain(text)).lines().any(|line| {
        let line = line.trim();
        let header = line.strip_prefix("Proc-Type:");
        line == "-----BEGIN ENCRYPTED PRIVATE KEY-----" || header.is_some_and(|kind| kind.ends_with("ENCRYPTED"))
    })
}

/// Everything of a kind in a text, which a program of OpenSSL writes.
fn all<T: PemObject>(text: &[u8], program: &'static str) -> Result<Vec<T>, PemError> {
    let found: Result<Vec<T>, pem::Error> = T::pem_slice_iter(plain(text)).collect();
    match found {
        Ok(found) if found.is_empty() => Err(fault(text, &pem::Error::NoItemsFound, program)),
        Ok(found) => Ok(found),
        Err(error) => Err(fault(text, &error, program)),
    }
}

/// Without the mark that some editors put before a text.
fn plain(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

fn fault(text: &[u8], error: &pem::Error, program: &'static str) -> PemError {
    let text = plain(text);
    if text.iter().all(u8::is_ascii_whitespace) {
        return PemError::Empty;
    }
    // An ASN.1 sequence of two bytes' length or more (X.690 §8.1.3).
    if text.first() == Some(&0x30) && text.get(1).is_some_and(|length| *length >= 0x80) {
        return PemError::Der(program);
    }
    let words = String::from_utf8_lossy(text);
    let labels = words.lines().filter_map(|line| {
        let label = line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----")?;
        Some(label.to_ascii_lowercase())
    });
    let mut labels: Vec<String> = labels.take(8).collect();
    labels.dedup();
    match error {
        pem::Error::NoItemsFound if labels.is_empty() => PemError::NoPem,
        pem::Error::NoItemsFound => PemError::Other(labels.join(", ")),
        error => PemError::Damaged(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_holds_nothing_of_the_kind_says_what_it_is() {
        let pem = |label: &str| format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n");
        for (text, fault) in [
            (" \r\n".to_owned(), PemError::Empty),
            ("hello".to_owned(), PemError::NoPem),
            (pem("PRIVATE KEY"), PemError::Other("private key".to_owned())),
        ] {
            assert_eq!(certificates(text.as_bytes()), Err(fault), "{text}");
        }
        let der = [0x30, 0x82, 0x01, 0x0a, 0x02];
        assert_eq!(certificates(&der), Err(PemError::Der("x509")));
        assert_eq!(lists(&der), Err(PemError::Der("crl")));
        assert_eq!(private_key(&der).unwrap_err(), PemError::Der("pkey"));
        let cut = certificates(&pem("CERTIFICATE").as_bytes()[..40]);
        assert!(matches!(cut, Err(PemError::Damaged(_))), "{cut:?}");
        let wrong = private_key(pem("CERTIFICATE").as_bytes()).unwrap_err();
        assert_eq!(wrong, PemError::Other("certificate".to_owned()));
        let header = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMAA=";
        for encrypted in [
            pem("ENCRYPTED PRIVATE KEY"),
            pem("CERTIFICATE") + &pem("ENCRYPTED PRIVATE KEY").replace('\n', "\r\n"),
            pem("RSA PRIVATE KEY").replace("MAA=", header),
            pem("EC PARAMETERS") + &pem("EC PRIVATE KEY").replace("MAA=", header),
        ] {
            let found = private_key(encrypted.as_bytes());
            assert_eq!(found.unwrap_err(), PemError::Encrypted, "{encrypted}");
        }
        let marked = format!("\u{feff}{}", pem("CERTIFICATE"));
        assert_eq!(certificates(marked.as_bytes()).map(|found| found.len()), Ok(1));
    }
}
