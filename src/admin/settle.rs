//! Settings are put in force by the running box itself, and written down with who did it.

use tokio::sync::oneshot;

use super::problem::AdminError;
use super::setting::Setting;
use super::{AdminState, Order};
use crate::accounts::{AUDIT, Who};

impl AdminState {
    /// Puts settings in force, or leaves everything as it was. Answers what changed.
    ///
    /// # Errors
    ///
    /// When the configuration would not be taken with them, another file says otherwise, or nothing can be written.
    pub async fn set(&self, settings: Vec<Setting>, by: &Who) -> Result<Vec<String>, AdminError> {
        let keys = settings.iter().map(Setting::key).collect::<Vec<_>>().join(", ");
        let (answer, answered) = oneshot::channel();
        let gone = || AdminError::unavailable("the box is stopping");
        let orders = &self.running()?.orders;
        orders.send(Order::Set(settings, answer)).await.map_err(|_| gone())?;
        let set = answered.await.map_err(|_| gone())?;
        let by = by.in_audit();
        match &set {
            Ok(changed) => {
                let changed = changed.join(", ");
                tracing::info!(target: AUDIT, by, keys, changed, "somebody set the box up");
            }
            Err(why) => tracing::info!(by, keys, why, "what somebody set is not taken"),
        }
        set.map_err(AdminError::argument)
    }
}
