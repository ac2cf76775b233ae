//! `meter …` and `mediators …`: the registry, and what is done with each meter.

use clap::{Args, Subcommand, ValueEnum};
use hyper::Method;
use serde_json::{Value, json};

use super::reach::block_on;
use super::{Common, Failure, print};
use crate::admin::Client;
use crate::domain::{Duty, Health, MeterId, Quantity};
use crate::meter::link::Target;
use crate::meter::{MeterShown, Source};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a meter to the registry; it is polled from now on
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
    /// Take a meter that was added out of the registry
    #[command(after_help = "Example:\n  gatelodge meter remove EML2137580761")]
    Remove {
        /// Its serial
        serial: MeterId,
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
}

#[derive(Subcommand)]
pub(super) enum Mediators {
    /// List the meters that are served
    #[command(after_help = "Example:\n  gatelodge mediators list --esco hmce --exists true")]
    List {
        /// Of this supplier only
        #[arg(short, long)]
        esco: Option<String>,
        /// Only those that are served, or only those that are not
        #[arg(long, value_name = "B", action = clap::ArgAction::Set)]
        exists: Option<bool>,
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
    /// Serve a meter no more; its entry stays
    #[command(
        alias = "destroy_one",
        after_help = "Example:\n  gatelodge mediators destroy EML2137580761"
    )]
    Destroy {
        /// Its serial
        serial: MeterId,
    },
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
}

/// What older programs call what is done with a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum State {
    /// It is polled
    Started,
    /// It is served, and not polled
    Stopped,
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        block_on(async {
            let client = common.running().await?;
            match self {
                Command::Add(add) => {
                    let entry = json!({
                        "serial": add.serial, "link": add.link, "esco": add.esco, "name": add.name,
                        "feeder": add.feeder, "hardware": add.hardware,
                    });
                    one(common, &client.ask(Method::POST, "/meters", Some(&entry)).await?);
                }
                Command::List => many(common, all(&client).await?),
                Command::Show { serial } => one(common, &client.ask(Method::GET, &path(&serial), None).await?),
                Command::Remove { serial } => {
                    let _: Value = client.ask(Method::DELETE, &path(&serial), None).await?;
                    if !common.json {
                        print::line(format_args!("removed {serial}"));
                    }
                }
            }
            Ok(())
        })
    }
}

impl Mediators {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        block_on(async {
            let client = common.running().await?;
            match self {
                Mediators::List {
                    esco,
                    exists,
                    feeder,
                    three_phase_only,
                    state,
                } => {
                    let mut meters = all(&client).await?;
                    meters.retain(|shown| {
                        same(esco.as_ref(), shown.meter.esco.as_ref())
                            && same(feeder.as_ref(), shown.meter.feeder.as_ref())
                            && exists.is_none_or(|exists| exists == (shown.duty != Duty::Off))
                            && state.is_none_or(|state| state.is(shown.duty))
                            && (!three_phase_only || has_three_phases(shown))
                    });
                    mediators(common, meters);
                }
                Mediators::Create { serial, .. } => {
                    // One that is polled exists already, and goes on.
                    let now: MeterShown = client.ask(Method::GET, &path(&serial), None).await?;
                    let duty = if now.duty == Duty::Off { Duty::Served } else { now.duty };
                    set(common, &client, &serial, duty).await?;
                }
                Mediators::Destroy { serial } => set(common, &client, &serial, Duty::Off).await?,
                Mediators::Start { serial } => set(common, &client, &serial, Duty::Polled).await?,
                Mediators::Stop { serial } => set(common, &client, &serial, Duty::Served).await?,
                Mediators::Sync { serial } => {
                    let _: Value = client
                        .ask(Method::POST, &format!("{}/poll", path(&serial)), None)
                        .await?;
                    if !common.json {
                        print::line(format_args!(
                            "{serial} is read now; `gatelodge meter show {serial}` shows it"
                        ));
                    }
                }
            }
            Ok(())
        })
    }
}

impl State {
    fn is(self, duty: Duty) -> bool {
        match self {
            State::Started => duty == Duty::Polled,
            State::Stopped => duty == Duty::Served,
        }
    }
}

/// Every meter.
pub(super) async fn all(client: &Client) -> Result<Vec<MeterShown>, Failure> {
    Ok(client.ask(Method::GET, "/meters", None).await?)
}

fn path(serial: &MeterId) -> String {
    format!("/meters/{serial}")
}

async fn set(common: &Common, client: &Client, serial: &MeterId, duty: Duty) -> Result<(), Failure> {
    let wish = json!({ "duty": duty });
    let shown: MeterShown = client
        .ask(Method::PUT, &format!("{}/duty", path(serial)), Some(&wish))
        .await?;
    mediators(common, vec![shown]);
    Ok(())
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
    let values = shown.values.iter().map(|(quantity, value)| {
        let name = json!(quantity).as_str().unwrap_or_default().to_owned();
        let shown = match &value.value {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let quality = json!(value.quality).as_str().unwrap_or_default().to_owned();
        [
            name,
            shown,
            print::or_dash(value.unit.as_ref()),
            print::moment(Some(value.at)),
            quality,
        ]
    });
    print::table(["value", "is", "unit", "at", "quality"], values);
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
        Health::Unhealthy => format!("silent: {}", shown.health_details),
    }
}
