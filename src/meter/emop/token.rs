//! A top-up token: twenty digits, good once (EMOP §5.5).

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// Digits of a token.
const DIGITS: usize = 20;

/// Twenty digits. Worth money to whoever reads them: neither `Debug` nor an error shows them.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; DIGITS]);

/// Text that is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Too few or too many digits.
    #[error("a token has 20 digits, this one has {0}; spaces and hyphens between them do not count")]
    Digits(usize),
    /// Something that is no digit, at this place.
    #[error("a token has digits only, with spaces or hyphens between them; look at character {0}")]
    NotADigit(usize),
}

impl Token {
    /// What a payload held, be it a token or not.
    pub(super) fn held(bytes: [u8; DIGITS]) -> Token {
        Token(bytes)
    }

    /// The code that a payload hands over.
    ///
    /// # Errors
    ///
    /// When it is not twenty digits.
    pub fn of_payload(payload: &[u8]) -> Result<Token, TokenError> {
        if let Some(place) = payload.iter().position(|byte| !byte.is_ascii_digit()) {
            return Err(TokenError::NotADigit(place + 1));
        }
        payload
            .try_into()
            .map(Token)
            .map_err(|_| TokenError::Digits(payload.len()))
    }

    /// Whether a free text gives this code away, however it is grouped there.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        runs(text).any(|run| run.windows(DIGITS).any(|part| part == self.0))
    }

    /// Whether a free text holds what may be a code: twenty digits and more in a row, blanks and hyphens not counted.
    #[must_use]
    pub fn may_be_in(text: &str) -> bool {
        runs(text).any(|run| run.len() >= DIGITS)
    }

    /// The digits as the wire has them.
    #[must_use]
    pub fn digits(&self) -> &[u8; DIGITS] {
        &self.0
    }
}

/// The digits that stand together in a text, blanks and hyphens between them left out.
fn runs(text: &str) -> impl Iterator<Item = Vec<u8>> {
    text.split(|c: char| !c.is_ascii_digit() && c != ' ' && c != '-')
        .map(|run| run.bytes().filter(u8::is_ascii_digit).collect())
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Token, TokenError> {
        let mut digits = Vec::with_capacity(DIGITS);
        for (place, character) in text.chars().enumerate() {
            match character {
                ' ' | '-' => {}
                '0'..='9' => digits.push(character as u8),
                _ => return Err(TokenError::NotADigit(place + 1)),
            }
        }
        let count = digits.len();
        digits.try_into().map(Token).map_err(|_| TokenError::Digits(count))
    }
}

impl<'de> Deserialize<'de> for Token {
    /// Takes a text, and repeats nothing of what it does not take.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Token, D::Error> {
        deserializer.deserialize_any(TokenVisitor)
    }
}

struct TokenVisitor;

impl<'de> Visitor<'de> for TokenVisitor {
    type Value = Token;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text of 20 digits")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Token, E> {
        text.parse().map_err(E::custom)
    }

    // A number would lose digits, and the usual error would repeat it.
    fn visit_u64<E: Error>(self, _: u64) -> Result<Token, E> {
        Err(E::custom("a token is a text, in quotation marks"))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Token, E> {
        self.visit_u64(0)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Token, E> {
        self.visit_u64(0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_in_a_free_text_is_found_however_it_is_grouped() {
        let token: Token = "71466394621589161020".parse().unwrap();
        for text in [
            "71466394621589161020",
            "code 7146-6394 6215-8916 1020 was typed",
            "id071466394621589161020",
        ] {
            assert!(token.is_in(text) && Token::may_be_in(text), "{text}");
        }
        for text in [
            "",
            "7146639462158916102",
            "7146_6394_6215_8916_1020",
            "0.24 from 2027-04-01",
        ] {
            assert!(!token.is_in(text) && !Token::may_be_in(text), "{text}");
        }
        assert!(!token.is_in("11111111111111111111") && Token::may_be_in("11111111111111111111"));
    }

    #[test]
    fn tokens_are_twenty_digits_however_they_are_grouped() {
        let token: Token = "7146-6394 6215-8916 1020".parse().unwrap();
        assert_eq!(token.digits(), b"71466394621589161020");
        assert_eq!(format!("{token:?}"), "Token(***)");
        assert_eq!("7146".parse::<Token>(), Err(TokenError::Digits(4)));
        assert_eq!("714663946215891610201".parse::<Token>(), Err(TokenError::Digits(21)));
        assert_eq!("7146639462158916102o".parse::<Token>(), Err(TokenError::NotADigit(20)));
        for (json, said) in [
            ("71466394621589161020", "in quotation marks"),
            ("7146639462158916102", "in quotation marks"),
            ("\"7146639462158916102x\"", "character 20"),
            ("null", "a text of 20 digits"),
        ] {
            let error = serde_json::from_str::<Token>(json).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("71466"), "{error}");
        }
        assert_eq!("７1466394621589161020".parse::<Token>(), Err(TokenError::NotADigit(1)));
    }
}
