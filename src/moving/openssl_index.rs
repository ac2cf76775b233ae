//! The index of an `openssl ca` folder, a line a certificate (openssl-ca(1), `index.txt`; MOVE §3).

use data_encoding::HEXUPPER_PERMISSIVE;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The longest serial number, in bytes (RFC 5280 §4.1.2.2).
const SERIAL: usize = 20;

/// A certificate of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    /// Until when it is good.
    pub not_after: Timestamp,
    /// When it was revoked, and why in the words of OpenSSL.
    pub revoked: Option<(Timestamp, Option<String>)>,
    /// Its serial number, big-endian, without leading zeros.
    pub serial: Vec<u8>,
    /// The number as the index writes it, which names its file.
    pub number: String,
    /// Whose it is: the common name, or else the whole name.
    pub name: String,
}

/// A line of the index is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// Six fields between tabs are wanted.
    #[error("the line has {0} fields between tabs, an index has 6")]
    Fields(usize),
    /// Another first letter.
    #[error("`{0}` is no state of a certificate: V, R or E")]
    State(String),
    /// A moment that is none.
    #[error("`{0}` is no moment, such as 260301120000Z")]
    Moment(String),
    /// A revoked one without a moment, or one with a moment that is not revoked.
    #[error("a certificate with R has the moment of its revocation, and no other has")]
    Revocation,
    /// A number that is none.
    #[error("`{0}` is no serial number: hex digits, two a byte, 20 bytes at most")]
    Serial(String),
}

/// Reads a line; `None` when there is nothing on it.
///
/// # Errors
///
/// When it is no line of an index.
pub fn row(line: &str) -> Result<Option<Indexed>, IndexError> {
    if line.trim().is_empty() {
        return Ok(None);
    }
    let fields: Vec<&str> = line.split('\t').collect();
    let [state, ends, revoked, number, _file, name] = fields[..] else {
        return Err(IndexError::Fields(fields.len()));
    };
    let revoked = match (state, revoked) {
        ("R", "") | ("V" | "E", _) if state == "R" || !revoked.is_empty() => return Err(IndexError::Revocation),
        ("V" | "E", _) => None,
        ("R", text) => {
            let mut parts = text.split(',');
            let at = moment(parts.next().unwrap_or_default())?;
            Some((at, parts.next().map(str::to_owned)))
        }
        (other, _) => return Err(IndexError::State(other.to_owned())),
    };
    let wrong = || IndexError::Serial(number.to_owned());
    let bytes = HEXUPPER_PERMISSIVE.decode(number.as_bytes()).map_err(|_| wrong())?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let serial = bytes[zeros..].to_vec();
    // One zero byte more may stand before a number whose first bit is set.
    if bytes.is_empty() || bytes.len() > SERIAL + 1 || serial.len() > SERIAL {
        return Err(wrong());
    }
    Ok(Some(Indexed {
        not_after: moment(ends)?,
        revoked,
        serial,
        number: number.to_owned(),
        name: common_name(name),
    }))
}

/// As certificates write moments: two digits of a year (RFC 5280 §4.1.2.5.1), or four.
fn moment(text: &str) -> Result<Timestamp, IndexError> {
    let wrong = || IndexError::Moment(text.to_owned());
    let digits = text
        .strip_suffix('Z')
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let digits = digits.ok_or_else(wrong)?;
    let whole = match digits.len() {
        12 if digits < "50" => format!("20{digits}"),
        12 => format!("19{digits}"),
        14 => digits.to_owned(),
        _ => return Err(wrong()),
    };
    let parsed = DateTime::strptime("%Y%m%d%H%M%S", &whole).map_err(|_| wrong())?;
    let parsed = parsed.to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
    Ok(parsed.timestamp())
}

/// The common name of a name written as `/C=GB/O=…/CN=…`.
fn common_name(name: &str) -> String {
    let found = name.rsplit('/').find_map(|part| part.strip_prefix("CN="));
    found.filter(|found| !found.is_empty()).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_as_openssl_writes_them_are_read() {
        let valid = row("V\t360301120000Z\t\t0A1B\tunknown\t/C=GB/O=Cepro/OU=internal/CN=sync")
            .unwrap()
            .unwrap();
        assert_eq!(
            (valid.name.as_str(), &valid.serial[..], valid.revoked),
            ("sync", &[0x0a, 0x1b][..], None)
        );
        assert_eq!(valid.not_after.to_string(), "2036-03-01T12:00:00Z");
        let revoked = row("R\t20510301120000Z\t250102030405Z,keyCompromise\t00FF\tunknown\t/O=Gateway 7")
            .unwrap()
            .unwrap();
        let at = "2025-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(revoked.revoked, Some((at, Some("keyCompromise".to_owned()))));
        assert_eq!(
            (revoked.name.as_str(), &revoked.serial[..]),
            ("/O=Gateway 7", &[0xff][..])
        );
        assert_eq!(row(""), Ok(None));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, fault) in [
            ("V 360301120000Z", "the line has 1 fields between tabs, an index has 6"),
            (
                "X\t360301120000Z\t\t01\tunknown\t/CN=a",
                "`X` is no state of a certificate: V, R or E",
            ),
            (
                "V\t361301120000Z\t\t01\tunknown\t/CN=a",
                "`361301120000Z` is no moment, such as 260301120000Z",
            ),
            (
                "R\t360301120000Z\t\t01\tunknown\t/CN=a",
                "a certificate with R has the moment of its revocation, and no other has",
            ),
            (
                "V\t360301120000Z\t250102030405Z\t01\tunknown\t/CN=a",
                "a certificate with R has the moment of its revocation, and no other has",
            ),
            (
                "V\t360301120000Z\t\t0g\tunknown\t/CN=a",
                "`0g` is no serial number: hex digits, two a byte, 20 bytes at most",
            ),
            (
                "V\t360301120000Z\t\t\tunknown\t/CN=a",
                "`` is no serial number: hex digits, two a byte, 20 bytes at most",
            ),
        ] {
            assert_eq!(row(line).unwrap_err().to_string(), fault, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_a_certificate_or_refused(line in "[VRE]\t[0-9]{11,15}Z?\t([0-9]{12}Z(,[a-z]{0,9})?)?\t[0-9A-Fa-f]{0,44}\tunknown\t\\PC{0,20}|\\PC{0,40}") {
            if let Ok(Some(one)) = row(&line) {
                prop_assert!(one.serial.len() <= SERIAL && one.serial.first() != Some(&0));
            }
        }
    }
}
