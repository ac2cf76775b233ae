//! `serve`.

use std::process::ExitCode;

use super::{Common, Failure};
use crate::app::{self, End, LogTo};
use crate::config;

/// Threads that carry requests: the machines have two to four cores, and the pen has a thread of its own.
const WORKERS: usize = 4;

pub(super) fn serve(common: &Common) -> Result<ExitCode, Failure> {
    // A trial that nobody ended is over: what was before it is in force again.
    let rolled_back = config::data_dir(&common.flags())
        .map_err(Failure::from)
        .and_then(|folder| config::remote::roll_back(&folder).map_err(Failure::failed))?;
    let loaded = common.load()?;
    let logging = app::start_logging(&loaded.config.log, LogTo::Stdout);
    if rolled_back {
        tracing::warn!(
            "a configuration from the cloud was being tried when the box ended; the one of before is in force"
        );
    }
    app::warn_of_refused(&loaded);
    let end = runtime()?.block_on(app::serve(loaded, common.flags(), logging, |_| {}));
    ended(end)
}

/// The runtime of a whole box.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.clamp(2, WORKERS))
        .enable_all()
        .build()
        .map_err(Failure::failed)
}

/// How a box that ended is told to the shell.
pub(super) fn ended(end: anyhow::Result<End>) -> Result<ExitCode, Failure> {
    match end {
        Ok(End::Stopped) => Ok(ExitCode::SUCCESS),
        Ok(End::Restart) => Ok(ExitCode::from(super::exit::RESTART)),
        Ok(End::Fallen(why)) => Err(Failure::failed(why)),
        Err(error) => Err(Failure::failed(format_args!("{error:#}"))),
    }
}
