//! Why a top-up was not taken in, or not changed.

use crate::accounts::SealKeyError;
use crate::domain::{MeterId, TopupState};
use crate::store::{ReadError, RowError, Unwritten, WriteError};

/// Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum TopupError {
    /// There is no such meter.
    #[error("there is no meter {0}")]
    UnknownMeter(MeterId),
    /// Nobody may ask it.
    #[error("meter {0} is not served")]
    Off(MeterId),
    /// Another meter answers on its line.
    #[error("another meter answers on the line of {expected}: {says}; no code is given to it")]
    Another {
        expected: MeterId,
        /// The serial that it says.
        says: String,
    },
    /// It takes no codes.
    #[error("meter {0} is a three phase meter, and those take no codes")]
    TakesNone(MeterId),
    /// Its energy is not paid for beforehand.
    #[error("meter {0} does not prepay: no code is of use there")]
    DoesNotPrepay(MeterId),
    /// One giver has as many as one giver may; places of others are kept.
    #[error(
        "the {share} places of {by} at meter {meter} are full of codes that are not settled: give the next when one is \
         settled, or take one back that waits"
    )]
    ShareFull {
        meter: MeterId,
        /// Who gave them.
        by: String,
        share: usize,
    },
    /// All givers together have as many as one meter may have.
    #[error(
        "the {1} places of all givers at meter {0} are full of codes that are not settled: give the next when one is \
         settled, or take one back that waits"
    )]
    TooMany(MeterId, usize),
    /// The idempotency key was used for another request.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// There is no such top-up. What was asked for is not said: it may be a code.
    #[error("there is no such top-up")]
    Unknown,
    /// It cannot be taken back any more.
    #[error("top-up {0} is {state} and cannot be taken back: only one that waits can", state = .1.name())]
    NotWaiting(String, TopupState),
    /// It is not for a person to say.
    #[error("top-up {0} is {state}: only one that is in doubt is settled by a person", state = .1.name())]
    NotInDoubt(String, TopupState),
    /// No reason, or one that nobody would read.
    #[error("a reason is needed, 1 to 300 characters, without control characters and without a code")]
    Why,
    /// The box's own key cannot be used, so that no code can be kept.
    #[error("no code can be kept: {0}")]
    Key(#[from] SealKeyError),
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

impl TopupError {
    /// Whether whoever asked can do something about it.
    #[must_use]
    pub fn is_the_askers(&self) -> bool {
        match self {
            TopupError::UnknownMeter(_)
            | TopupError::Off(_)
            | TopupError::Another { .. }
            | TopupError::TakesNone(_)
            | TopupError::DoesNotPrepay(_)
            | TopupError::ShareFull { .. }
            | TopupError::TooMany(..)
            | TopupError::KeyReused
            | TopupError::Unknown
            | TopupError::NotWaiting(..)
            | TopupError::NotInDoubt(..)
            | TopupError::Why => true,
            TopupError::Key(_) | TopupError::Row(_) | TopupError::Read(_) | TopupError::Write(_) => false,
        }
    }
}

impl From<WriteError<TopupError>> for TopupError {
    fn from(error: WriteError<TopupError>) -> TopupError {
        error.split().unwrap_or_else(TopupError::Write)
    }
}
