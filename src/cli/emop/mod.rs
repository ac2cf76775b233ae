//! `emop …`: meters asked and told by hand and by scripts, with the names, arguments and output of the program that
//! installers know (EMOP §13).
//!
//! The commands stand in [`table`], once; [`target`] finds the place they are carried out at, a mediator or the
//! running box, and what differs between the two ends at [`place`].

mod action;
mod command;
mod download;
mod entry;
mod intervals;
mod manner;
mod mediator;
mod outcome;
mod place;
mod reading;
mod registry;
mod running;
mod settings;
mod table;
mod target;
mod work;
mod writing;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::time::Instant;

use self::action::Action;
use self::command::Given;
pub(super) use self::download::Download;
use self::place::{Place, There};
use self::target::Target;
use self::work::Work;
use super::reach::block_on;
use super::{CliError, Common, print};
use crate::app::{LogTo, start_logging};
use crate::config::{Log, LogFormat};
use crate::domain::MeterId;

/// A meter that takes so long is said to be waited for, and then again and again.
const FIRST_SIGN: Duration = Duration::from_secs(5);
const SIGNS: Duration = Duration::from_secs(10);

/// Which meters, where, and what.
#[derive(Args)]
pub(super) struct Emop {
    #[command(flatten)]
    target: Target,
    /// The meter; wins over a serial after the command
    #[arg(short, long, global = true, value_name = "SERIAL")]
    serial: Option<String>,
    /// Several meters, one after the other
    #[arg(long, global = true, value_name = "A,B", value_delimiter = ',')]
    serials: Vec<String>,
    /// Several meters: a file with a serial a line
    #[arg(long, global = true, value_name = "FILE")]
    serials_file: Option<PathBuf>,
    /// What is logged on standard error
    #[arg(long, global = true, value_name = "L", ignore_case = true)]
    log_level: Option<Level>,
    /// The same as --log-level debug
    #[arg(long, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Given,
}

/// Levels as older scripts name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    Debug,
    Info,
    #[value(alias = "warn")]
    Warning,
    #[value(alias = "critical")]
    Error,
}

impl Emop {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, CliError> {
        self.start_logging();
        match self.command.action {
            Action::EnvSet => set_environment(self.command.word())?,
            Action::EnvShow => show_environment(common)?,
            Action::Version => print::line(format_args!("{}", env!("CARGO_PKG_VERSION"))),
            Action::List => block_on(until_interrupted(self.list(common)))?,
            _ => return block_on(until_interrupted(self.each(common))),
        }
        Ok(ExitCode::SUCCESS)
    }

    fn start_logging(&self) {
        match (self.verbose, self.log_level) {
            (true, _) => start_logging_at(Level::Debug),
            (false, Some(level)) => start_logging_at(level),
            (false, None) => {}
        }
    }

    async fn list(&self, common: &Common) -> Result<(), CliError> {
        let place = self.target.place(common).await?;
        let meters = registry::list(place.as_ref(), self.command.option("esco").unwrap_or_default()).await?;
        if common.json {
            print::json_lines(&registry::list_json(meters));
        } else {
            registry::table(&meters);
        }
        Ok(())
    }

    /// Carries the command out at each of the meters; what fails at one does not keep the next from its turn.
    async fn each(&self, common: &Common) -> Result<ExitCode, CliError> {
        let serials = self.meters()?;
        // Bad arguments are told before anybody is asked.
        let work = Work::of(&self.command, serials.len())?;
        let place = self.target.place(common).await?;
        if let [serial] = serials.as_slice() {
            self.one(common, place.as_ref(), (serial, &work)).await?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut failures = Vec::new();
        for serial in &serials {
            print::note(format_args!("running '{}' for meter {serial} ...", self.command.name));
            if let Err(failure) = self.one(common, place.as_ref(), (serial, &work)).await {
                let _ = failure.report();
                failures.push(failure);
            }
        }
        match failures.first() {
            None => Ok(ExitCode::SUCCESS),
            Some(first) if failures.iter().all(|failure| failure.code() == first.code()) => {
                Ok(ExitCode::from(first.code()))
            }
            Some(_) => Ok(ExitCode::FAILURE),
        }
    }

    async fn one(&self, common: &Common, place: &dyn Place, (serial, work): (&MeterId, &Work)) -> Result<(), CliError> {
        let outcome = with_signs_of_life(serial, work.carry_out(There { place, serial })).await;
        let outcome = outcome.map_err(|failure| failure.about(serial))?;
        if common.json {
            outcome.print_json();
        } else {
            outcome.print(self.command.name);
        }
        outcome.ended().map_err(|failure| failure.about(serial))
    }

    /// The meters it is about, each once.
    fn meters(&self) -> Result<Vec<MeterId>, CliError> {
        let mut texts = self.serials.clone();
        if let Some(file) = &self.serials_file {
            let text = std::fs::read_to_string(file)
                .map_err(|error| CliError::usage(format_args!("{}: {error}", file.display())))?;
            texts.extend(text.lines().map(str::to_owned));
        }
        if self.serials.is_empty() && self.serials_file.is_none() {
            let one = self.serial.as_ref().or(self.command.serial.as_ref());
            texts.extend(one.cloned());
        }
        let mut serials: Vec<MeterId> = Vec::new();
        for text in texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
            let serial = text
                .parse()
                .map_err(|error| CliError::usage(format_args!("`{text}`: {error}")))?;
            if !serials.contains(&serial) {
                serials.push(serial);
            }
        }
        if serials.is_empty() {
            return Err(CliError::usage(format_args!("{} needs a meter", self.command.name))
                .hint("its serial goes after the command or with -s; --serials A,B and --serials-file name several"));
        }
        Ok(serials)
    }
}

fn start_logging_at(level: Level) {
    let filter = match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warning => "warn",
        Level::Error => "error",
    };
    let log = Log {
        format: LogFormat::Text,
        filter: filter.to_owned(),
    };
    let _ = start_logging(&log, LogTo::Stderr);
}

/// Where older programs keep what they need (`~/.simt`), when there is a home.
pub(super) fn home_folder() -> Option<PathBuf> {
    settings::folder()
}

/// `env_show`.
pub(super) fn show_environment(common: &Common) -> Result<(), CliError> {
    let name = block_on(target::environment(common))?;
    print::line(format_args!("{name}"));
    Ok(())
}

/// `env_set`.
pub(super) fn set_environment(name: &str) -> Result<(), CliError> {
    settings::set(name)?;
    print::line(format_args!("env set to {name}"));
    Ok(())
}

/// Says now and then, on standard error, that a meter is still waited for.
async fn with_signs_of_life<R>(serial: &MeterId, work: impl Future<Output = R>) -> R {
    let began = Instant::now();
    let mut signs = tokio::time::interval_at(began + FIRST_SIGN, SIGNS);
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = signs.tick() => print::note(format_args!("{serial}: still waiting, for {} s now", began.elapsed().as_secs())),
        }
    }
}

/// Ctrl-C ends a command with 1, as scripts expect of this one (EMOP §13).
async fn until_interrupted<R>(work: impl Future<Output = Result<R, CliError>>) -> Result<R, CliError> {
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Err(CliError::failed("interrupted")),
    }
}
