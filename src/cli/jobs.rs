//! `job …`: what the box does with meters by itself, beside reading them.

use clap::Subcommand;
use hyper::Method;
use serde::{Deserialize, Serialize};

use super::reach::block_on;
use super::{CliError, Common, print};
use crate::meter::jobs::{Job, JobShown, Report, Run};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the jobs: how often each runs, when it ran last and what came of it
    #[command(after_help = "Example:\n  gatelodge job list")]
    List,
    /// Show a job's runs, and what the newest says of each meter
    #[command(after_help = "Example:\n  gatelodge job show low_balance")]
    Show {
        /// Its name, as `job list` shows it
        name: Job,
    },
    /// Run a job now; exit code 1 when it could not do its work, or some of it failed
    #[command(after_help = "Example:\n  gatelodge job run clocks")]
    Run {
        /// Its name, as `job list` shows it
        name: Job,
    },
}

#[derive(Deserialize, Serialize)]
struct Shown {
    runs: Vec<Run>,
    newest: Option<Report>,
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        let path = |name: Job| format!("/jobs/{name}");
        block_on(async {
            let client = common.running().await?;
            match self {
                Command::List => many(common, client.ask(Method::GET, "/jobs", None).await?),
                Command::Show { name } => one(common, &client.ask(Method::GET, &path(name), None).await?),
                Command::Run { name } => {
                    let ran: Report = client.ask(Method::POST, &path(name), None).await?;
                    if let Some(why) = &ran.run.stopped {
                        if common.json {
                            print::json(&ran);
                        }
                        return Err(CliError::failed(format_args!("{name} did not run: {why}")));
                    }
                    report(common, &ran);
                    if ran.run.failed > 0 {
                        return Err(CliError::failed(format_args!("{} failed", ran.run.failed)));
                    }
                }
            }
            Ok(())
        })
    }
}

fn many(common: &Common, jobs: Vec<JobShown>) {
    if common.json {
        return print::json(&jobs);
    }
    let rows = jobs.into_iter().map(|shown| {
        let last = shown.last.as_ref();
        [
            shown.job.to_string(),
            shown.every,
            print::moment(shown.next),
            print::moment(last.map(|run| run.began)),
            print::or_dash(last.map(Run::words)),
            shown.does,
        ]
    });
    print::table(["job", "every", "next", "last", "outcome", "does"], rows);
}

fn one(common: &Common, shown: &Shown) {
    if common.json {
        return print::json(shown);
    }
    let rows = shown.runs.iter().map(|run| {
        [
            print::moment(Some(run.began)),
            run.cause.words().to_owned(),
            run.meters.to_string(),
            run.words(),
        ]
    });
    print::table(["began", "by", "meters", "outcome"], rows);
    if let Some(newest) = shown.newest.as_ref().filter(|newest| !newest.lines.is_empty()) {
        lines(newest);
    }
}

fn report(common: &Common, ran: &Report) {
    if common.json {
        return print::json(ran);
    }
    print::line(format_args!("{}: {}", ran.run.job, ran.run.words()));
    if !ran.lines.is_empty() {
        lines(ran);
    }
}

fn lines(ran: &Report) {
    let rows = ran.lines.iter().map(|line| {
        [
            print::or_dash(line.meter.as_ref()),
            line.outcome.words().to_owned(),
            line.words.clone(),
        ]
    });
    print::table(["meter", "outcome", "what"], rows);
}
