//! What is told of backups, and what may be asked for.

use std::sync::Arc;

use axum::http::StatusCode;
use tokio::sync::watch;

use crate::accounts::{AUDIT, Who};
use crate::admin::{Backups, LastBackup, RestoreTrial};
use crate::app::parts::{AskError, Kept, Order, Schedule, Told};
use crate::config::Backup;
use crate::http::{Problem, blocking};

/// What stands behind the pages and the API of backups.
pub(super) struct BackupDesk {
    pub(super) backups: Backups,
    /// The service; it changes with a reload, and is not there without `[backup]`.
    pub(super) schedule: watch::Receiver<Option<Arc<Schedule>>>,
}

/// All that is told.
pub(super) struct Known {
    /// As it is configured.
    pub(super) plan: Option<Backup>,
    pub(super) last: Option<LastBackup>,
    pub(super) trial: Option<RestoreTrial>,
    /// Why the box could not back itself up the last time it tried.
    pub(super) trouble: Option<String>,
    /// The newest first.
    pub(super) kept: Vec<Kept>,
    pub(super) told: Told,
}

impl BackupDesk {
    /// What is known now.
    pub(super) async fn known(&self) -> Result<Known, Problem> {
        let (backups, schedule) = (self.backups.clone(), self.schedule.borrow().clone());
        let read = blocking(move || {
            let kept = schedule.as_ref().map(|schedule| schedule.kept());
            let kept = kept.transpose().unwrap_or_else(|error| {
                // A folder that is not there is told as trouble already.
                tracing::debug!(%error, "the kept backups cannot be listed");
                None
            });
            Ok::<_, crate::store::ReadError>(Known {
                last: backups.last()?,
                trial: backups.last_trial()?,
                trouble: backups.trouble(),
                kept: kept.unwrap_or_default(),
                told: schedule.as_ref().map(|schedule| schedule.told()).unwrap_or_default(),
                plan: schedule.map(|schedule| schedule.config().clone()),
            })
        });
        match read.await {
            Ok(Ok(known)) => Ok(known),
            Ok(Err(error)) => Err(broken(&error)),
            Err(error) => Err(broken(&error)),
        }
    }

    /// Has the service do something for somebody; it is written down who wanted it.
    pub(super) async fn ask(&self, order: Order, who: &Who) -> Result<(), Problem> {
        let schedule = self.schedule.borrow().clone().ok_or_else(|| {
            Problem::new(StatusCode::CONFLICT, "no-backups", "No backups are configured")
                .detail("Say in a section [backup] where they go, and reload.")
        })?;
        let wanted = order.clone();
        let asked = blocking(move || schedule.ask(wanted)).await;
        asked.map_err(|error| broken(&error))?.map_err(refused)?;
        let by = who.in_audit();
        match order {
            Order::BackUp => tracing::info!(target: AUDIT, by, "somebody had the box backed up"),
            Order::Trial { of } => tracing::info!(target: AUDIT, by, of, "somebody had a backup restored for trial"),
        }
        Ok(())
    }
}

fn refused(error: AskError) -> Problem {
    let problem = |status, slug, title: &str| Problem::new(status, slug, title);
    match error {
        AskError::Busy => problem(StatusCode::CONFLICT, "at-work", "Something that was asked for goes on")
            .detail("Look at GET /v1/backups until `order` is gone, then ask again."),
        AskError::Unknown => problem(
            StatusCode::NOT_FOUND,
            "unknown-backup",
            "There is no backup of that name",
        ),
        AskError::Sealed => problem(StatusCode::CONFLICT, "sealed-backup", "The box cannot open that backup")
            .detail("What lies in the bucket is sealed; it was tried before it was sealed."),
    }
}

fn broken(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "backups cannot be looked at");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Something went wrong in here",
    )
}
