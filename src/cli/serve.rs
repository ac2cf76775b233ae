//! `serve`.

use std::process::ExitCode;

use super::{CliError, Common};
use crate::app::{self, End, LogTo};
use crate::config;
use crate::store::{self, Place};

/// Threads that carry requests: the machines have two to four cores, and the pen has a thread of its own.
const WORKERS: usize = 4;

pub(super) fn serve(common: &Common) -> Result<ExitCode, CliError> {
    let data_dir = config::data_dir(&common.flags())?;
    super::owner::must_be_ours(&data_dir)?;
    // A restore that was cut short brings settings along, so it is ended before they are read.
    store::settle_restore(&Place::in_data_dir(&data_dir))
        .map_err(|error| hinted(CliError::failed(error), &data_dir))?;
    // A trial that nobody ended is over: what was before it is in force again.
    let rolled_back = config::remote::roll_back(&data_dir).map_err(CliError::failed)?;
    let loaded = common.load()?;
    let logging = app::start_logging(&loaded.config.log, LogTo::Stdout);
    if rolled_back {
        tracing::warn!(
            "a configuration from the cloud was being tried when the box ended; the one of before is in force"
        );
    }
    app::warn_of_refused(&loaded);
    let end = runtime()?.block_on(app::serve(loaded, common.flags(), logging, |_| {}));
    ended(end).map_err(|failure| hinted(failure, &data_dir))
}

/// A start that met files of somebody else says how they come back.
fn hinted(failure: CliError, data_dir: &std::path::Path) -> CliError {
    match super::owner::foreign(data_dir) {
        Some(path) => failure.hint(format_args!(
            "{} is not this user's: chown -R gatelodge: {}",
            path.display(),
            data_dir.display()
        )),
        None => failure,
    }
}

/// The runtime of a whole box.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.clamp(2, WORKERS))
        .enable_all()
        .build()
        .map_err(CliError::failed)
}

/// How a box that ended is told to the shell.
pub(super) fn ended(end: anyhow::Result<End>) -> Result<ExitCode, CliError> {
    match end {
        Ok(End::Stopped) => Ok(ExitCode::SUCCESS),
        Ok(End::Restart) => Ok(ExitCode::from(super::exit::RESTART)),
        Ok(End::Fallen(why)) => Err(CliError::failed(why)),
        Err(error) => Err(CliError::failed(format_args!("{error:#}"))),
    }
}
