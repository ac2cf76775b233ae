//! What certificates of a data-sharing scheme's directory say beside a name: which application it is, whose it is, and
//! which roles it has (IB1 certificate profile; PER §1.1). Pure.

use serde::Serialize;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::extension::Extension;

/// The application's roles: SEQUENCE OF UTF8String.
const ROLES: [u64; 9] = [1, 3, 6, 1, 4, 1, 62_329, 1, 1];
/// The member that the application belongs to: UTF8String.
const MEMBER: [u64; 9] = [1, 3, 6, 1, 4, 1, 62_329, 1, 3];

/// DER tags (X.690 §8).
const SEQUENCE: u8 = 0x30;
const UTF8: u8 = 0x0C;

/// An application, as its certificate names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Application {
    /// Its URL: the certificate's one URI.
    pub url: String,
    /// The URL of its member.
    pub member: String,
    /// The URLs of its roles.
    pub roles: Vec<String>,
}

/// A certificate names no application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplicationError {
    /// It cannot be read.
    #[error("the certificate cannot be read")]
    Unreadable,
    /// Not exactly one URI, or something beside it.
    #[error("the certificate's alternative names are not exactly one URI")]
    NotOneUri,
    /// A URI that no application has.
    #[error("the application URL is not https, or has user information or a fragment")]
    Url,
    /// No roles, or not as they should be.
    #[error("the roles extension is missing or unreadable")]
    Roles,
    /// No member, or not as it should be.
    #[error("the member extension is missing or unreadable")]
    Member,
}

impl Application {
    /// Reads a certificate (DER).
    ///
    /// # Errors
    ///
    /// For each rule that it breaks, in this order: names, URL, roles, member.
    pub fn of(certificate: &[u8]) -> Result<Application, ApplicationError> {
        let (_, certificate) = X509Certificate::from_der(certificate).map_err(|_| ApplicationError::Unreadable)?;
        let names = certificate
            .subject_alternative_name()
            .map_err(|_| ApplicationError::NotOneUri)?
            .ok_or(ApplicationError::NotOneUri)?;
        let [GeneralName::URI(url)] = names.value.general_names[..] else {
            return Err(ApplicationError::NotOneUri);
        };
        if !is_application_url(url) {
            return Err(ApplicationError::Url);
        }
        let extension = |oid: &[u64]| {
            let mut found = certificate.extensions().iter().filter(|extension| {
                extension
                    .oid
                    .iter()
                    .is_some_and(|numbers| numbers.eq(oid.iter().copied()))
            });
            let one = found.next().filter(|extension| !extension.critical)?;
            found.next().is_none().then_some(one.value)
        };
        let roles = extension(&ROLES).and_then(texts).ok_or(ApplicationError::Roles)?;
        let member = extension(&MEMBER).and_then(text).ok_or(ApplicationError::Member)?;
        Ok(Application {
            url: url.to_owned(),
            member,
            roles,
        })
    }

    /// What makes a certificate that of this application, beside the URI.
    pub(super) fn extensions(&self) -> Vec<Extension> {
        let roles: Vec<u8> = self
            .roles
            .iter()
            .flat_map(|role| encoded(UTF8, role.as_bytes()))
            .collect();
        vec![
            Extension {
                oid: ROLES.to_vec(),
                der: encoded(SEQUENCE, &roles),
            },
            Extension {
                oid: MEMBER.to_vec(),
                der: encoded(UTF8, self.member.as_bytes()),
            },
        ]
    }
}

/// Whether a text can be the URL of an application, a member or a role.
#[must_use]
pub fn is_application_url(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else {
        return false;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte);
    !authority.is_empty() && !authority.contains('@') && url.len() <= 512 && url.bytes().all(plain)
}

/// The texts of a SEQUENCE OF UTF8String of at least one.
fn texts(der: &[u8]) -> Option<Vec<String>> {
    let (mut inside, after) = decoded(SEQUENCE, der)?;
    let mut texts = Vec::new();
    while !inside.is_empty() {
        let (value, rest) = decoded(UTF8, inside)?;
        texts.push(std::str::from_utf8(value).ok()?.to_owned());
        inside = rest;
    }
    (after.is_empty() && !texts.is_empty()).then_some(texts)
}

/// The text of a UTF8String.
fn text(der: &[u8]) -> Option<String> {
    let (value, after) = decoded(UTF8, der)?;
    let text = std::str::from_utf8(value).ok()?;
    (after.is_empty() && !text.is_empty()).then(|| text.to_owned())
}

/// The value of the first element, which has this tag, and what follows it. Lengths are written as DER writes them, in
/// the fewest bytes (X.690 §10.1).
fn decoded(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[first, length], rest) = der.split_first_chunk()?;
    let (length, rest) = match length {
        0..=0x7F => (usize::from(length), rest),
        0x81 => {
            let (&[length], rest) = rest.split_first_chunk()?;
            (length >= 0x80).then_some((usize::from(length), rest))?
        }
        0x82 => {
            let (length, rest) = rest.split_first_chunk()?;
            let length = usize::from(u16::from_be_bytes(*length));
            (length > 0xFF).then_some((length, rest))?
        }
        _ => return None,
    };
    (first == tag).then_some(())?;
    rest.split_at_checked(length)
}

fn encoded(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len();
    let mut der = vec![tag];
    match u8::try_from(length) {
        Ok(short @ 0..=0x7F) => der.push(short),
        Ok(byte) => der.extend([0x81, byte]),
        Err(_) => {
            let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
            der.extend([0x82, high, low]);
        }
    }
    der.extend_from_slice(value);
    der
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(member: &str, roles: &[String]) -> Vec<Extension> {
        let application = Application {
            url: String::new(),
            member: member.to_owned(),
            roles: roles.to_vec(),
        };
        application.extensions()
    }

    #[test]
    fn lengths_are_those_of_the_profile_and_long_ones_are_read() {
        let role =
            "https://registry.core.sandbox.trust.ib1.org/scheme/perseus/role/carbon-accounting-provider".to_owned();
        assert_eq!(role.len(), 90);
        let extensions = of("https://m.example/member/1", std::slice::from_ref(&role));
        assert_eq!(extensions[0].der[..4], [0x30, 0x5C, 0x0C, 0x5A]);
        let three = vec![role.clone(), "https://r.example/other".to_owned(), role.clone()];
        let extensions = of("https://m.example/member/1", &three);
        assert_eq!(extensions[0].der[..2], [0x30, 0x81]);
        assert_eq!(texts(&extensions[0].der), Some(three));
        assert_eq!(text(&extensions[1].der).as_deref(), Some("https://m.example/member/1"));
        let many = vec![role; 9];
        assert_eq!(texts(&of("m", &many)[0].der), Some(many));
    }

    #[test]
    fn what_is_not_written_as_der_writes_it_is_not_read() {
        for wrong in [
            &[][..],
            &[0x30],
            &[0x30, 0x00],
            &[0x30, 0x03, 0x0C, 0x01, b'a', 0x00],
            &[0x30, 0x04, 0x0C, 0x01, b'a'],
            &[0x30, 0x81, 0x03, 0x0C, 0x01, b'a'],
            &[0x30, 0x80, 0x0C, 0x01, b'a', 0, 0],
            &[0x30, 0x03, 0x16, 0x01, b'a'],
            &[0x30, 0x03, 0x0C, 0x01, 0xFF],
            &[0x31, 0x03, 0x0C, 0x01, b'a'],
        ] {
            assert_eq!(texts(wrong), None, "{wrong:?}");
        }
        assert_eq!(texts(&[0x30, 0x03, 0x0C, 0x01, b'a']), Some(vec!["a".to_owned()]));
        for wrong in [&[0x0C, 0x00][..], &[0x0C, 0x01, b'a', 0], &[0x0C, 0x02, b'a']] {
            assert_eq!(text(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_application_has_a_url_of_its_own() {
        for right in ["https://directory.example/a/x1", "https://d.example"] {
            assert!(is_application_url(right), "{right}");
        }
        for wrong in [
            "",
            "http://d.example/a",
            "https://",
            "https://u@d.example/a",
            "https://d.example/a#b",
            "https://d.example/a b",
            "HTTPS://d.example/a",
        ] {
            assert!(!is_application_url(wrong), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(der in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(read) = texts(&der) {
                let inside: Vec<u8> = read.iter().flat_map(|text| encoded(UTF8, text.as_bytes())).collect();
                prop_assert_eq!(encoded(SEQUENCE, &inside), der);
            }
        }

        #[test]
        fn what_is_written_is_read_again(roles in proptest::collection::vec("\\PC{0,200}", 1..6)) {
            prop_assert_eq!(texts(&of("m", &roles)[0].der), Some(roles));
        }
    }
}
