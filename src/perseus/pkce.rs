//! Proof that whoever redeems a code is who asked for it (RFC 7636), by S256 alone. Pure.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use data_encoding::BASE64URL_NOPAD;

use crate::pki::sha256;

/// A challenge as it was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// Reads what S256 makes: 43 characters of base64url (RFC 7636 §4.2).
    #[must_use]
    pub fn read(text: &str) -> Option<Challenge> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Challenge)
    }

    /// As it was pushed.
    #[must_use]
    pub fn text(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// Whether a verifier is one (RFC 7636 §4.1) and fits.
    #[must_use]
    pub fn fits(&self, verifier: &str) -> bool {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
        formed && verify_slices_are_equal(&sha256(verifier.as_bytes()), &self.0).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    #[test]
    fn the_example_of_the_standard_fits_and_nothing_near_it_does() {
        let (verifier, challenge) = (
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        );
        let read = Challenge::read(challenge).unwrap();
        assert!(read.fits(verifier));
        assert_eq!(read.text(), challenge);
        for wrong in [
            "",
            "dBjftJeZ4CVP",
            &verifier[1..],
            &format!("{verifier}a"),
            challenge,
            &"é".repeat(43),
        ] {
            assert!(!read.fits(wrong), "{wrong}");
        }
        for wrong in [
            "",
            verifier.get(1..).unwrap(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
            &"=".repeat(43),
        ] {
            assert_eq!(Challenge::read(wrong), None, "{wrong}");
        }
    }
}
