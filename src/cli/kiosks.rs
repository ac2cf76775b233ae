//! `kiosk …`.

use clap::Subcommand;
use hyper::Method;
use serde_json::{Value, json};

use super::print::segment;
use super::reach::block_on;
use super::{CliError, Common, elsewhere, print};
use crate::admin::ClientError;
use crate::config::Config;
use crate::occupancy::door::NewKiosk;
use crate::occupancy::kiosks::{self, Kiosk};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a screen that shows a space: it prints the link once
    #[command(
        after_help = "The link needs no login and is good for looking at that space alone.\n\nExample:\n  gatelodge kiosk \
                      create 7fcccca5-5ee3-4c82-a0fc-4d1df69a882d --name \"beside the front door\""
    )]
    Create {
        /// The id of the space
        space: String,
        /// What the screen is called, such as where it hangs
        #[arg(long)]
        name: String,
    },
    /// List all screens, without their links
    #[command(after_help = "Example:\n  gatelodge kiosk list")]
    List,
    /// Take a screen away: its link shows nothing more, also where it is open
    #[command(after_help = "Example:\n  gatelodge kiosk revoke 0d6c1f2a9b3e")]
    Revoke {
        /// Its id
        id: String,
    },
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        block_on(async {
            let client = common.running().await?;
            match self {
                Command::Create { space, name } => {
                    let body = json!({ "space": space, "name": name });
                    let answer: Value = client.ask(Method::POST, "/kiosks", Some(&body)).await?;
                    let made: NewKiosk = serde_json::from_value(answer).map_err(ClientError::from)?;
                    let config = common.load().map_or_else(|_| Config::default(), |loaded| loaded.config);
                    let link = format!("{}{}{}", elsewhere::pages(&config), kiosks::PATH, made.key);
                    if common.json {
                        let Kiosk {
                            id,
                            space,
                            name,
                            created,
                        } = made.kiosk;
                        print::json(
                            &json!({ "id": id, "space": space, "name": name, "created": created, "key": made.key, "link": link }),
                        );
                    } else {
                        print::lines(format_args!(
                            "made {}, called {}; open this on the screen, it cannot be shown again:\n{link}",
                            made.kiosk.id, made.kiosk.name
                        ));
                    }
                }
                Command::List => {
                    let all: Vec<Kiosk> = client.ask(Method::GET, "/kiosks", None).await?;
                    if common.json {
                        print::json(&all)
                    } else {
                        let rows = all.into_iter().map(|kiosk| {
                            let made = print::moment_in(&json!(kiosk.created));
                            [kiosk.id, kiosk.space.to_string(), made, kiosk.name]
                        });
                        print::table(["id", "space", "made", "name"], rows);
                    }
                }
                Command::Revoke { id } => {
                    let _: Value = client
                        .ask(Method::DELETE, &format!("/kiosks/{}", segment(&id)), None)
                        .await?;
                    if !common.json {
                        print::line(format_args!("taken away {id}"));
                    }
                }
            }
            Ok(())
        })
    }
}
