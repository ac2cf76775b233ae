//! `user …`.

use std::path::PathBuf;

use clap::Subcommand;
use hyper::Method;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::print::segment;
use super::reach::{block_on, secret_from, with_box};
use super::{CliError, Common, elsewhere, move_out, print, privacy};
use crate::accounts::{Role, Secret, Wanted};
use crate::admin::{Client, ClientError, Departed, Departure};
use crate::config::Config;
use crate::domain::{SpaceId, given};

#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Add a person; without a password file they get a one-time link
    #[command(
        after_help = "Examples:\n  gatelodge user add anna --role admin\n  pass lodge | gatelodge user add ben --role doorman --password-file -"
    )]
    Add {
        /// The name they sign in with
        name: String,
        /// What they are to the box
        #[arg(long)]
        role: Role,
        /// A meter that is theirs to see, from now or from the midnight of a day on; may be given several times
        #[arg(long = "meter", value_name = "SERIAL[@YYYY-MM-DD]")]
        meters: Vec<Wanted>,
        /// A space that a doorman sees; may be given several times, and without any they see all
        #[arg(long = "space", value_name = "ID")]
        spaces: Vec<SpaceId>,
        /// A file with their password, or `-` for standard input
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Say which meters are a person's: what is left out ends now, what stays keeps the day that it began
    #[command(
        after_help = "Days begin at midnight where the house stands (site.timezone); without one a meter is theirs from \
                      now on.\n\nExamples:\n  gatelodge user meters clara EML2137580826\n  gatelodge user meters clara \
                      EML2137580826@2026-05-01"
    )]
    Meters {
        /// Their name
        name: String,
        /// The meters, each with the day from which on it is theirs
        #[arg(value_name = "SERIAL[@YYYY-MM-DD]")]
        meters: Vec<Wanted>,
    },
    /// Say which spaces a doorman sees; without any they see all
    #[command(
        after_help = "Whoever sees one space alone is led to its door when they sign in.\n\nExample:\n  gatelodge user spaces \
                      ben 7fcccca5-5ee3-4c82-a0fc-4d1df69a882d"
    )]
    Spaces {
        /// Their name
        name: String,
        /// The spaces
        #[arg(value_name = "ID")]
        spaces: Vec<SpaceId>,
    },
    /// A person moves out: take the last reading of their meters, end what is theirs, and say what remains
    #[command(
        after_help = "They keep their password, and see what was of their time.\n\nExamples:\n  gatelodge user move-out \
                      clara\n  gatelodge user move-out clara --at 2026-05-01 --dry-run"
    )]
    MoveOut {
        /// Their name
        name: String,
        /// The day on which nothing is theirs any more, from its midnight on; else from now on
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = given::day)]
        at: Option<Date>,
        /// Ask the meters, and say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// List everybody
    #[command(after_help = "Example:\n  gatelodge user list")]
    List,
    /// Make a one-time link with which a person chooses a new password
    #[command(after_help = "Example:\n  gatelodge user invite anna")]
    Invite {
        /// Their name
        name: String,
    },
    /// Give a person a new password and end their sessions
    #[command(after_help = "Example:\n  gatelodge user passwd anna --password-file -")]
    Passwd {
        /// Their name
        name: String,
        /// A file with the password, or `-` for standard input
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
    },
    /// Say what the box holds of a person, and write all of it to a ZIP file
    #[command(after_help = "Examples:\n  gatelodge user data clara\n  gatelodge user data clara --take clara.zip")]
    Data {
        /// Their name
        name: String,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        take: Option<PathBuf>,
    },
    /// Erase what the box holds of a person: their account, the half-hours of their own time, their name everywhere else
    #[command(
        after_help = "What stays, and until when, is said before.\n\nExamples:\n  gatelodge user forget clara --dry-run\n  \
                      gatelodge user forget clara"
    )]
    Forget {
        /// Their name
        name: String,
        /// Say what would go and what would stay
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Remove a person, their sessions and links; what they allowed ends, and what meters said of their time stays
    #[command(after_help = "Example:\n  gatelodge user remove anna")]
    Remove {
        /// Their name
        name: String,
    },
}

impl UserCommand {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        let link = common.link();
        let password = self.password()?;
        let needs_box = |command: &UserCommand| {
            matches!(
                command,
                UserCommand::MoveOut { .. } | UserCommand::Data { .. } | UserCommand::Forget { .. }
            )
        };
        if needs_box(&self) {
            // Only a running box asks meters for the last reading, and erases what it holds.
            return block_on(async {
                let client = common.running().await?;
                self.ask(common, &client, &link, None).await
            });
        }
        with_box(common, async |client| {
            self.ask(common, client, &link, password.as_ref()).await
        })
    }

    /// The password that comes along; read before the box is reached, which may be as another user.
    fn password(&self) -> Result<Option<Secret>, CliError> {
        match self {
            UserCommand::Add { password_file, .. } => password_file.as_deref().map(secret_from).transpose(),
            UserCommand::Passwd { password_file, .. } => secret_from(password_file).map(Some),
            UserCommand::Meters { .. }
            | UserCommand::Spaces { .. }
            | UserCommand::MoveOut { .. }
            | UserCommand::List
            | UserCommand::Invite { .. }
            | UserCommand::Data { .. }
            | UserCommand::Forget { .. }
            | UserCommand::Remove { .. } => Ok(None),
        }
    }

    async fn ask(
        self,
        common: &Common,
        client: &Client,
        link: &str,
        password: Option<&Secret>,
    ) -> Result<(), CliError> {
        let person = |name: &str, rest: &str| format!("/people/{}{rest}", segment(name));
        let said = |value: &Value, words: String| {
            if common.json {
                print::json(value)
            } else {
                print::lines(format_args!("{words}"))
            }
        };
        match self {
            UserCommand::Add {
                name,
                role,
                meters,
                spaces,
                password_file: _,
            } => {
                let body = json!({ "name": name, "role": role, "meters": meters, "spaces": spaces, "password": password.map(Secret::reveal) });
                let answer: Value = client.ask(Method::POST, "/people", Some(&body)).await?;
                said(&answer, added(&name, role, &answer, link));
                say_who_shares(&answer);
                say_what_is_unknown(&answer);
            }
            UserCommand::Spaces { name, spaces } => {
                let body = json!(spaces);
                let answer: Value = client.ask(Method::PUT, &person(&name, "/spaces"), Some(&body)).await?;
                let sees = spaces_of(&answer).unwrap_or_else(|| "all".to_owned());
                said(&answer, format!("Spaces of {name}: {sees}"));
                say_what_is_unknown(&answer);
            }
            UserCommand::Meters { name, meters } => {
                let body = json!(meters);
                let answer: Value = client.ask(Method::PUT, &person(&name, "/meters"), Some(&body)).await?;
                let list = |key: &str| answer[key].as_array().cloned().unwrap_or_default();
                said(
                    &json!({ "name": name, "meters": list("meters"), "links": list("links"), "shared": list("shared"), "unknown_meters": list("unknown_meters") }),
                    format!(
                        "Meters of {name}: {}",
                        links(&answer).unwrap_or_else(|| "none".to_owned())
                    ),
                );
                say_what_is_postponed(&name, &answer);
                say_who_shares(&answer);
                say_what_is_unknown(&answer);
            }
            UserCommand::MoveOut { name, at, dry_run } => {
                let wish = json!(Departure { at, dry_run });
                let answer: Value = client
                    .ask(Method::POST, &person(&name, "/move-out"), Some(&wish))
                    .await?;
                let departed: Departed = serde_json::from_value(answer.clone()).map_err(ClientError::from)?;
                said(&answer, move_out::words(&departed));
            }
            UserCommand::List => {
                let people: Value = client.ask(Method::GET, "/people", None).await?;
                if common.json {
                    print::json(&people)
                } else {
                    list_people(&people)
                }
            }
            UserCommand::Invite { name } => {
                let answer: Value = client.ask(Method::POST, &person(&name, "/invitation"), None).await?;
                said(
                    &answer,
                    format!(
                        "{link}{}\n(good once, for a day)",
                        answer["code"].as_str().unwrap_or_default()
                    ),
                );
            }
            UserCommand::Passwd { name, password_file: _ } => {
                let body = json!({ "password": password.map(Secret::reveal) });
                let answer: Value = client
                    .ask(Method::POST, &person(&name, "/password"), Some(&body))
                    .await?;
                said(&answer, format!("{name} has a new password; their sessions are over"));
            }
            UserCommand::Data { name, take } => privacy::data(common, client, &name, take.as_deref()).await?,
            UserCommand::Forget { name, dry_run, yes } => {
                privacy::forget(common, client, &name, (dry_run, yes)).await?;
            }
            UserCommand::Remove { name } => {
                let answer: Value = client.ask(Method::DELETE, &person(&name, ""), None).await?;
                said(&answer, format!("removed {name}"));
            }
        }
        Ok(())
    }
}

impl Common {
    /// What stands before the code in a one-time link, as far as the configuration tells.
    fn link(&self) -> String {
        let config = self.load().map_or_else(|_| Config::default(), |loaded| loaded.config);
        format!("{}/welcome/", elsewhere::pages(&config))
    }
}

fn added(name: &str, role: Role, answer: &Value, link: &str) -> String {
    let who = format!("added {name} as {}", role.name());
    match answer["code"].as_str() {
        Some(code) => format!("{who}; they choose a password here, once, within a day:\n{link}{code}"),
        None => who,
    }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn list_people(people: &Value) {
    let rows = people.as_array().into_iter().flatten().map(|person| {
        let password = if person["password_set"] == json!(true) {
            "set"
        } else {
            "not yet"
        };
        [
            text(&person["name"]),
            text(&person["role"]),
            password.to_owned(),
            print::moment_in(&person["created"]),
            print::or_dash(links(person).or_else(|| spaces_of(person))),
        ]
    });
    print::table(["name", "role", "password", "added", "meters or spaces"], rows);
}

/// Says who else sees the same meter at the same time: a couple, or somebody whom nobody moved out.
fn say_who_shares(answer: &Value) {
    for one in answer["shared"].as_array().into_iter().flatten() {
        let (name, meter) = (text(&one["name"]), text(&one["meter"]));
        let since = print::moment_in(&one["since"]);
        print::note(format_args!(
            "{meter} is {name}'s too, since {since}; if they have left: gatelodge user move-out {name} --at YYYY-MM-DD"
        ));
    }
}

/// Says what ended now though it is to be theirs later: the day was given for what was in force already.
fn say_what_is_postponed(name: &str, answer: &Value) {
    for link in answer["postponed"].as_array().into_iter().flatten() {
        let (meter, since) = (text(&link["meter"]), print::moment_in(&link["since"]));
        print::note(format_args!(
            "warning: {meter} was {name}'s and ended now: it is theirs again from {since} on; to keep what is in force, give \
             the serial without a day"
        ));
    }
}

/// Says which meters the box does not know: a serial that was mistyped looks like one that comes later.
fn say_what_is_unknown(answer: &Value) {
    for meter in answer["unknown_meters"].as_array().into_iter().flatten().map(text) {
        print::note(format_args!(
            "warning: this box knows no meter {meter} yet: check the serial, or add it: gatelodge meter add {meter} --link LINK"
        ));
    }
    for space in answer["unknown_spaces"].as_array().into_iter().flatten().map(text) {
        print::note(format_args!(
            "warning: this box knows no space {space}: `gatelodge space list` shows them"
        ));
    }
}

/// The spaces that a doorman sees; `None`: all.
fn spaces_of(person: &Value) -> Option<String> {
    let all: Vec<String> = person["spaces"].as_array()?.iter().map(text).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// What is linked to a person, in words; `None`: nothing.
fn links(person: &Value) -> Option<String> {
    let meters = person["meters"].as_array();
    let one = |link: &Value| {
        let (meter, since) = (text(&link["meter"]), print::moment_in(&link["since"]));
        match link["until"].as_str() {
            Some(_) => format!("{meter} from {since} until {}", print::moment_in(&link["until"])),
            None if meters.is_some_and(|meters| meters.contains(&link["meter"])) => format!("{meter} since {since}"),
            None => format!("{meter} from {since} on"),
        }
    };
    let all: Vec<String> = person["links"].as_array()?.iter().map(one).collect();
    (!all.is_empty()).then(|| all.join(", "))
}
