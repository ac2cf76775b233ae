//! `webhook list|deliveries|replay`: who is told when spaces get full and alarms begin.

use std::process::ExitCode;

use clap::Subcommand;
use hyper::Method;

use super::reach::block_on;
use super::{CliError, Common, print};
use crate::webhooks::{DeliveryShown, TargetShown};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List who is told, and how it goes
    #[command(after_help = "Example:\n  gatelodge webhook list")]
    List,
    /// List what was sent lately, newest first
    #[command(after_help = "Example:\n  gatelodge webhook deliveries --state dead")]
    Deliveries {
        /// Only to this target
        #[arg(long)]
        target: Option<String>,
        /// Only what is `waiting`, `delivered`, `dead` or `again`
        #[arg(long)]
        state: Option<String>,
    },
    /// Send a delivery once more, as one try
    #[command(after_help = "Example:\n  gatelodge webhook replay front-desk 1.4711.0")]
    Replay {
        /// The target's name
        target: String,
        /// The delivery's id
        id: String,
    },
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, CliError> {
        match self {
            Command::List => list(common)?,
            Command::Deliveries { target, state } => {
                let wanted = [("target", target), ("state", state)];
                let pairs = wanted
                    .iter()
                    .filter_map(|(key, value)| Some(format!("{key}={}", value.as_ref()?)));
                deliveries(common, &pairs.collect::<Vec<_>>().join("&"))?;
            }
            Command::Replay { target, id } => {
                let path = format!("/webhooks/{target}/deliveries/{id}/replay");
                block_on(async { Ok(common.running().await?.ask::<()>(Method::POST, &path, None).await?) })?;
                if !common.json {
                    print::line(format_args!(
                        "it is sent once more: gatelodge webhook deliveries --target {target}"
                    ));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(common: &Common) -> Result<(), CliError> {
    let targets: Vec<TargetShown> =
        block_on(async { Ok(common.running().await?.ask(Method::GET, "/webhooks", None).await?) })?;
    if common.json {
        print::json(&targets);
        return Ok(());
    }
    if targets.is_empty() {
        print::line(format_args!(
            "nobody is told of anything: add a section [[occupancy.webhook]]"
        ));
    }
    for target in targets {
        print::line(format_args!(
            "{} to {}: {} waiting, {} taken, {} given up{}",
            target.name,
            target.to,
            target.waiting,
            target.delivered,
            target.dead,
            match target.not_before {
                Some(until) => format!("; left alone until {}, as it asked", print::moment(Some(until))),
                None => String::new(),
            }
        ));
    }
    Ok(())
}

fn deliveries(common: &Common, query: &str) -> Result<(), CliError> {
    let path = format!("/webhooks/deliveries?{query}");
    let found: Vec<DeliveryShown> =
        block_on(async { Ok(common.running().await?.ask(Method::GET, &path, None).await?) })?;
    if common.json {
        print::json(&found);
        return Ok(());
    }
    for one in found {
        print::line(format_args!(
            "{} {} {} {} ({}, {}): {}",
            print::moment(Some(one.at)),
            one.target,
            one.id,
            one.topic,
            one.state.words(),
            match one.attempts {
                1 => "1 try".to_owned(),
                tries => format!("{tries} tries"),
            },
            one.outcome
        ));
    }
    Ok(())
}
