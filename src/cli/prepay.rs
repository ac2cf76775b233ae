//! `prepay …`: top-up codes on their way to meters, and what became of them.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use hyper::Method;
use serde_json::{Value, json};

use super::explain::Explain;
use super::print::segment;
use super::reach::{block_on, patience, secret_from};
use super::{CliError, Common, print};
use crate::accounts::Secret;
use crate::admin::Client;
use crate::domain::{MeterId, TopupState};
use crate::meter::emop::{Money, Token};
use crate::meter::topup::{Reply, TopupShown};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Give a meter a top-up code, and wait until it is proved what became of it
    ///
    /// The code is sent once and never again. What the meter counts before and after says whether it was taken. Exit
    /// code 0: taken; 5: not taken; 1: not known yet; 4: the meter was not reached yet. The box goes on in any case.
    #[command(
        after_help = "Examples:\n  gatelodge prepay send EML2137580761 --token-file ./code\n  pass show code | gatelodge prepay send EML2137580761 -"
    )]
    Send(Send),
    /// List top-ups, the newest first
    #[command(after_help = "Example:\n  gatelodge prepay list --meter EML2137580761")]
    List {
        /// Only those of this meter
        #[arg(long, value_name = "SERIAL")]
        meter: Option<MeterId>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show one top-up: how it is, and what proves it
    #[command(after_help = "Example:\n  gatelodge prepay show 3f9a2c5d8e71")]
    Show {
        /// Its id, as `prepay list` shows it
        id: String,
    },
    /// Explain a balance: what leads from one that was read to another, line by line
    ///
    /// The balance before the first day, energy by the tariff that was in force, standing charge, debt, top-ups, what they
    /// come to, and what the meter itself shows. What is not known is named, and nothing is computed for it.
    #[command(
        after_help = "Examples:\n  gatelodge prepay explain EML2137580761 --from 2026-02-01 --to 2026-02-28\n  \
                      gatelodge prepay explain EML2137580761 --csv --half-hours > money.csv"
    )]
    Explain(Explain),
    /// End a top-up that is in doubt: you looked at the meter
    #[command(
        after_help = "Example:\n  gatelodge prepay settle 3f9a2c5d8e71 --taken --why \"the display shows 20 pounds more\""
    )]
    Settle(Settle),
    /// Take a code back that waits
    #[command(after_help = "Example:\n  gatelodge prepay cancel 3f9a2c5d8e71")]
    Cancel {
        /// Its id, as `prepay list` shows it
        id: String,
    },
}

#[derive(Args)]
pub(super) struct Send {
    /// The meter's serial
    serial: MeterId,
    /// `-`: the code comes on standard input; the code itself, which others on this machine can read meanwhile
    #[arg(
        value_name = "TOKEN",
        required_unless_present = "token_file",
        conflicts_with = "token_file"
    )]
    token: Option<String>,
    /// A file with the code
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Wait no longer than so many seconds; 0: do not wait, exit code 0 says that the box has it
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = patience())]
    wait: u64,
    /// Even when the meter is known not to prepay
    #[arg(long)]
    anyway: bool,
}

#[derive(Args)]
#[command(group = clap::ArgGroup::new("outcome").required(true))]
pub(super) struct Settle {
    /// Its id, as `prepay list` shows it
    id: String,
    /// The meter took it
    #[arg(long, group = "outcome")]
    taken: bool,
    /// The meter did not take it
    #[arg(long, group = "outcome")]
    not_taken: bool,
    /// How you know
    #[arg(long, value_name = "TEXT")]
    why: String,
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, CliError> {
        let code = match &self {
            Command::Send(send) => Some(send.code()?),
            _ => None,
        };
        block_on(async {
            let client = common.running().await?;
            match self {
                Command::Send(send) => {
                    return send
                        .send(common, &client, &code.unwrap_or_else(|| Secret::given("")))
                        .await;
                }
                Command::List { meter, limit } => {
                    let meter = meter.map_or_else(String::new, |meter| format!("&meter={meter}"));
                    let path = format!("/topups?limit={limit}{meter}");
                    many(common, client.ask(Method::GET, &path, None).await?);
                }
                Command::Explain(explain) => explain.run(common, &client).await?,
                Command::Show { id } => one(common, &client.ask(Method::GET, &path(&id), None).await?),
                Command::Settle(settle) => {
                    let said = json!({ "taken": settle.taken, "why": settle.why });
                    let path = format!("{}/settlement", path(&settle.id));
                    one(common, &client.ask(Method::POST, &path, Some(&said)).await?);
                }
                Command::Cancel { id } => one(common, &client.ask(Method::DELETE, &path(&id), None).await?),
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

fn path(id: &str) -> String {
    format!("/topups/{}", segment(id))
}

impl Send {
    /// The code; read before the box is reached.
    fn code(&self) -> Result<Secret, CliError> {
        match (&self.token_file, self.token.as_deref()) {
            (Some(file), _) => secret_from(file),
            (None, Some("-") | None) => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).map_err(CliError::failed)?;
                Ok(Secret::given(text.trim()))
            }
            (None, Some(text)) => {
                print::note(format_args!(
                    "everybody on this machine can read the arguments of a command: `-` or --token-file keeps a code to yourself"
                ));
                Ok(Secret::given(text))
            }
        }
    }

    async fn send(&self, common: &Common, client: &Client, code: &Secret) -> Result<ExitCode, CliError> {
        // What is no code is known before the box is asked.
        let token: Result<Token, _> = code.reveal().trim().parse();
        token.map_err(CliError::usage)?;
        let given = json!({ "meter": self.serial, "token": code.reveal().trim(), "anyway": self.anyway });
        let created: Value = client.ask(Method::POST, "/topups", Some(&given)).await?;
        let id = created["id"].as_str().unwrap_or_default().to_owned();
        if created["new"] == false {
            print::note(format_args!("this code was given before: it is top-up {id}"));
        }
        let mut topup: TopupShown = client.ask(Method::GET, &path(&id), None).await?;
        let end = std::time::Instant::now() + std::time::Duration::from_secs(self.wait);
        let mut told = None;
        while !topup.state.is_settled() && std::time::Instant::now() < end {
            if told.replace(topup.state) != Some(topup.state) {
                print::note(format_args!("{id}: {}", topup.words));
            }
            topup = client.ask(Method::GET, &format!("{}?wait=1", path(&id)), None).await?;
        }
        one(common, &topup);
        if self.wait == 0 && matches!(topup.state, TopupState::Waiting | TopupState::Sending) {
            print::note(format_args!("accepted; {}", goes_on(&topup)));
            return Ok(ExitCode::SUCCESS);
        }
        ended(&topup)
    }
}

fn goes_on(topup: &TopupShown) -> String {
    format!("the box goes on; `gatelodge prepay show {}` says how it is", topup.id)
}

/// The exit code that says what became of it.
fn ended(topup: &TopupShown) -> Result<ExitCode, CliError> {
    let next = goes_on(topup);
    match topup.state {
        TopupState::Taken => Ok(ExitCode::SUCCESS),
        TopupState::Refused | TopupState::Cancelled => Err(CliError::refused(&topup.words)),
        TopupState::NotSent => Err(CliError::not_reachable(&topup.words)),
        TopupState::Waiting => {
            let why = topup.trouble.as_deref().unwrap_or("the meter was not reached yet");
            Err(CliError::not_reachable(why).hint(next))
        }
        TopupState::InDoubt => Err(CliError::failed(&topup.words).hint(format_args!("{next}; {}", settles(topup)))),
        TopupState::Sending => Err(CliError::failed(&topup.words).hint(next)),
    }
}

/// How a person ends one in doubt.
fn settles(topup: &TopupShown) -> String {
    format!(
        "whoever looks at the meter can end it: `gatelodge prepay settle {} --taken|--not-taken --why TEXT`",
        topup.id
    )
}

fn many(common: &Common, topups: Vec<TopupShown>) {
    if common.json {
        return print::json(&topups);
    }
    let rows = topups.into_iter().map(|topup| {
        [
            topup.id,
            topup.meter.to_string(),
            topup.state.name().to_owned(),
            print::moment(Some(topup.since)),
            print::or_dash(topup.balance_before.as_deref().map(in_pounds)),
            print::or_dash(topup.balance_after.as_deref().map(in_pounds)),
            topup.origin.by,
        ]
    });
    print::table(["id", "meter", "state", "since", "before", "after", "by"], rows);
}

/// An amount as people read it.
fn in_pounds(amount: &str) -> String {
    amount
        .parse::<Money>()
        .map_or_else(|_| amount.to_owned(), Money::exact_pounds)
}

fn one(common: &Common, topup: &TopupShown) {
    if common.json {
        return print::json(topup);
    }
    let row = |name: &str, text: &dyn std::fmt::Display| print::line(format_args!("{name:<9} {text}"));
    row("id", &topup.id);
    row("meter", &topup.meter);
    row("state", &topup.state.name());
    row("means", &topup.words);
    row("since", &print::moment(Some(topup.since)));
    row(
        "given",
        &format_args!("{} by {}", print::moment(Some(topup.made)), topup.origin.by),
    );
    for (name, amount) in [("before", &topup.balance_before), ("after", &topup.balance_after)] {
        if let Some(amount) = amount {
            row(name, &in_pounds(amount));
        }
    }
    if let Some(reply) = topup.reply {
        row("reply", &said(reply));
    }
    if topup.may_be_anothers {
        row(
            "note",
            &"the meter's yes was not heard: a code keyed in at the meter meanwhile looks the same",
        );
    }
    if topup.wants_the_code {
        row("note", &"the key that sealed the code is gone: send the code again");
    }
    if let Some(trouble) = &topup.trouble {
        row("trouble", trouble);
    }
    if topup.state == TopupState::InDoubt {
        row("next", &settles(topup));
    }
    if let Some(hand) = &topup.by_hand {
        row("ended by", &format_args!("{}: {}", hand.by, hand.why));
    }
}

fn said(reply: Reply) -> String {
    match reply {
        Reply::Accepted => "the meter said yes".to_owned(),
        Reply::Refused(code) => format!("the meter said no ({code})"),
        Reply::Nothing => "none came".to_owned(),
    }
}
