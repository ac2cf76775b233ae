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

    /// Whether a free text holds what may be a code: twenty digits and more in a row, of whatever script, blanks, dashes,
    /// dots and underscores not counted.
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

/// A text that was given, in backticks; not when it may hold a code.
pub(crate) fn repeated(text: &str) -> String {
    match Token::may_be_in(text) {
        true => "what was given".to_owned(),
        false => format!("`{text}`"),
    }
}

/// The digits that stand together in a text, what people group them by left out. Digits of other scripts are as good as
/// ours where they are as wide as East Asian letters, and a digit at any rate.
fn runs(text: &str) -> impl Iterator<Item = Vec<u8>> {
    text.split(|c: char| !c.is_numeric() && !groups(c))
        .map(|run| run.chars().filter(|c| !groups(*c)).map(digit).collect())
}

/// Whether people group digits by it: blanks, dashes, dots, underscores, and what is not seen.
fn groups(c: char) -> bool {
    let unseen = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let dash = matches!(
        c,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
    );
    let dot = matches!(
        c,
        '.' | '_' | '\u{b7}' | '\u{2022}' | '\u{2024}' | '\u{3002}' | '\u{ff0e}' | '\u{ff3f}'
    );
    c.is_whitespace() || unseen || dash || dot
}

/// A digit as the wire has it; of a script that is not read, a mark that is none.
fn digit(c: char) -> u8 {
    match c {
        '0'..='9' => c as u8,
        '\u{ff10}'..='\u{ff19}' => u8::try_from(u32::from(c) - 0xff10).map_or(0, |digit| b'0' + digit),
        _ => b'?',
    }
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_in_a_free_text_is_found_however_it_is_grouped() {
        let token: Token = "71466394621589161020".parse().unwrap();
        for text in [
            "71466394621589161020",
            "code 7146-6394 6215-8916 1020 was typed",
            "id071466394621589161020",
            "7146_6394_6215_8916_1020",
            "7146.6394.6215.8916.1020",
            "7146\u{2013}6394\u{a0}6215\u{200b}8916\t1020",
            "\u{ff17}\u{ff11}\u{ff14}\u{ff16}6394621589161020",
        ] {
            assert!(token.is_in(text) && Token::may_be_in(text), "{text}");
        }
        for text in [
            "",
            "7146639462158916102",
            "0.24 from 2027-04-01",
            "7146639462/1589161020",
        ] {
            assert!(!token.is_in(text) && !Token::may_be_in(text), "{text}");
        }
        assert!(!token.is_in("11111111111111111111") && Token::may_be_in("11111111111111111111"));
    }

    proptest! {
        /// Whatever stands around it and between its digits, a code is found, and no error repeats it.
        #[test]
        fn any_grouping_of_a_code_is_found(
            digits in proptest::collection::vec(0u32..10, 20),
            between in proptest::collection::vec("[-._ \u{2013}\u{2212}\u{a0}\u{3000}]{0,2}", 20),
            wide in proptest::collection::vec(any::<bool>(), 20),
            around in "[a-z:/,]{0,8}",
        ) {
            let plain: String = digits.iter().filter_map(|digit| char::from_digit(*digit, 10)).collect();
            let mut text = around.clone();
            for ((digit, between), wide) in digits.iter().zip(&between).zip(&wide) {
                text.extend(char::from_u32(if *wide { 0xff10 } else { 0x30 } + digit));
                text.push_str(between);
            }
            text.push_str(&around);
            let token: Token = plain.parse().unwrap();
            prop_assert!(token.is_in(&text) && Token::may_be_in(&text), "{}", text);
            prop_assert_eq!(repeated(&text), "what was given");
        }
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
