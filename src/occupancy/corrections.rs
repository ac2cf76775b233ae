//! Counts that somebody put right (OCC §5.12): everybody is out, or so many are inside. Each is written down with who
//! did it and why, in the change that does it, for as long as history is kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{OCCUPANCY_LIMIT, Space, SpaceId, is_readable};
use crate::store::spaces::SpacesWriter;
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

pub(super) const CORRECTIONS: Ledger<Correction> = Ledger::new(schema::SPACE_CORRECTIONS);

/// The longest reason, in characters.
pub const LONGEST_REASON: usize = 100;

/// Rows that are read at a time.
const AT_ONCE: usize = 128;

const HOUR_MS: i64 = 3_600_000;

/// A correction that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What they say.
    pub what: What,
    /// Why; those that set a number say it.
    pub reason: Option<String>,
}

/// What somebody says of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Everybody is out.
    Emptied,
    /// So many are inside.
    SetTo(u32),
}

impl What {
    /// People inside after it.
    #[must_use]
    pub fn count(self) -> u32 {
        match self {
            What::Emptied => 0,
            What::SetTo(count) => count,
        }
    }
}

/// A wish that is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// The number is out of bounds.
    #[error("current must be 0 to {OCCUPANCY_LIMIT}")]
    Count,
    /// The reason cannot be read, or there is none.
    #[error("reason must be one line of 1 to {LONGEST_REASON} characters that people can read")]
    Reason,
}

impl Wish {
    /// Says whether it can be taken.
    ///
    /// # Errors
    ///
    /// What of it cannot.
    pub fn check(&self) -> Result<(), WishError> {
        if self.what.count() > OCCUPANCY_LIMIT {
            return Err(WishError::Count);
        }
        match (&self.reason, self.what) {
            (None, What::Emptied) => Ok(()),
            (Some(reason), _) if is_readable(reason) && reason.chars().count() <= LONGEST_REASON => Ok(()),
            (Some(_), _) | (None, What::SetTo(_)) => Err(WishError::Reason),
        }
    }
}

/// A correction that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Correction {
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// What was said.
    #[schema(value_type = Object)]
    pub what: What,
    /// People inside by the count before it.
    pub before: u32,
    /// People inside after it.
    pub after: u32,
    /// Why.
    pub reason: Option<String>,
    /// Who: `person NAME`, `token ID`, `key ID`, or `operator` for the command line.
    pub by: String,
}

/// How a person stands in these rows.
pub(super) fn person(name: &str) -> String {
    format!("person {name}")
}

/// Corrects a space that a larger change has read, and writes down by whom. Answers the space after it.
///
/// # Errors
///
/// When rows cannot be read or written.
pub(super) fn correct_on(
    page: &mut Page,
    before: &Space,
    (wish, by): (&Wish, &str),
    now: Timestamp,
) -> Result<Space, RowError> {
    let mut space = before.clone();
    space.occupancy.current = wish.what.count();
    space.last_updated = now;
    note_on(page, before, (wish, by), now)?;
    SpacesWriter::put_on(page, space, before)
}

/// Writes down that a space was corrected by a change that does more.
pub(super) fn note_on(
    page: &mut Page,
    before: &Space,
    (wish, by): (&Wish, &str),
    now: Timestamp,
) -> Result<(), RowError> {
    let row = Correction {
        at: now,
        what: wish.what,
        before: before.occupancy.current,
        after: wish.what.count(),
        reason: wish.reason.clone(),
        by: by.to_owned(),
    };
    let mut place = hour(before.id, now);
    place.extend(page.seq().0.to_be_bytes());
    CORRECTIONS.put_on(page, &place, &row)
}

/// What was corrected in a span of time, the oldest first.
///
/// # Errors
///
/// When the book cannot be read.
pub fn between(
    store: &Store,
    space: SpaceId,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<Correction>, ReadError> {
    let (mut found, mut after) = (Vec::new(), Some(hour(space, from)));
    loop {
        let rows = CORRECTIONS.scan(store, space.as_bytes(), after.as_deref(), AT_ONCE)?;
        let Some((last, newest)) = rows.last() else { break };
        let is_past = newest.at >= until;
        after = Some(last.clone());
        let rows = rows.into_iter().map(|(_, row)| row);
        found.extend(rows.filter(|row| (from..until).contains(&row.at)));
        if is_past {
            break;
        }
    }
    Ok(found)
}

/// Hands every correction with its place to `each`, some at a time.
pub(super) fn each(store: &Store, mut each: impl FnMut(Vec<u8>, Correction)) -> Result<(), ReadError> {
    let mut after = None::<Vec<u8>>;
    loop {
        let rows = CORRECTIONS.scan(store, &[], after.as_deref(), AT_ONCE)?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        after = Some(last.clone());
        rows.into_iter().for_each(|(place, row)| each(place, row));
    }
}

/// What begins the keys of a space's corrections in the hour of a moment.
fn hour(space: SpaceId, at: Timestamp) -> Vec<u8> {
    let hour = u32::try_from(at.as_millisecond().div_euclid(HOUR_MS)).unwrap_or(0);
    [space.as_bytes().as_slice(), &hour.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_wants_a_reason_and_an_empty_house_may_have_one() {
        let check = |what, reason: Option<&str>| {
            let reason = reason.map(str::to_owned);
            Wish { what, reason }.check()
        };
        let long = "x".repeat(LONGEST_REASON + 1);
        for reason in ["", " ", "two\nlines", "turned \u{202e}round", long.as_str()] {
            for what in [What::Emptied, What::SetTo(3)] {
                assert_eq!(check(what, Some(reason)), Err(WishError::Reason), "{reason:?}");
            }
        }
        assert_eq!(check(What::Emptied, None), Ok(()));
        assert_eq!(check(What::SetTo(3), None), Err(WishError::Reason));
        assert_eq!(check(What::SetTo(3), Some(&long[1..])), Ok(()));
        assert_eq!(
            check(What::SetTo(OCCUPANCY_LIMIT + 1), Some("x")),
            Err(WishError::Count)
        );
    }
}
