//! `mediators …`: what is done with each meter, under the names of a time when each had a server of its own
//! (EMOP §14). A mediator is here a meter's driver: created it is served, started it is polled.

use std::io::BufRead;

use clap::{ArgAction, Args, Subcommand, ValueEnum};
use hyper::Method;
use serde_json::{Value, json};

use super::meters::{all, path};
use super::reach::block_on;
use super::{CliError, Common, emop, print};
use crate::admin::Client;
use crate::domain::{Duty, Health, MeterId, Quantity};
use crate::meter::MeterShown;

#[derive(Subcommand)]
pub(super) enum Mediators {
    /// List the meters that are served
    #[command(after_help = "Example:\n  gatelodge mediators list --esco hmce --exists true")]
    List {
        /// Of this supplier only
        #[arg(short, long)]
        esco: Option<String>,
        /// Only those that are served (true), or only those that are not (false)
        #[arg(long, value_name = "B", action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
        exists: Option<bool>,
        /// The same as --exists false
        #[arg(long, alias = "no_exists", conflicts_with = "exists")]
        no_exists: bool,
        /// Only those on this feeder
        #[arg(short, long)]
        feeder: Option<String>,
        /// Only meters with three phases
        #[arg(long, alias = "three_phase_only")]
        three_phase_only: bool,
        /// Only those in this state
        #[arg(short, long)]
        state: Option<State>,
    },
    /// Serve a meter: whoever may can ask it
    #[command(after_help = "Example:\n  gatelodge mediators create EML2137580761")]
    Create {
        /// Its serial
        serial: MeterId,
        /// Taken for old scripts; nothing is asked
        #[arg(long, alias = "skip_confirm", hide = true)]
        skip_confirm: bool,
    },
    /// Serve all meters of a supplier
    #[command(
        name = "create_all",
        alias = "create-all",
        after_help = "Example:\n  gatelodge mediators create_all hmce"
    )]
    CreateAll(All),
    /// Serve a meter no more; its entry stays
    #[command(
        alias = "destroy_one",
        after_help = "Example:\n  gatelodge mediators destroy EML2137580761"
    )]
    Destroy {
        /// Its serial
        serial: MeterId,
    },
    /// Serve the meters of a supplier no more; their entries stay
    #[command(
        name = "destroy_all",
        alias = "destroy-all",
        after_help = "Example:\n  gatelodge mediators destroy_all hmce --skip_confirm"
    )]
    DestroyAll(All),
    /// Poll a meter
    #[command(
        alias = "start_one",
        after_help = "Example:\n  gatelodge mediators start EML2137580761"
    )]
    Start {
        /// Its serial
        serial: MeterId,
    },
    /// Poll a meter no more; it can be asked still
    #[command(
        alias = "stop_one",
        after_help = "Example:\n  gatelodge mediators stop EML2137580761"
    )]
    Stop {
        /// Its serial
        serial: MeterId,
    },
    /// Read everything of a meter now
    #[command(after_help = "Example:\n  gatelodge mediators sync EML2137580761")]
    Sync {
        /// Its serial
        serial: MeterId,
    },
    /// Say which environment counts for `emop`
    #[command(name = "env_show", after_help = "Example:\n  gatelodge mediators env_show")]
    EnvShow,
    /// Use another environment with `emop`
    #[command(name = "env_set", after_help = "Example:\n  gatelodge mediators env_set prod")]
    EnvSet {
        /// Its name
        environment: String,
    },
    /// Print the version
    Version,
}

/// All meters of a supplier.
#[derive(Args)]
pub(super) struct All {
    /// The supplier's code, in any case
    esco: String,
    /// Ask nothing
    #[arg(long, alias = "skip_confirm")]
    skip_confirm: bool,
}

/// What older programs call what is done with a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum State {
    /// It is polled
    Started,
    /// It is served, and not polled
    Stopped,
    /// It is on its way from one to the other, which takes no time here
    Stopping,
    /// It is served, and does not answer
    Failed,
}

/// Which meters a list shows.
struct Filter {
    esco: Option<String>,
    exists: Option<bool>,
    feeder: Option<String>,
    three_phase_only: bool,
    state: Option<State>,
}

impl Mediators {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        match self {
            Mediators::EnvShow => emop::show_environment(common),
            Mediators::EnvSet { environment } => emop::set_environment(&environment),
            Mediators::Version => {
                print::line(format_args!("{}", env!("CARGO_PKG_VERSION")));
                Ok(())
            }
            other => block_on(async { other.ask(common, &common.running().await?).await }),
        }
    }

    async fn ask(self, common: &Common, client: &Client) -> Result<(), CliError> {
        match self {
            Mediators::List {
                esco,
                exists,
                no_exists,
                feeder,
                three_phase_only,
                state,
            } => {
                let filter = Filter {
                    esco,
                    exists: exists.or(no_exists.then_some(false)),
                    feeder,
                    three_phase_only,
                    state,
                };
                let mut meters = all(client).await?;
                meters.retain(|shown| filter.takes(shown));
                mediators(common, meters);
            }
            Mediators::Create { serial, .. } => {
                // One that is polled exists already, and goes on.
                let now: MeterShown = client.ask(Method::GET, &path(&serial), None).await?;
                let duty = if now.duty == Duty::Off { Duty::Served } else { now.duty };
                mediators(common, vec![set(client, &serial, duty).await?]);
            }
            Mediators::CreateAll(all) => all.set(common, client, Duty::Served).await?,
            Mediators::DestroyAll(all) => all.set(common, client, Duty::Off).await?,
            Mediators::Destroy { serial } => mediators(common, vec![set(client, &serial, Duty::Off).await?]),
            Mediators::Start { serial } => mediators(common, vec![set(client, &serial, Duty::Polled).await?]),
            Mediators::Stop { serial } => mediators(common, vec![set(client, &serial, Duty::Served).await?]),
            Mediators::Sync { serial } => {
                let path = format!("{}/poll", path(&serial));
                let _: Value = client.ask(Method::POST, &path, None).await?;
                if !common.json {
                    print::line(format_args!(
                        "{serial} is read now; `gatelodge meter show {serial}` shows it"
                    ));
                }
            }
            Mediators::EnvShow | Mediators::EnvSet { .. } | Mediators::Version => {
                unreachable!("these need no box, and were done")
            }
        }
        Ok(())
    }
}

impl All {
    /// Serves those that are not served, or serves none any more.
    async fn set(&self, common: &Common, client: &Client, duty: Duty) -> Result<(), CliError> {
        let mut meters = all(client).await?;
        meters.retain(|shown| {
            same(Some(&self.esco), shown.meter.esco.as_ref()) && (shown.duty == Duty::Off) == (duty == Duty::Served)
        });
        let verb = if duty == Duty::Off { "destroy" } else { "create" };
        if !meters.is_empty() && !self.skip_confirm {
            confirm(&format!("{verb} {} mediators of {}?", meters.len(), self.esco))?;
        }
        let mut changed = Vec::new();
        for shown in meters {
            changed.push(set(client, &shown.meter.serial, duty).await?);
        }
        mediators(common, changed);
        Ok(())
    }
}

/// Asks y/n on the terminal.
fn confirm(question: &str) -> Result<(), CliError> {
    print::note_on(format_args!("{question} (y/n) "));
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    if ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()) {
        return Ok(());
    }
    Err(CliError::failed("nothing was changed").hint("--skip_confirm asks nothing"))
}

impl Filter {
    fn takes(&self, shown: &MeterShown) -> bool {
        same(self.esco.as_ref(), shown.meter.esco.as_ref())
            && same(self.feeder.as_ref(), shown.meter.feeder.as_ref())
            && self.exists.is_none_or(|exists| exists == (shown.duty != Duty::Off))
            && self.state.is_none_or(|state| state.is(shown))
            && (!self.three_phase_only || has_three_phases(shown))
    }
}

impl State {
    fn is(self, shown: &MeterShown) -> bool {
        match self {
            State::Started => shown.duty == Duty::Polled,
            State::Stopped => shown.duty == Duty::Served,
            State::Stopping => false,
            State::Failed => shown.duty != Duty::Off && shown.health == Health::Unhealthy,
        }
    }
}

async fn set(client: &Client, serial: &MeterId, duty: Duty) -> Result<MeterShown, CliError> {
    let body = json!({ "duty": duty });
    Ok(client
        .ask(Method::PUT, &format!("{}/duty", path(serial)), Some(&body))
        .await?)
}

/// Codes are compared without case.
fn same(wanted: Option<&String>, found: Option<&String>) -> bool {
    wanted.is_none_or(|wanted| found.is_some_and(|found| found.eq_ignore_ascii_case(wanted)))
}

fn has_three_phases(shown: &MeterShown) -> bool {
    let known = shown.value(Quantity::Hardware).and_then(Value::as_str);
    let code = shown.meter.hardware.as_deref().or(known);
    code.and_then(crate::meter::emop::identity::Hardware::of_code)
        .is_some_and(crate::meter::emop::identity::Hardware::is_three_phase)
}

fn mediators(common: &Common, meters: Vec<MeterShown>) {
    if common.json {
        return print::json(&meters);
    }
    let rows = meters.into_iter().map(|shown| {
        let state = match shown.duty {
            Duty::Off => "-",
            Duty::Served => "STOPPED",
            Duty::Polled => "STARTED",
        };
        [
            print::or_dash(shown.meter.esco.as_ref()),
            shown.meter.serial.to_string(),
            print::or_dash(shown.meter.name.as_ref()),
            shown.meter.link.clone(),
            (shown.duty != Duty::Off).to_string(),
            state.to_owned(),
        ]
    });
    print::table(["esco", "serial", "name", "link", "exists", "state"], rows);
}
