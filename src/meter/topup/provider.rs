//! `[[meters.provider]]` and `POST /v1/topups/{provider}`: a company that sells codes hands them over itself, signed as
//! <https://www.standardwebhooks.com> has it (EMOP §21.6).

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::units::Span;
use crate::domain::{Faults, MeterId};
use crate::http::signature::{SecretFileError, read_secrets};
use crate::meter::arguments;
use crate::meter::emop::{Money, Token};

/// The longest that a call may be old, and ahead.
const LONGEST_WINDOW: Span = Span::seconds(3_600);
/// The longest name of a message.
const LONGEST_ID: usize = 200;

/// One `[[meters.provider]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its name in the address that it calls.
    pub name: String,
    /// A file with the secrets that its calls are signed by, one a line, the newest first.
    pub secret_file: PathBuf,
    /// How old a call may be, and how far ahead of the box's clock.
    #[serde(default = "five_minutes")]
    pub window: Span,
}

fn five_minutes() -> Span {
    Span::seconds(300)
}

/// What the entries cannot say each for itself.
pub(in crate::meter) fn faults(providers: &[Provider]) -> Faults {
    let mut faults = Faults::default();
    for (place, provider) in providers.iter().enumerate() {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let key = |name: &str| format!("{place}.{name}");
        if !(1..=40).contains(&provider.name.len()) || !provider.name.chars().all(plain) {
            let what = format!("is {:?}", provider.name);
            faults.add(key("name"), what, "1 to 40 small letters, digits and hyphens");
        }
        if providers[..place].iter().any(|other| other.name == provider.name) {
            faults.add(
                key("name"),
                format!("{:?} is there twice", provider.name),
                "a name of its own",
            );
        }
        if provider.window > LONGEST_WINDOW || provider.window < Span::seconds(1) {
            let what = format!("is {}", provider.window);
            faults.add(key("window"), what, "\"1s\" to \"1h\", such as \"5m\"");
        }
    }
    faults
}

/// What a provider sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The meter's serial.
    pub meter: MeterId,
    /// The code.
    pub token: Token,
    /// What it is worth, in pounds.
    #[serde(default, deserialize_with = "pounds")]
    pub amount: Option<Money>,
}

/// The most that one code may be worth.
const MOST: Money = Money(1_000_000_000);

/// Pounds as a decimal text, more than nothing and at most [`MOST`]: a binary fraction is no money.
fn pounds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Money>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let Some(text) = text else { return Ok(None) };
    let amount = arguments::held_amount(&text).map_err(serde::de::Error::custom)?;
    if amount <= Money(0) || amount > MOST {
        return Err(serde::de::Error::custom(
            "amount must be above 0 and at most 10000 pounds",
        ));
    }
    Ok(Some(amount))
}

/// A call whose sender is not who it should be, or that is not what this takes. Whether there is such a provider is not
/// said.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The signature is not the provider's, or there is no such provider.
    #[error("the signature is not right for this address")]
    Signature,
    /// It is too old, or ahead of its time.
    #[error("webhook-timestamp is further than {0} from the time here")]
    Window(Span),
    /// The headers are not what is wanted.
    #[error("webhook-id, webhook-timestamp and webhook-signature are needed, the id with at most 200 characters")]
    Headers,
    /// Our own file of secrets cannot be used.
    #[error(transparent)]
    Secrets(#[from] SecretFileError),
}

/// The headers of a call.
pub struct Signed<'a> {
    pub id: &'a str,
    pub seconds: &'a str,
    pub signature: &'a str,
}

impl Provider {
    /// Whether a call with this body is this provider's, now.
    ///
    /// # Errors
    ///
    /// When it is not, or the secrets cannot be read.
    pub fn check(&self, signed: &Signed<'_>, body: &[u8], now: Timestamp) -> Result<(), ProviderError> {
        if signed.id.is_empty() || signed.id.len() > LONGEST_ID {
            return Err(ProviderError::Headers);
        }
        let secrets = read_secrets(&self.secret_file)?;
        if !secrets.signed(signed.id, signed.seconds, body, signed.signature) {
            return Err(ProviderError::Signature);
        }
        let seconds: i64 = signed.seconds.parse().map_err(|_| ProviderError::Headers)?;
        let apart = now.as_second().abs_diff(seconds);
        if apart > self.window.0.as_secs() {
            return Err(ProviderError::Window(self.window));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_meter_a_code_and_pounds_as_text() {
        let read = |text: &str| serde_json::from_str::<Message>(text);
        let whole = read(r#"{"meter": "EML1", "token": "7146-6394-6215-8916-1020", "amount": "20.00"}"#).unwrap();
        assert_eq!(whole.amount, Some(Money(2_000_000)));
        for wrong in [
            r#"{"meter": "EML1", "token": 71466394621589161020}"#,
            r#"{"meter": "EML1", "token": "71466394621589161020", "amount": 20.1}"#,
            r#"{"meter": "EML1", "token": "71466394621589161020", "amounts": "20"}"#,
            r#"{"meter": "EML1", "token": "71466394621589161020", "amount": "-5.00"}"#,
            r#"{"meter": "EML1", "token": "71466394621589161020", "amount": "0"}"#,
            r#"{"meter": "EML1", "token": "71466394621589161020", "amount": "20.000001"}"#,
            r#"{"meter": "EML1", "token": "71466394621589161020", "amount": "7146639462158.9161020"}"#,
            r#"{"meter": "EML1", "token": "71466394621589161020", "amount": "10000.01"}"#,
            r#"{"meter": "E M", "token": "71466394621589161020"}"#,
        ] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(!error.contains("7146639462158916"), "{error}");
        }
    }

    #[test]
    fn entries_have_names_of_their_own_and_windows_that_make_sense() {
        let entry = |name: &str, seconds| Provider {
            name: name.to_owned(),
            secret_file: "/s".into(),
            window: Span::seconds(seconds),
        };
        assert!(faults(&[entry("paypoint", 300), entry("b-2", 1)]).is_empty());
        for wrong in [
            vec![entry("", 300)],
            vec![entry("Pay/Point", 300)],
            vec![entry("a", 300), entry("a", 300)],
            vec![entry("a", 0)],
            vec![entry("a", 3_601)],
        ] {
            assert!(!faults(&wrong).is_empty(), "{wrong:?}");
        }
    }
}
