//! `meter tariff …`: what a meter charges, and what it is to charge (EMOP §22).

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use hyper::Method;

use super::reach::patience;
use super::{CliError, Common, print};
use crate::admin::Client;
use crate::domain::MeterId;
use crate::meter::tariffs::{
    Absent, AmountShown, CUTS_ITSELF, FrameShown, NewTariff, TariffShown, TariffWriteShown, TariffsShown, WriteState,
};

/// The tariff that begins later; without a moment there is none.
const TO_COME: &str = "to come";

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show what a meter charges and will charge, in pence with units, and what was last written to it
    ///
    /// A prepayment meter cuts the load by itself when its balance is used up. This box cannot stop that.
    #[command(after_help = "Examples:\n  gatelodge meter tariff show EML2137580761\n  \
                            gatelodge meter tariff show EML2137580761 --now     ask the meter first")]
    Show {
        /// Its serial
        serial: MeterId,
        /// Ask the meter now, for its time switches too
        #[arg(long)]
        now: bool,
    },
    /// Write the tariff to come: eleven objects, the moment last, all of them read back
    ///
    /// The meter is asked first who it is, what its clock shows and whether it is paid for beforehand; with anything wrong,
    /// nothing is written. What ends half-way goes on when the same is asked again. A prepayment meter cuts the load by
    /// itself when its balance is used up; this box cannot stop that. Exit code 0: the meter holds all of it; 1: it holds
    /// something else, or did not answer; 5: refused.
    #[command(
        after_help = "Examples:\n  gatelodge meter tariff write EML2137580761 --unit-rate 0.23812 --standing-charge \
                            0.51082 --from 2027-04-01T00:00:00 --why \"prices of April\"\n  gatelodge meter tariff write \
                            EML2137580761 --unit-rate 0.23812 --standing-charge 0.51082 --from 2027-04-01 --why trial \
                            --dry-run"
    )]
    Write(Write),
}

/// A tariff to come.
#[derive(Args)]
pub(super) struct Write {
    /// The meter's serial
    serial: MeterId,
    /// For a kWh, of both elements, in pounds
    #[arg(long, value_name = "GBP", allow_hyphen_values = true)]
    unit_rate: String,
    /// For a day, in pounds
    #[arg(long, value_name = "GBP", allow_hyphen_values = true)]
    standing_charge: String,
    /// How far below zero the balance may go [default: as in force]
    #[arg(long, value_name = "GBP", allow_hyphen_values = true)]
    emergency_credit: Option<String>,
    /// From which balance on that is offered [default: as in force]
    #[arg(long, value_name = "GBP", allow_hyphen_values = true)]
    ecredit_availability: Option<String>,
    /// Debt paid back in a day [default: as in force]
    #[arg(long, value_name = "GBP", allow_hyphen_values = true)]
    debt_recovery_rate: Option<String>,
    /// When it begins, by the meter's own clock: British summer time in summer where its daylight flag is on
    #[arg(long, value_name = "MOMENT")]
    from: String,
    /// Show the frames and what they mean, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Wait no longer than so many seconds; with fewer than the meter takes to say what it is asked first, nothing is
    /// written. 0: wait for that alone
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = patience())]
    wait: u64,
}

impl Command {
    pub(super) async fn run(self, common: &Common, client: &Client) -> Result<ExitCode, CliError> {
        match self {
            Command::Show { serial, now } => {
                let shown: TariffsShown = match now {
                    true => {
                        client
                            .ask(Method::POST, &format!("{}/read", path(&serial)), None)
                            .await?
                    }
                    false => client.ask(Method::GET, &path(&serial), None).await?,
                };
                all(common, &shown);
                Ok(ExitCode::SUCCESS)
            }
            Command::Write(write) => write.run(common, client).await,
        }
    }
}

fn path(serial: &MeterId) -> String {
    format!("/meters/{serial}/tariffs")
}

impl Write {
    async fn run(self, common: &Common, client: &Client) -> Result<ExitCode, CliError> {
        let new = NewTariff {
            unit_rate: self.unit_rate,
            standing_charge: self.standing_charge,
            emergency_credit: self.emergency_credit,
            ecredit_availability: self.ecredit_availability,
            debt_recovery_rate: self.debt_recovery_rate,
            from: self.from,
            why: self.why,
            absent: Absent::Kept,
        };
        let new = serde_json::to_value(new).map_err(CliError::failed)?;
        let path = format!("{}/future", path(&self.serial));
        if self.dry_run {
            let dry = format!("{path}?dry_run=true");
            let frames: Vec<FrameShown> = client.ask(Method::PUT, &dry, Some(&new)).await?;
            match common.json {
                true => print::json(&frames),
                false => frames_shown(&frames),
            }
            return Ok(ExitCode::SUCCESS);
        }
        let end = Instant::now() + Duration::from_secs(self.wait);
        let first = match self.wait {
            0 => path.clone(),
            seconds => format!("{path}?wait={seconds}"),
        };
        let mut write: TariffWriteShown = client.ask(Method::PUT, &first, Some(&new)).await?;
        let mut told = None;
        while write.state == WriteState::Writing && Instant::now() < end {
            if told.replace(write.written) != Some(write.written) {
                print::note(format_args!("{}: {}", write.meter, write.words));
            }
            write = client.ask(Method::GET, &format!("{path}?wait=1"), None).await?;
        }
        match common.json {
            true => print::json(&write),
            false => written(&write),
        }
        ended(&write)
    }
}

/// Frames that would be sent.
pub(super) fn frames_shown(frames: &[FrameShown]) {
    let rows = frames
        .iter()
        .map(|frame| [frame.object.clone(), frame.means.clone(), frame.frame.clone()]);
    print::table(["object", "means", "frame"], rows);
    print::note(format_args!("nothing was sent"));
}

fn ended(write: &TariffWriteShown) -> Result<ExitCode, CliError> {
    let show = format!("`gatelodge meter tariff show {}` says how it is", write.meter);
    match write.state {
        WriteState::Done => Ok(ExitCode::SUCCESS),
        WriteState::Differs => {
            Err(CliError::failed("the meter holds something else than was written").hint("write it again, or another"))
        }
        WriteState::Halted => Err(CliError::failed(&write.words).hint("ask for the same again")),
        WriteState::Writing => {
            Err(CliError::failed("it is still being written").hint(format!("the box goes on; {show}")))
        }
    }
}

fn row(name: &str, text: &dyn std::fmt::Display) {
    print::line(format_args!("{name:<21} {text}"));
}

fn all(common: &Common, shown: &TariffsShown) {
    if common.json {
        return print::json(shown);
    }
    row("meter", &shown.meter);
    for (name, which) in [("in force", &shown.active), (TO_COME, &shown.future)] {
        match which {
            Some(tariff) if name == TO_COME && tariff.begins.is_none() => {
                row(name, &format_args!("none, as of {}", print::moment(Some(tariff.at))));
            }
            Some(tariff) => one(name, tariff),
            None => row(name, &"not known: `--now` asks the meter"),
        }
    }
    for seen in &shown.history {
        let words = |amount: &Option<AmountShown>| print::or_dash(amount.as_ref().map(|amount| amount.words.clone()));
        let (rate, standing) = (words(&seen.tariff.unit_rate), words(&seen.tariff.standing_charge));
        row(
            "seen since",
            &format_args!("{}: {rate}, {standing}", print::moment(Some(seen.since))),
        );
    }
    if let Some(switches) = &shown.time_switches {
        let hex = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        row("time switches", &print::moment(Some(switches.at)));
        row("  a, or single", &hex(&switches.element_a_or_single));
        row("  b", &hex(&switches.element_b));
    }
    if let Some(write) = &shown.write {
        row("last written", &print::moment(Some(write.made)));
        written(write);
    }
    print::note(format_args!("{}", shown.note));
    print::note(format_args!("{CUTS_ITSELF}"));
}

fn one(name: &str, tariff: &TariffShown) {
    row(name, &format_args!("as of {}", print::moment(Some(tariff.at))));
    let amounts = [
        ("  price", &tariff.unit_rate),
        ("  price, element b", &tariff.unit_rate_element_b),
        ("  standing charge", &tariff.standing_charge),
        ("  emergency credit", &tariff.emergency_credit),
        ("  offered from", &tariff.ecredit_availability),
        ("  debt paid back", &tariff.debt_recovery_rate),
    ];
    for (name, amount) in amounts {
        if let Some(amount) = amount {
            row(name, &amount.words);
        }
    }
    if let Some(begins) = &tariff.begins {
        row("  begins", &format_args!("{begins} by the meter's own clock"));
    }
    if tariff.raw.as_object().is_some_and(|raw| !raw.is_empty()) {
        row("  as the meter has it", &tariff.raw);
    }
}

fn written(write: &TariffWriteShown) {
    row("  state", &write.words);
    let words = |amount: &AmountShown| amount.words.clone();
    row(
        "  tariff",
        &format_args!(
            "{}, {}, from {}",
            words(&write.unit_rate),
            words(&write.standing_charge),
            write.begins
        ),
    );
    row("  why", &write.why);
    if let Some(origin) = &write.origin {
        row("  by", &origin.by);
    }
    if let Some(trouble) = &write.trouble {
        row("  trouble", trouble);
    }
    if !write.differs.is_empty() {
        let rows = write
            .differs
            .iter()
            .map(|one| [one.object.clone(), one.wanted.clone(), one.held.clone()]);
        print::table(["object", "wanted", "held"], rows);
    }
}
