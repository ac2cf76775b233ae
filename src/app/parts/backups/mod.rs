//! Backups that the box makes by itself, as `[backup]` says.

mod bucket;
mod folder;
mod kept;
mod recipient;
mod remote;
mod schedule;
mod trial;
mod work;

use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;

use super::Deps;
use crate::app::part::{Part, Service, service};
use crate::config::{Backup, Config};
pub use kept::{Kept, Where, made_before};
pub use recipient::recipient;
pub use schedule::{AskError, Schedule};
pub use work::{Ended, Order, Step, Told};

#[async_trait]
impl Part<Deps> for Schedule {
    const NAME: &'static str = "backup";
    const IS_ROOM: bool = false;
    type Section = Backup;

    fn section(config: &Config) -> Option<Backup> {
        config.backup.clone()
    }

    async fn build(section: &Backup, deps: &Deps) -> Result<Arc<Schedule>> {
        // What went wrong by another section says nothing of this one, which is tried at once.
        deps.backups.tried(None);
        let data_dir = deps.data_dir.clone();
        let schedule = Schedule::new(section.clone(), deps.backups.clone(), deps.store.clone(), data_dir);
        Ok(Arc::new(schedule))
    }

    fn services(self: &Arc<Self>) -> Vec<Service> {
        vec![service("backup", self, Schedule::run)]
    }

    fn close(deps: &Deps) {
        deps.backups.tried(None);
    }
}
