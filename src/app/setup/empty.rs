//! Whether there is nothing in the box yet.

use crate::meter::Meters;
use crate::occupancy::Occupancy;
use crate::store::ReadError;

/// Whether there is no space.
pub(crate) fn of_spaces(spaces: Option<&Occupancy>) -> Result<bool, ReadError> {
    let first = spaces.map(|room| room.list(None, 1)).transpose()?;
    Ok(first.is_none_or(|first| first.is_empty()))
}

/// Whether there is neither a meter nor a space.
pub(crate) fn of_all(meters: Option<&Meters>, spaces: Option<&Occupancy>) -> Result<bool, ReadError> {
    match meters.is_some_and(|room| !room.list().is_empty()) {
        true => Ok(false),
        false => of_spaces(spaces),
    }
}
