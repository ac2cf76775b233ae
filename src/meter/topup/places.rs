//! How many codes that are not settled a meter may have, and how many of these may be of one giver: whoever gives many
//! keeps nobody else from giving one (EMOP §21.1). Pure.

use super::error::TopupError;
use super::row::{Origin, TopupRow};
use crate::domain::MeterId;

/// Places of one meter.
const PLACES: usize = 20;
/// Places of one giver among them.
const SHARE: usize = 5;

/// Whether there is a place for one more of a giver among those of a meter that are not settled.
pub(super) fn has_one(open: &[TopupRow], meter: &MeterId, giver: &Origin) -> Result<(), TopupError> {
    let theirs = open.iter().filter(|row| row.origin.by == giver.by).count();
    if theirs >= SHARE {
        return Err(TopupError::ShareFull {
            meter: meter.clone(),
            by: giver.by.clone(),
            share: SHARE,
        });
    }
    match open.len() < PLACES {
        true => Ok(()),
        false => Err(TopupError::TooMany(meter.clone(), PLACES)),
    }
}
