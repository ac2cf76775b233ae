//! By whom a top-up is: a name only while somebody has it (PRIV §2.2).

use crate::accounts::Accounts;
use crate::store::{Page, RowError};

/// What stands in the place of a name.
pub(super) const NOBODY: &str = "somebody who was erased";

/// Who gives a code, by name only while they are known: on the page on which it is written down.
///
/// # Errors
///
/// When rows cannot be read.
pub(super) fn known_on(page: &Page, by: String) -> Result<String, RowError> {
    let gone = match by.strip_prefix("person ") {
        Some(name) => !Accounts::is_named_on(page, name)?,
        None => false,
    };
    Ok(if gone { NOBODY.to_owned() } else { by })
}
