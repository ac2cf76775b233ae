//! What people may give to meter commands, and what is refused before a meter hears of it (EMOP §13.1).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::emop::blank::is_blank_u32;
use super::emop::event_log::PAGES;
use super::emop::money::{AmountRangeError, Money, MoneyError, UNITS_PER_POUND};
use super::emop::token::repeated;
use super::given_moment::MomentError;
use crate::domain::given::{self, GivenError};

/// The highest rate: one pound.
const RATE_LIMIT: Money = Money(UNITS_PER_POUND);
/// Digits after the point that a rate may be written with.
const RATE_DIGITS: usize = 5;
/// Prepayment starts with at least this on the balance.
const PREPAY_LEAST: Money = Money(10 * UNITS_PER_POUND);

/// Whether a rate below zero may be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Negative {
    /// As the original: there is no lower bound.
    Allowed,
    /// It is a slip of the pen.
    Refused,
}

/// An argument that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// No amount.
    #[error(transparent)]
    Amount(#[from] MoneyError),
    /// More than a pound.
    #[error("a rate is at most £1.00, not {}; is it in pence?", .0.exact_pounds())]
    RateTooHigh(Money),
    /// Below zero.
    #[error("a rate is not below zero: {}", .0.exact_pounds())]
    RateNegative(Money),
    /// Finer than a meter can hold.
    #[error("a rate has at most 5 digits after the point, {text} has {1}", text = repeated(.0))]
    RateTooFine(String, usize),
    /// Below zero, where there is nothing below.
    #[error("an amount is not below zero here: {}", .0.exact_pounds())]
    AmountNegative(Money),
    /// Finer than a meter can hold.
    #[error("an amount has at most 5 digits after the point, {text} has {1}", text = repeated(.0))]
    AmountTooFine(String, usize),
    /// More than four bytes hold.
    #[error(transparent)]
    AmountRange(#[from] AmountRangeError),
    /// Not 0 to 9.
    #[error("the event log has pages 0 to 9, not {}", repeated(.0))]
    EventPage(String),
    /// Neither on nor off.
    #[error("{} is neither on nor off", repeated(.0))]
    Switch(String),
    /// No day.
    #[error(transparent)]
    Day(#[from] GivenError),
    /// None by a meter's own clock.
    #[error(transparent)]
    OwnMoment(#[from] MomentError),
    /// No moment.
    #[error("{} is not a moment such as 2026-02-10T00:30:00 (UTC) or 2026-02-10T00:30:00+01:00", repeated(.0))]
    Moment(String),
    /// Too little on the balance.
    #[error("prepayment starts with at least {} on the balance, there are {}; top up first", PREPAY_LEAST.pounds(), .0.pounds())]
    BalanceTooLow(Money),
}

/// A unit rate or standing charge, judged as it is written.
pub fn rate(text: &str, negative: Negative) -> Result<Money, ArgumentError> {
    let rate: Money = text.parse()?;
    let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len());
    if digits > RATE_DIGITS {
        return Err(ArgumentError::RateTooFine(text.to_owned(), digits));
    }
    if rate > RATE_LIMIT {
        return Err(ArgumentError::RateTooHigh(rate));
    }
    if rate < Money(0) && negative == Negative::Refused {
        return Err(ArgumentError::RateNegative(rate));
    }
    Ok(rate)
}

/// Any other amount.
pub fn amount(text: &str) -> Result<Money, ArgumentError> {
    Ok(text.parse()?)
}

/// An amount as a meter holds it in four bytes, judged as it is written: nothing is cut off.
pub fn held_amount(text: &str) -> Result<Money, ArgumentError> {
    let amount = amount(text)?;
    let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len());
    if digits > RATE_DIGITS {
        return Err(ArgumentError::AmountTooFine(text.to_owned(), digits));
    }
    if amount < Money(0) {
        return Err(ArgumentError::AmountNegative(amount));
    }
    match amount.unsigned()? {
        // What a meter sends where it has no value.
        bits if is_blank_u32(bits) => Err(AmountRangeError(amount).into()),
        _ => Ok(amount),
    }
}

/// A page of the event log.
pub fn event_page(text: &str) -> Result<u8, ArgumentError> {
    let page = text.parse().ok().filter(|page| *page < PAGES);
    page.ok_or_else(|| ArgumentError::EventPage(text.to_owned()))
}

/// `on` or `off`, in any case.
pub fn switch(text: &str) -> Result<bool, ArgumentError> {
    match text.to_ascii_lowercase().as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(ArgumentError::Switch(text.to_owned())),
    }
}

/// `YYYY-MM-DD`.
pub fn day(text: &str) -> Result<Date, ArgumentError> {
    Ok(given::day(text)?)
}

/// ISO 8601; without an offset it is UTC, and a day alone its beginning.
pub fn moment(text: &str) -> Result<Timestamp, ArgumentError> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let plain = text
        .parse::<DateTime>()
        .ok()
        .and_then(|at| at.to_zoned(TimeZone::UTC).ok());
    plain
        .map(|at| at.timestamp())
        .ok_or_else(|| ArgumentError::Moment(text.to_owned()))
}

/// Whether prepayment may be switched on with this balance. Switching it off is always possible.
pub fn may_start_prepay(balance: Money) -> Result<(), ArgumentError> {
    if balance < PREPAY_LEAST {
        return Err(ArgumentError::BalanceTooLow(balance));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rates_are_judged_as_they_are_written() {
        assert_eq!(rate("1.00000", Negative::Refused), Ok(Money(100_000)));
        assert_eq!(
            rate("1.00001", Negative::Refused),
            Err(ArgumentError::RateTooHigh(Money(100_001)))
        );
        assert_eq!(
            rate("-0.1", Negative::Refused),
            Err(ArgumentError::RateNegative(Money(-10_000)))
        );
        assert_eq!(rate("-0.1", Negative::Allowed), Ok(Money(-10_000)));
        assert!(matches!(
            rate("0.000000", Negative::Refused),
            Err(ArgumentError::RateTooFine(_, 6))
        ));
    }

    #[test]
    fn prepayment_needs_ten_pounds() {
        assert_eq!(may_start_prepay(Money(1_000_000)), Ok(()));
        assert_eq!(
            may_start_prepay(Money(999_999)),
            Err(ArgumentError::BalanceTooLow(Money(999_999)))
        );
    }

    #[test]
    fn moments_without_an_offset_are_utc() {
        let noon = "2026-02-10T12:00:00Z".parse::<Timestamp>().unwrap();
        for text in ["2026-02-10T12:00:00", "2026-02-10 12:00", "2026-02-10T13:00:00+01:00"] {
            assert_eq!(moment(text), Ok(noon), "{text}");
        }
        for wrong in ["", "yesterday", "2026-02-30T00:00:00", "2026-13-01", "12:00"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
        for wrong in ["2026-2-10", "2026-02-30", "20260210", "2026-02-10T00"] {
            assert!(day(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text in "\\PC{0,30}|[0-9T:. +-]{0,30}") {
            let _ = (rate(&text, Negative::Refused), event_page(&text), switch(&text), day(&text), moment(&text));
        }
    }
}
