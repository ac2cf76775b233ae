//! `quickstart`: from an installed box to one that does its job, in at most six questions or by flags alone.
//!
//! Nothing is remembered of where it stopped: each step looks at how the box is, so that it can be left, killed and taken up
//! again, and says whether it is done, waits for somebody, or is wrong, with the next move.

mod address;
mod asking;
mod backups;
mod cloud;
mod house;
mod left;
mod meters;
mod people;
mod qr;
mod sandbox;
mod settings;
mod sheet;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::{Serialize, Serializer};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::doctor::Patient;
use super::reach::{absolute, block_on};
use super::steps::bad;
use super::{CliError, Common, elsewhere, print};
use crate::admin::{Client, Status};
use crate::config::{self, Config};
use crate::tls::{Step, StepVerdict};
use asking::Asker;
use settings::Settings;

/// For a box that is started anew.
const AGAIN: Duration = Duration::from_secs(60);

/// What is not asked for when it is given here.
#[derive(Args)]
pub(super) struct Quickstart {
    /// What people call the building
    #[arg(long)]
    name: Option<String>,
    /// Its time zone, such as Europe/London [default: the machine's]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// The name or address under which people reach the box
    #[arg(long, value_name = "NAME")]
    hostname: Option<String>,
    /// Who issues the certificate that people see: the box itself, or an ACME server such as Let's Encrypt
    #[arg(long, value_name = "WHO", value_parser = ["self-signed", "acme"])]
    certificate: Option<String>,
    #[command(flatten)]
    acme: address::AcmeFlags,
    /// A file with the meters, a line each: SERIAL LINK NAME; `-` for standard input
    #[arg(long, value_name = "FILE")]
    meters: Option<PathBuf>,
    /// The name of who looks after the box; they get a one-time link
    #[arg(long, value_name = "NAME")]
    admin: Option<String>,
    #[command(flatten)]
    backup: backups::BackupFlags,
    #[command(flatten)]
    uplink: cloud::UplinkFlags,
    /// Where the sheet to hand over is written
    #[arg(long, value_name = "FILE", default_value = "gatelodge-sheet.html")]
    sheet: PathBuf,
}

/// What is looked at together, and how it is.
#[derive(Serialize)]
struct Chapter {
    name: &'static str,
    #[serde(serialize_with = "with_states")]
    steps: Vec<Step>,
}

/// Steps as programs read them: by the words that people see.
fn with_states<S: Serializer>(steps: &[Step], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(steps.iter().map(
        |step| json!({ "step": step.step, "state": state(step), "words": step.words, "next_step": step.next_step }),
    ))
}

/// How a step is.
fn state(step: &Step) -> &'static str {
    step.verdict.in_setup()
}

/// One quickstart.
struct Walk<'w> {
    common: &'w Common,
    flags: &'w Quickstart,
    asker: Asker,
    settings: Settings,
    /// The configuration as it is by now.
    config: Config,
    /// The running box.
    client: Option<Client>,
    chapters: Vec<Chapter>,
    /// The one-time link of whoever looks after the box, when one was made.
    link: Option<String>,
}

impl Quickstart {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, CliError> {
        block_on(async {
            let settings = Settings::open(common)?;
            let config = common.load()?.config;
            let mut walk = Walk {
                common,
                asker: Asker::new(common.json),
                flags: &self,
                settings,
                config,
                client: None,
                chapters: Vec::new(),
                link: None,
            };
            walk.go().await?;
            Ok(walk.sum_up())
        })
    }
}

impl Walk<'_> {
    async fn go(&mut self) -> Result<(), CliError> {
        let reached = self.common.running().await;
        let absent = reached.as_ref().err().map(|error| {
            let next = error.next_step().unwrap_or("systemctl start gatelodge");
            bad("box", error, &format!("{next}; then gatelodge quickstart goes on"))
        });
        self.client = reached.ok();
        self.is_meant().await?;
        self.asker.welcome();
        house::settle(self)?;
        address::settle(self)?;
        self.apply().await?;
        let steps = house::look(self).await;
        self.told("1  name, zone, clock", steps);
        // Steps that only a running box can take wait for it.
        if let Some(absent) = absent {
            self.told("2  how people reach it", vec![absent]);
            return Ok(());
        }
        let steps = address::look(self).await;
        self.told("2  how people reach it", steps);
        let steps = meters::walk(self).await?;
        self.told("3  meters", steps);
        let steps = people::walk(self).await?;
        self.told("4  people", steps);
        let steps = backups::walk(self).await?;
        self.told("5  backup", steps);
        let steps = cloud::walk(self).await?;
        self.told("6  cloud", steps);
        let step = sheet::write(self).await;
        self.told("7  hand over", vec![step]);
        Ok(())
    }

    /// What is set here must be what the box that answers reads: else one is set up, and another is asked.
    async fn is_meant(&self) -> Result<(), CliError> {
        let Some(client) = &self.client else { return Ok(()) };
        let status: Status = client.ask(hyper::Method::GET, "/status", None).await?;
        let Some(theirs) = status.configuration else {
            return Ok(());
        };
        let ours = self.common.file();
        let place = |file: &Path| {
            let beside = config::beside(&absolute(file));
            (file.canonicalize().ok(), beside.canonicalize().ok())
        };
        match place(&theirs) == place(&ours) {
            true => Ok(()),
            false => Err(CliError::refused(format_args!(
                "the box that answers runs with {}, and {} would be set",
                theirs.display(),
                ours.display()
            ))
            .hint("name its file with --config, or its own socket with --socket")),
        }
    }

    /// Puts in force what was set.
    async fn apply(&mut self) -> Result<(), CliError> {
        self.settings.apply(self.common, self.client.as_ref()).await?;
        self.config = config::load(&self.common.flags())?.config;
        Ok(())
    }

    /// The running box; steps that need one come after it was found.
    fn client(&self) -> Result<&Client, CliError> {
        let absent = || CliError::not_reachable("no box runs").hint("systemctl start gatelodge");
        self.client.as_ref().ok_or_else(absent)
    }

    /// Waits for the box, which is started anew.
    async fn started_again(&mut self) -> Result<(), CliError> {
        let until = Instant::now() + AGAIN;
        loop {
            match self.common.running().await {
                Ok(client) => {
                    self.client = Some(client);
                    return Ok(());
                }
                Err(error) if Instant::now() > until => return Err(error),
                Err(_) => sleep(Duration::from_millis(200)).await,
            }
        }
    }

    async fn status(&self) -> Result<Status, CliError> {
        Ok(self.client()?.ask(hyper::Method::GET, "/status", None).await?)
    }

    /// Under which address people find the pages.
    async fn pages(&self) -> Result<String, CliError> {
        let status = self.status().await?;
        let https = status.doors.get("https").cloned().unwrap_or_default();
        Ok(match https.is_empty() {
            true => elsewhere::pages(&self.config),
            false => elsewhere::pages_at(&self.config, &https),
        })
    }

    /// What the doctor looks at.
    async fn patient(&self) -> Result<Patient, CliError> {
        Ok(Patient {
            config: self.config.clone(),
            running: Some((self.client()?.clone(), self.status().await?)),
        })
    }

    fn told(&mut self, name: &'static str, steps: Vec<Step>) {
        if !self.common.json {
            print::line(format_args!("{name}"));
            steps.iter().for_each(say);
        }
        self.chapters.push(Chapter { name, steps });
    }

    fn sum_up(&self) -> ExitCode {
        let steps = || self.chapters.iter().flat_map(|chapter| &chapter.steps);
        let count = |verdict| steps().filter(|step| step.verdict == verdict).count();
        let (waits, wrong) = (count(StepVerdict::Doubtful), count(StepVerdict::Bad));
        if self.common.json {
            print::json(&json!({ "chapters": self.chapters, "link": self.link, "waits": waits, "wrong": wrong }));
        } else {
            print::line(format_args!(
                "{} done, {waits} waiting, {wrong} wrong{}",
                count(StepVerdict::Good),
                if waits + wrong > 0 {
                    "; gatelodge quickstart looks again, and goes on with what is left"
                } else {
                    "; gatelodge doctor proves it at any time"
                }
            ));
        }
        if wrong > 0 {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}

fn say(step: &Step) {
    let (state, shout) = (state(step), step.verdict == StepVerdict::Bad);
    let state = if shout { state.to_uppercase() } else { state.to_owned() };
    print::line(format_args!("   {state:<5}  {}: {}", step.step, step.words));
    if let Some(next) = &step.next_step {
        print::line(format_args!("          next: {next}"));
    }
}
