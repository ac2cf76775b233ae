//! `meter …`: the registry of meters.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use hyper::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::reach::block_on;
use super::{CliError, Common, print, tariffs};
use crate::admin::Client;
use crate::domain::{Counts, Doubt, Duty, Health, MeterId, SpaceId};
use crate::meter::link::Target;
use crate::meter::{Answers, Joined, MeterShown, Source};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a meter to the registry: it is asked at once who it is, and polled from now on
    #[command(
        after_help = "Examples:\n  gatelodge meter add EML2137580761 --link tcp://10.0.0.7:8080 --name \"Flat 7\"\n  \
                      gatelodge meter add EML2137580761 --link 'serial:///dev/serial/by-id/usb-x?baud=9600'"
    )]
    Add(Add),
    /// List all meters, and where each one's entry comes from
    #[command(after_help = "Example:\n  gatelodge meter list")]
    List,
    /// Show one meter: its entry, whether it answers, what it last said
    #[command(after_help = "Example:\n  gatelodge meter show EML2137580761")]
    Show {
        /// Its serial
        serial: MeterId,
    },
    /// What a meter charges, and what it is to charge
    #[command(subcommand)]
    Tariff(tariffs::Command),
    /// Take a meter that was added out of the registry
    ///
    /// One with codes that are not settled is not removed: take back what waits, and end what is in doubt.
    #[command(after_help = "Example:\n  gatelodge meter remove EML2137580761")]
    Remove {
        /// Its serial
        serial: MeterId,
        /// Remove it though codes of it are not settled; they stay in the book
        #[arg(long)]
        yes: bool,
    },
}

/// A meter as it is added.
#[derive(Args)]
pub(super) struct Add {
    /// Its serial
    serial: MeterId,
    /// The way to it: tcp://host:port, or serial:///dev/serial/by-id/…?baud=9600
    #[arg(long)]
    link: Target,
    /// The code of its supplier
    #[arg(long)]
    esco: Option<String>,
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    /// The feeder it hangs on
    #[arg(long)]
    feeder: Option<String>,
    /// Its registry code, such as EMA1.w [default: it is asked]
    #[arg(long)]
    hardware: Option<String>,
    /// What it counts in the building's energy
    #[arg(long, default_value = "unit")]
    counts: Counts,
    /// The space that it feeds, by its id
    #[arg(long)]
    space: Option<SpaceId>,
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, CliError> {
        block_on(async {
            let client = common.running().await?;
            match self {
                Command::Add(add) => {
                    let entry = json!({
                        "serial": add.serial, "link": add.link, "esco": add.esco, "name": add.name,
                        "feeder": add.feeder, "hardware": add.hardware, "counts": add.counts, "space": add.space,
                    });
                    let joined: Joined = client.ask(Method::POST, "/meters", Some(&entry)).await?;
                    if common.json {
                        print::json(&joined);
                    } else {
                        one(common, &joined.meter);
                        print::line(format_args!("{}", answers(&joined.answers)));
                    }
                }
                Command::List => many(common, all(&client).await?),
                Command::Show { serial } => one(common, &client.ask(Method::GET, &path(&serial), None).await?),
                Command::Tariff(command) => return command.run(common, &client).await,
                Command::Remove { serial, yes } => {
                    let path = format!("{}?yes={yes}", path(&serial));
                    removed(common, &serial, &client.ask(Method::DELETE, &path, None).await?);
                }
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// Every meter.
pub(super) async fn all(client: &Client) -> Result<Vec<MeterShown>, CliError> {
    Ok(client.ask(Method::GET, "/meters", None).await?)
}

pub(super) fn path(serial: &MeterId) -> String {
    format!("/meters/{serial}")
}

fn one(common: &Common, shown: &MeterShown) {
    if common.json {
        return print::json(shown);
    }
    let entry = &shown.meter;
    print::line(format_args!("serial    {}", entry.serial));
    print::line(format_args!("link      {}", entry.link));
    print::line(format_args!("from      {}", source(shown.source)));
    print::line(format_args!("state     {}, {}", duty(shown.duty), health(shown)));
    for (what, text) in [("name", &entry.name), ("esco", &entry.esco), ("feeder", &entry.feeder)] {
        if let Some(text) = text {
            print::line(format_args!("{what:<9} {text}"));
        }
    }
    let now = Timestamp::now();
    let values = shown.values.iter().map(|(quantity, value)| {
        let name = json!(quantity).as_str().unwrap_or_default().to_owned();
        let shown = match &value.value {
            Value::Null => value.why.map_or("-", Doubt::words).to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let quality = json!(value.quality).as_str().unwrap_or_default().to_owned();
        [
            name,
            shown,
            print::or_dash(value.unit.as_ref()),
            print::moment(Some(value.at)),
            format!("{} s", value.age_s(now)),
            quality,
        ]
    });
    print::table(["value", "is", "unit", "at", "age", "quality"], values);
}

fn many(common: &Common, meters: Vec<MeterShown>) {
    if common.json {
        return print::json(&meters);
    }
    let rows = meters.into_iter().map(|shown| {
        [
            shown.meter.serial.to_string(),
            print::or_dash(shown.meter.name.as_ref()),
            shown.meter.link.clone(),
            duty(shown.duty).to_owned(),
            health(&shown),
            print::moment(shown.answered),
            source(shown.source).to_owned(),
        ]
    });
    print::table(["serial", "name", "link", "duty", "health", "answered", "from"], rows);
}

/// What was removed, and which codes of it are left.
fn removed(common: &Common, serial: &MeterId, gone: &Value) {
    if common.json {
        return print::json(gone);
    }
    print::line(format_args!("removed {serial}"));
    if gone["topups"].as_array().is_some_and(|topups| !topups.is_empty()) {
        print::note(format_args!(
            "codes of it that are not settled stay in the book: `gatelodge prepay list --meter {serial}` shows them"
        ));
    }
}

fn answers(answers: &Answers) -> String {
    match answers {
        Answers::As(serial) => format!("added; it answers as {serial}"),
        Answers::WithoutSerial => "added; it answers, but says no serial: look at the meter itself".to_owned(),
        Answers::NoLine(why) => format!("added, but it does not answer: {why}; it is asked again"),
    }
}

fn source(source: Source) -> &'static str {
    match source {
        Source::Config => "configuration",
        Source::Added => "meter add",
    }
}

fn duty(duty: Duty) -> &'static str {
    match duty {
        Duty::Off => "off",
        Duty::Served => "served",
        Duty::Polled => "polled",
    }
}

fn health(shown: &MeterShown) -> String {
    match shown.health {
        Health::Unknown => "not asked yet".to_owned(),
        Health::Healthy => "answers".to_owned(),
        Health::Unhealthy if shown.identity.as_ref().is_some_and(|identity| identity.another) => {
            shown.health_details.clone()
        }
        Health::Unhealthy => format!("silent: {}", shown.health_details),
    }
}
