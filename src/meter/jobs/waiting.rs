//! Codes that wait, are under way or in doubt: reported, and those that wait are tried at once.

use super::{Line, Outcome};
use crate::meter::room::Meters;

impl Meters {
    /// Says of each top-up that is not settled how it is.
    pub(super) fn waiting_topups(&self) -> Result<Vec<Line>, String> {
        let open = self.all_open_topups().map_err(|error| error.to_string())?;
        let lines = open.iter().map(|topup| {
            let trouble = topup.trouble.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let words = format!("top-up {} is {}{trouble}", topup.id, topup.state.name());
            Line::new(&topup.meter, Outcome::Reported, words)
        });
        let lines = lines.collect();
        self.try_topups_at_once();
        Ok(lines)
    }
}
