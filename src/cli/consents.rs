//! `consent …`: whom people allowed to see what of their meters.

use clap::Subcommand;
use hyper::Method;

use super::reach::block_on;
use super::{CliError, Common, print};
use crate::perseus::PermissionShown;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List every permission: who allowed which application what, and until when
    #[command(after_help = "Example:\n  gatelodge consent list")]
    List,
    /// Stop a permission: the application sees nothing any more from this moment on
    #[command(after_help = "Example:\n  gatelodge consent revoke 5f0c1a2b3c4d5e6f708192a3b4c5d6e7")]
    Revoke {
        /// Its id, as `consent list` shows it
        id: String,
    },
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        block_on(async {
            let client = common.running().await?;
            match self {
                Command::List => many(common, client.ask(Method::GET, "/consents", None).await?),
                Command::Revoke { id } => {
                    let path = format!("/consents/{}/revocation", print::segment(&id));
                    let shown: PermissionShown = client.ask(Method::POST, &path, None).await?;
                    match common.json {
                        true => print::json(&shown),
                        false => print::line(format_args!(
                            "{}: {} of {} sees nothing any more",
                            shown.id, shown.name, shown.person
                        )),
                    }
                }
            }
            Ok(())
        })
    }
}

fn many(common: &Common, all: Vec<PermissionShown>) {
    if common.json {
        return print::json(&all);
    }
    let rows = all.into_iter().map(|shown| {
        [
            shown.id,
            shown.person,
            shown.name,
            shown.sources.join(" "),
            shown.state.words().to_owned(),
            print::moment(Some(shown.granted)),
            print::moment(Some(shown.expires)),
        ]
    });
    print::table(
        ["id", "person", "application", "data sources", "state", "given", "until"],
        rows,
    );
}
