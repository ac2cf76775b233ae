//! What people set on the page of the setup, and what of it is in force.

use tokio::sync::oneshot;

use super::problem::AdminError;
use super::{AdminState, Order};
use crate::accounts::{AUDIT, Who};

/// Something that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// What people call the building (`site.name`).
    Name(String),
    /// Its time zone (`site.timezone`).
    Timezone(String),
    /// The name or address under which people reach the box (`site.hostname`).
    Hostname(String),
    /// The meter room is open (`[meters]`).
    Meters,
}

impl Setting {
    /// The key of the configuration.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Setting::Name(_) => "site.name",
            Setting::Timezone(_) => "site.timezone",
            Setting::Hostname(_) => "site.hostname",
            Setting::Meters => "meters",
        }
    }
}

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
        orders
            .send(Order::Set(settings, answer))
            .await
            .map_err(|_| gone())?;
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
