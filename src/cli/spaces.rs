//! `space …`.

use clap::Subcommand;
use hyper::Method;
use serde_json::{Value, json};

use super::reach::block_on;
use super::{CliError, Common, print};
use crate::admin::{Client, SpaceShown};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List all spaces
    #[command(after_help = "Example:\n  gatelodge space list")]
    List,
    /// Create a space
    #[command(after_help = "Example:\n  gatelodge space create --name \"Front hall\" --maximum 50")]
    Create {
        /// Its name
        #[arg(long)]
        name: Option<String>,
        /// People allowed inside, 1 to 100000
        #[arg(long)]
        maximum: u32,
        /// People inside now
        #[arg(long, default_value_t = 0)]
        current: u32,
        /// Let whoever knows its id use it through the old URLs, without a token
        #[arg(long)]
        open: bool,
    },
    /// Show one space
    #[command(after_help = "Example:\n  gatelodge space show 7fcccca5-5ee3-4c82-a0fc-4d1df69a882d")]
    Show {
        /// Its id
        id: String,
    },
    /// Change a space
    #[command(
        after_help = "A count that is set stands in the space's history with its reason.\n\nExamples:\n  gatelodge space set \
                      7fcccca5-5ee3-4c82-a0fc-4d1df69a882d --current 27 --reason \"counted by hand\"\n  gatelodge space set \
                      7fcccca5-5ee3-4c82-a0fc-4d1df69a882d --overfill"
    )]
    Set {
        /// Its id
        id: String,
        /// A new name
        #[arg(long)]
        name: Option<String>,
        /// A new count
        #[arg(long)]
        current: Option<u32>,
        /// A new maximum
        #[arg(long)]
        maximum: Option<u32>,
        /// Whether people may be counted in above the maximum by whoever says so at the door each time
        #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
        overfill: Option<bool>,
        /// Why the count is set
        #[arg(long, requires = "current")]
        reason: Option<String>,
    },
    /// Delete a space and its count
    #[command(after_help = "Example:\n  gatelodge space delete 7fcccca5-5ee3-4c82-a0fc-4d1df69a882d")]
    Delete {
        /// Its id
        id: String,
    },
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        block_on(async {
            let client = common.running().await?;
            match self {
                Command::List => {
                    let spaces = all(&client).await?;
                    if common.json {
                        print::json(&spaces)
                    } else {
                        show(spaces)
                    }
                }
                Command::Create {
                    name,
                    maximum,
                    current,
                    open,
                } => {
                    let body = json!({ "name": name, "maximum": maximum, "current": current, "open": open });
                    one(common, client.ask(Method::POST, "/spaces", Some(&body)).await?);
                }
                Command::Show { id } => one(common, client.ask(Method::GET, &path(&id), None).await?),
                Command::Set {
                    id,
                    name,
                    current,
                    maximum,
                    overfill,
                    reason,
                } => {
                    let body = json!({
                        "name": name, "current": current, "maximum": maximum, "overfill": overfill, "reason": reason
                    });
                    one(common, client.ask(Method::PATCH, &path(&id), Some(&body)).await?);
                }
                Command::Delete { id } => {
                    let _: Value = client.ask(Method::DELETE, &path(&id), None).await?;
                    if !common.json {
                        print::line(format_args!("deleted {id}"));
                    }
                }
            }
            Ok(())
        })
    }
}

async fn all(client: &Client) -> Result<Vec<SpaceShown>, CliError> {
    let mut spaces: Vec<SpaceShown> = client.ask(Method::GET, "/spaces", None).await?;
    while let Some(last) = spaces.last() {
        let more: Vec<SpaceShown> = client
            .ask(Method::GET, &format!("/spaces?after={}", last.id), None)
            .await?;
        if more.is_empty() {
            break;
        }
        spaces.extend(more);
    }
    Ok(spaces)
}

fn path(id: &str) -> String {
    format!("/spaces/{}", super::print::segment(id))
}

fn one(common: &Common, space: SpaceShown) {
    if common.json {
        print::json(&space)
    } else {
        show(vec![space])
    }
}

fn show(spaces: Vec<SpaceShown>) {
    let rows = spaces.into_iter().map(|space| {
        let access = if space.open { "open" } else { "token" };
        [
            space.id,
            format!("{}/{}", space.current, space.maximum),
            space.left.to_string(),
            access.to_owned(),
            print::or_dash(space.name),
        ]
    });
    print::table(["id", "people", "left", "access", "name"], rows);
}
