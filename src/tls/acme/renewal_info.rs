//! When a server wants a certificate to be renewed (ACME Renewal Information, RFC 9773). Pure.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

/// Between two questions lies so long at least, and at most (§4.3.1).
const PAUSES: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(86_400));
/// When a server does not say when to ask again, or answers with nothing of use (§4.3.2).
const USUAL: Duration = Duration::from_secs(6 * 3_600);

/// From when until when a certificate should be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

/// What a server says (§4.2).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RenewalInfo {
    pub(super) suggested_window: Window,
    /// A page for people that says why.
    #[serde(rename = "explanationURL")]
    pub(super) explanation_url: Option<String>,
}

/// What is known of what a server wants for one certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Advice {
    /// For which certificate.
    pub(super) certificate: String,
    /// What it said, and the moment in it that was drawn; `None`: nothing yet, or it says nothing of the kind.
    pub(super) renewal: Option<(Window, Timestamp)>,
    /// When it is asked again.
    pub(super) ask_at: Timestamp,
    /// Questions without an answer since the last one.
    pub(super) failures: u32,
}

impl RenewalInfo {
    /// Reads an answer; `None`: it is none, or its window ends before it begins.
    pub(super) fn read(body: &[u8]) -> Option<RenewalInfo> {
        let info: RenewalInfo = serde_json::from_slice(body).ok()?;
        (info.suggested_window.start < info.suggested_window.end).then_some(info)
    }
}

impl Window {
    /// A moment in it, by `chance` from 0 to 1, so that not all come at once (§4.2).
    pub(super) fn moment(&self, chance: f64) -> Timestamp {
        let length = self.end.duration_since(self.start).as_secs_f64();
        let into = SignedDuration::try_from_secs_f64(length * chance.clamp(0.0, 1.0)).unwrap_or_default();
        self.start.saturating_add(into).unwrap_or(self.start)
    }
}

/// How long to wait before the next question.
pub(super) fn pause(wanted: Option<Duration>) -> Duration {
    wanted.unwrap_or(USUAL).clamp(PAUSES.0, PAUSES.1)
}

/// How long to wait after so many questions without an answer.
pub(super) fn pause_after(failures: u32) -> Duration {
    PAUSES.0.saturating_mul(1 << failures.min(10)).min(USUAL)
}

/// What a certificate (DER) is called there (§4.1): its issuer's key and its own number. `None`: it does not say who
/// issued it.
pub(super) fn certificate_id(certificate: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let issuer = certificate
        .extensions()
        .iter()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(issuer) => issuer.key_identifier.as_ref(),
            _ => None,
        })?;
    let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    Some(format!("{}.{}", encode(issuer.0), encode(certificate.raw_serial())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The certificate of RFC 9773, Appendix A.
    const EXAMPLE: &str = "MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFtcGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDASBgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFfqzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4ByNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK";

    #[test]
    fn a_certificate_is_called_as_the_rfc_has_it() {
        let der = data_encoding::BASE64.decode(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(
            certificate_id(&der).as_deref(),
            Some("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE")
        );
        assert_eq!(certificate_id(b"none"), None);
    }

    #[test]
    fn an_answer_is_read_as_the_rfc_writes_it_and_a_moment_lies_in_its_window() {
        let text = br#"{"suggestedWindow":{"start":"2025-01-02T04:00:00Z","end":"2025-01-03T04:00:00Z"},
            "explanationURL":"https://acme.example.com/docs/ari"}"#;
        let info = RenewalInfo::read(text).unwrap();
        assert_eq!(
            info.explanation_url.as_deref(),
            Some("https://acme.example.com/docs/ari")
        );
        let window = info.suggested_window;
        assert_eq!((window.moment(0.0), window.moment(1.0)), (window.start, window.end));
        assert_eq!(window.moment(0.5), "2025-01-02T16:00:00Z".parse().unwrap());
        for wrong in [
            &b"{}"[..],
            b"",
            br#"{"suggestedWindow":{"start":"2025-01-03T04:00:00Z","end":"2025-01-02T04:00:00Z"}}"#,
            br#"{"suggestedWindow":{"start":"now","end":"then"}}"#,
        ] {
            assert_eq!(RenewalInfo::read(wrong), None);
        }
    }

    #[test]
    fn nobody_is_asked_all_the_time_nor_forgotten() {
        let seconds = |wanted: Option<u64>| pause(wanted.map(Duration::from_secs)).as_secs();
        assert_eq!(
            [None, Some(0), Some(3_600), Some(9_999_999)].map(seconds),
            [21_600, 60, 3_600, 86_400]
        );
        let pauses: Vec<u64> = (0..12).map(|failures| pause_after(failures).as_secs()).collect();
        assert!(
            pauses.is_sorted() && pauses[0] == 60 && pauses[11] == 21_600,
            "{pauses:?}"
        );
    }

    proptest::proptest! {
        #[test]
        fn a_moment_never_leaves_its_window(start in 0_i64..4_000_000_000, length in 1_i64..400_000_000, chance in -1.0..2.0) {
            let at = |second| Timestamp::from_second(second).unwrap();
            let window = Window { start: at(start), end: at(start + length) };
            let moment = window.moment(chance);
            proptest::prop_assert!(window.start <= moment && moment <= window.end);
        }

        #[test]
        fn any_bytes_are_an_answer_or_none(bytes: Vec<u8>) {
            let _ = (RenewalInfo::read(&bytes), certificate_id(&bytes));
        }
    }
}
