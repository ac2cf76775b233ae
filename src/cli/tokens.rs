//! `token …`.

use clap::Subcommand;
use hyper::Method;
use serde_json::{Value, json};

use super::accounts::text;
use super::print::segment;
use super::reach::with_box;
use super::{CliError, Common, print};
use crate::accounts::Scope;
use crate::admin::Client;

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Create a token and print it, once
    #[command(after_help = "Example:\n  gatelodge token create --name door-counter --scope spaces:count")]
    Create {
        /// What it is for
        #[arg(long)]
        name: String,
        /// What it is good for; may be given several times
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
    },
    /// List the tokens in force
    #[command(after_help = "Example:\n  gatelodge token list")]
    List,
    /// End a token
    #[command(after_help = "Example:\n  gatelodge token revoke 3f9a2c5d8e71")]
    Revoke {
        /// Its id, as `token list` shows it
        id: String,
    },
}

impl TokenCommand {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        with_box(common, async |client| self.ask(common, client).await)
    }

    async fn ask(self, common: &Common, client: &Client) -> Result<(), CliError> {
        match self {
            TokenCommand::Create { name, scopes } => {
                let wish = json!({ "name": name, "scopes": scopes });
                let answer: Value = client.ask(Method::POST, "/tokens", Some(&wish)).await?;
                if common.json {
                    print::json(&answer);
                } else {
                    print::line(format_args!("{}", answer["token"].as_str().unwrap_or_default()));
                    print::note(format_args!(
                        "(token {}; it cannot be shown again)",
                        answer["id"].as_str().unwrap_or_default()
                    ));
                }
            }
            TokenCommand::List => {
                let tokens: Value = client.ask(Method::GET, "/tokens", None).await?;
                if common.json {
                    print::json(&tokens)
                } else {
                    list_tokens(&tokens)
                }
            }
            TokenCommand::Revoke { id } => {
                let answer: Value = client
                    .ask(Method::DELETE, &format!("/tokens/{}", segment(&id)), None)
                    .await?;
                if common.json {
                    print::json(&answer)
                } else {
                    print::line(format_args!("revoked {id}"))
                }
            }
        }
        Ok(())
    }
}

fn list_tokens(tokens: &Value) {
    let rows = tokens.as_array().into_iter().flatten().map(|token| {
        let scopes: Vec<String> = token["scopes"].as_array().into_iter().flatten().map(text).collect();
        [
            text(&token["id"]),
            text(&token["name"]),
            scopes.join(" "),
            print::moment_in(&token["created"]),
        ]
    });
    print::table(["id", "name", "scopes", "created"], rows);
}
