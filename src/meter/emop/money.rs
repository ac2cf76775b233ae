//! Money: whole hundred-thousandths of a pound, never a binary fraction (EMOP §3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::token::{Token, repeated};

/// So many hundred-thousandths in one pound.
pub const UNITS_PER_POUND: i64 = 100_000;
/// Digits of a hundred-thousandth.
const DIGITS: usize = 5;

/// An amount in 1/100000 GBP; below zero a debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(pub i64);

/// Text that is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a sign, digits, a point and digits.
    #[error("{} is not an amount in pounds such as 0.23812", repeated(.0))]
    NotDecimal(String),
    /// More than can be counted.
    #[error("{} is more than can be counted in 1/100000 GBP", repeated(.0))]
    TooLarge(String),
}

impl Money {
    /// As an unsigned value on the wire.
    pub fn unsigned(self) -> Result<u32, AmountRangeError> {
        u32::try_from(self.0).map_err(|_| AmountRangeError(self))
    }

    /// As a signed value on the wire.
    pub fn signed(self) -> Result<i32, AmountRangeError> {
        i32::try_from(self.0).map_err(|_| AmountRangeError(self))
    }
}

/// How people read amounts: here and nowhere else. What programs read is the amount's plain text.
impl Money {
    /// In pounds and pence; what is less than a penny is cut off: `£18.43`, `-£0.05`.
    #[must_use]
    pub fn pounds(self) -> String {
        const PENNY: u64 = UNITS_PER_POUND.unsigned_abs() / 100;
        let pence = self.0.unsigned_abs() / PENNY;
        let sign = if self.0 < 0 && pence > 0 { "-" } else { "" };
        format!("{sign}£{}.{:02}", pence / 100, pence % 100)
    }

    /// In pounds and pence, and what is finer where there is something finer: `£15.00`, `£0.30125`.
    #[must_use]
    pub fn exact_pounds(self) -> String {
        let plain = self.to_string();
        let digits = plain.split_once('.').map_or(0, |(_, digits)| digits.len());
        match (digits, plain.strip_prefix('-')) {
            (0..=2, _) => self.pounds(),
            (_, None) => format!("£{plain}"),
            (_, Some(debt)) => format!("-£{debt}"),
        }
    }

    /// A price in pence, to the thousandth that a meter counts in: `23.812`.
    #[must_use]
    pub fn pence(self) -> String {
        let parts = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}{}.{:03}", parts / 1_000, parts % 1_000)
    }
}

/// An amount that does not fit into four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a meter cannot hold {} here", .0.exact_pounds())]
pub struct AmountRangeError(pub Money);

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads a decimal; digits beyond the fifth are cut off, which is what meters are sent.
    fn from_str(text: &str) -> Result<Money, MoneyError> {
        let wrong = || MoneyError::NotDecimal(text.to_owned());
        if Token::may_be_in(text) {
            return Err(wrong());
        }
        let (negative, bare) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = bare.split_once('.').unwrap_or((bare, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !digits(whole) || !digits(fraction) {
            return Err(wrong());
        }
        let large = || MoneyError::TooLarge(text.to_owned());
        let pounds: i64 = if whole.is_empty() {
            0
        } else {
            whole.parse().map_err(|_| large())?
        };
        let parts = fraction.bytes().chain(std::iter::repeat(b'0')).take(DIGITS);
        let parts = parts.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        let units = pounds
            .checked_mul(UNITS_PER_POUND)
            .and_then(|units| units.checked_add(parts));
        let units = units.ok_or_else(large)?;
        Ok(Money(if negative { -units } else { units }))
    }
}

impl fmt::Display for Money {
    /// No zeros beyond need: `3`, `2.22`, `-333.264`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.0.unsigned_abs();
        let (pounds, parts) = (
            units / UNITS_PER_POUND.unsigned_abs(),
            units % UNITS_PER_POUND.unsigned_abs(),
        );
        let sign = if self.0 < 0 { "-" } else { "" };
        if parts == 0 {
            return write!(f, "{sign}{pounds}");
        }
        let parts = format!("{parts:05}");
        write!(f, "{sign}{pounds}.{}", parts.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_cut_off_towards_zero() {
        for (text, units) in [
            ("0.0765", 7_650),
            ("0.123456789", 12_345),
            ("-0.999999", -99_999),
            (".5", 50_000),
            ("5.", 500_000),
            ("+1", 100_000),
            ("-0", 0),
            ("92233720368547.75807", i64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(Money(units)), "{text}");
        }
        for wrong in [
            "",
            ".",
            "-",
            "x",
            "1e3",
            "1,5",
            " 1",
            "1 ",
            "--1",
            "£1",
            "1.2.3",
            "92233720368547.75808",
            "NaN",
        ] {
            assert!(wrong.parse::<Money>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn people_read_pounds_and_pence() {
        for (units, words) in [
            (1_843_999, "£18.43"),
            (7_398_000, "£73.98"),
            (0, "£0.00"),
            (-5_000, "-£0.05"),
            (-999, "£0.00"),
            (i64::MIN, "-£92233720368547.75"),
        ] {
            assert_eq!(Money(units).pounds(), words);
        }
    }

    #[test]
    fn nothing_is_cut_off_where_it_counts() {
        for (units, exact, pence) in [
            (1_500_000, "£15.00", "1500.000"),
            (30_125, "£0.30125", "30.125"),
            (-5_001, "-£0.05001", "-5.001"),
            (-1_050_000, "-£10.50", "-1050.000"),
            (0, "£0.00", "0.000"),
        ] {
            assert_eq!(
                (Money(units).exact_pounds(), Money(units).pence()),
                (exact.to_owned(), pence.to_owned())
            );
        }
    }

    proptest! {
        #[test]
        fn an_amount_is_read_back(units in any::<i64>().prop_filter("its own opposite", |units| *units != i64::MIN)) {
            prop_assert_eq!(Money(units).to_string().parse(), Ok(Money(units)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,30}|[-+]?[0-9]{0,25}\\.?[0-9]{0,9}") {
            let _ = text.parse::<Money>();
        }
    }
}
