//! Why a tariff was not written.

use super::compared::own_clock;
use crate::domain::MeterId;
use crate::meter::arguments::ArgumentError;
use crate::meter::driver::{DriverError, SyncError};
use crate::meter::emop::MeterTime;
use crate::meter::emop::time::TimeError;
use crate::meter::emop::value::ValueError;
use crate::meter::reads;
use crate::store::{ReadError, RowError, Unwritten, WriteError};

/// Nothing was written to the meter.
#[derive(Debug, thiserror::Error)]
pub enum TariffError {
    /// There is no such meter.
    #[error("there is no meter {0}")]
    UnknownMeter(MeterId),
    /// Nobody may ask it.
    #[error("meter {0} is not served")]
    Off(MeterId),
    /// Another meter answers on its line.
    #[error("another meter answers on the line of {expected}: {says}; no tariff is written to it")]
    Another {
        expected: MeterId,
        /// The serial that it says.
        says: String,
    },
    /// It has none.
    #[error("meter {0} is a three phase meter, and those have no tariff")]
    ThreePhases(MeterId),
    /// Something that was given is not taken.
    #[error("{option}: {why}")]
    Argument {
        /// What it is called.
        option: &'static str,
        why: ArgumentError,
    },
    /// The moment cannot be held by a meter.
    #[error("from: {0}")]
    Moment(#[from] TimeError),
    /// A value cannot be sent.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// The tariff would have begun already.
    #[error(
        "{} has passed by the meter's own clock, where it is {} now: a tariff to come begins later",
        own_clock(*.from), own_clock(*.now)
    )]
    Past {
        from: MeterTime,
        /// What the meter's clock should show.
        now: MeterTime,
    },
    /// The box does not know what time it is.
    #[error(
        "the clock of this box stands wrong, so nobody knows whether that moment has passed; set it, or let the box reach a time server"
    )]
    ClockWrong,
    /// The meter would begin at another moment.
    #[error("the clock of meter {meter} is {off_s} s off, so the tariff would not begin when it should: set it first")]
    MeterClock {
        meter: MeterId,
        /// By so many seconds.
        off_s: u64,
    },
    /// A meter on credit makes nothing of it.
    #[error("{option} counts only where energy is paid for beforehand, and meter {meter} is on credit: leave it out")]
    OnlyPrepay { option: &'static str, meter: MeterId },
    /// What is in force cannot be kept, since nobody knows it.
    #[error("nobody knows which {option} is in force at meter {meter}: give it")]
    NotKnown { option: &'static str, meter: MeterId },
    /// A tariff begins soon, and would begin half-overwritten.
    #[error(
        "meter {meter} begins another tariff at {} by its own clock, too soon to write over it: wait until then",
        own_clock(*.at)
    )]
    Imminent { meter: MeterId, at: MeterTime },
    /// Another one is being written.
    #[error("another tariff is being written to meter {0}")]
    UnderWay(MeterId),
    /// No reason, or one that nobody would read.
    #[error("a reason is needed, 1 to 300 characters, without control characters and without a code")]
    Why,
    /// The meter did not answer what is asked first.
    #[error("nothing was written: {0}")]
    Unanswered(#[from] DriverError),
    /// Whoever asked does not wait longer.
    #[error("nothing was written: meter {meter} did not answer within {limit_s} s what it is asked first")]
    TooLate {
        meter: MeterId,
        /// So many seconds it was waited.
        limit_s: u64,
    },
    /// The meter's answer cannot be read.
    #[error("nothing was written: {0}")]
    Unreadable(String),
    /// A row could not be read or written.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The book cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The book did not take the change.
    #[error("not written: {0}")]
    Write(Unwritten),
}

impl From<SyncError> for TariffError {
    fn from(error: SyncError) -> TariffError {
        match error {
            reads::ReadError::Asked(error) => TariffError::Unanswered(error),
            other => TariffError::Unreadable(other.to_string()),
        }
    }
}

impl From<WriteError<TariffError>> for TariffError {
    fn from(error: WriteError<TariffError>) -> TariffError {
        error.split().unwrap_or_else(TariffError::Write)
    }
}
