//! Codes that wait, are under way or in doubt: reported, and those that wait are tried at once.

use super::{Line, Outcome};
use crate::domain::TopupState;
use crate::meter::room::Meters;

impl Meters {
    /// Says of each top-up that is not settled how it is.
    pub(super) fn waiting_topups(&self) -> Result<Vec<Line>, String> {
        let open = self.all_open_topups().map_err(|error| error.to_string())?;
        let lines = open.iter().map(|topup| {
            let trouble = topup.trouble.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let outcome = match topup.state {
                TopupState::InDoubt => Outcome::Failed,
                _ => Outcome::Reported,
            };
            let words = format!("top-up {} is {}{trouble}", topup.id, topup.state.name());
            Line::new(&topup.meter, outcome, words)
        });
        let lines = lines.collect();
        self.try_topups_at_once();
        Ok(lines)
    }
}
