//! `profile-download`: days of half hours from meters into files (EMOP §14).

mod day;
mod groups;
mod plan;
mod progress;

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use self::day::{DayRequest, Done};
use super::place::There;
use super::target::Target;
use super::{Level, start_logging_at, until_interrupted};
use crate::cli::print;
use crate::cli::reach::block_on;
use crate::cli::{CliError, Common};
use crate::domain::MeterId;
use crate::meter::arguments;

/// One day of one meter, or what a file says.
#[derive(Args)]
pub(in crate::cli) struct Download {
    #[command(flatten)]
    target: Target,
    /// The meter
    #[arg(long, short, value_name = "SERIAL", requires = "date")]
    serial: Option<MeterId>,
    /// The day, UTC
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = arguments::day, requires = "serial")]
    date: Option<Date>,
    /// Where the files go
    #[arg(long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
    /// Many meters and days: a file of Java properties
    #[arg(long, value_name = "FILE", conflicts_with_all = ["serial", "date"])]
    groups: Option<PathBuf>,
    /// What is logged on standard error
    #[arg(long, value_name = "L", ignore_case = true, default_value = "info")]
    log_level: Level,
    /// The same as --log-level debug
    #[arg(long)]
    verbose: bool,
}

impl Download {
    pub(in crate::cli) fn run(mut self, common: &Common) -> Result<(), CliError> {
        let mut common = common.clone();
        if self.serial.is_none() && self.groups.is_none() {
            // Here `--config` has always been the file of groups.
            self.groups = common.config.take();
        }
        start_logging_at(if self.verbose { Level::Debug } else { self.log_level });
        block_on(until_interrupted(self.fetch(&common)))
    }

    async fn fetch(&self, common: &Common) -> Result<(), CliError> {
        if let Some(file) = &self.groups {
            let text = std::fs::read_to_string(file)
                .map_err(|error| CliError::configuration(format_args!("{}: {error}", file.display())))?;
            let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
            let plan = plan::Plan::read(&text, today)
                .map_err(|error| CliError::configuration(format_args!("{}: {error}", file.display())))?;
            return groups::fetch(&plan, self.target.place(common).await?.as_ref()).await;
        }
        let (Some(serial), Some(date)) = (&self.serial, self.date) else {
            return Err(CliError::usage(
                "--serial and --date, or --groups FILE, say what to download",
            ));
        };
        let place = self.target.place(common).await?;
        let meter = There {
            place: place.as_ref(),
            serial,
        };
        let wanted = DayRequest {
            date,
            folder: &self.output,
            is_again: false,
        };
        match wanted.fetch(meter).await.map_err(|failure| failure.about(serial))? {
            Done::There(file) => print::note(format_args!("{} is there already", file.display())),
            Done::Written { files, next_held } => {
                for file in &files {
                    print::note(format_args!("wrote {}", file.display()));
                }
                if files.is_empty() {
                    print::note(format_args!("{serial} holds nothing of {date}"));
                }
                if let Some(next) = next_held {
                    print::note(format_args!("the next half hour it holds is of {next}"));
                }
            }
        }
        Ok(())
    }
}
