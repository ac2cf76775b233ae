//! Which days are to be explained, and why they cannot be (EMOP §23.6).

use jiff::ToSpan;
use jiff::civil::Date;

use crate::meter::energy::LONGEST;
use crate::meter::room::MetersError;
use crate::meter::topup::TopupError;
use crate::store::ReadError;

/// Days that are to be explained, both of them among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: Date,
    pub to: Date,
    /// Whether nobody said where it ends: then it ends with the newest half-hour that was fetched.
    pub as_far_as_fetched: bool,
}

/// How much of it is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Lines, each the sum of its half-hours.
    Lines,
    /// Each half-hour with what it cost as well.
    HalfHours,
}

impl Detail {
    /// As a query says it.
    #[must_use]
    pub fn of(half_hours: Option<bool>) -> Detail {
        match half_hours {
            Some(true) => Detail::HalfHours,
            _ => Detail::Lines,
        }
    }
}

/// A balance cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The last day is before the first, or it is too long.
    #[error("from must not be after to, and at most 400 days are explained at once")]
    Period,
    /// There is no such meter.
    #[error(transparent)]
    Meters(#[from] MetersError),
    /// Top-ups cannot be read.
    #[error(transparent)]
    Topups(#[from] TopupError),
    /// The book cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The calendar ends before.
    #[error("no calendar goes so far")]
    Calendar(#[from] jiff::Error),
}

impl Period {
    /// From `from`, or else six days before `to`, to `to`, or else as far as half-hours are fetched by `today`.
    pub fn new(from: Option<Date>, to: Option<Date>, today: Date) -> Result<Period, ExplainError> {
        let as_far_as_fetched = to.is_none();
        let to = to.unwrap_or(today);
        let from = match from {
            Some(from) => from,
            None => to.checked_sub(6.days())?,
        };
        if from > to || to.duration_since(from) > LONGEST {
            return Err(ExplainError::Period);
        }
        Ok(Period {
            from,
            to,
            as_far_as_fetched,
        })
    }
}
