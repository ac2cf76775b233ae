//! Whether a box runs, and what it says of itself.

use hyper::Method;

use super::super::Common;
use super::super::steps::{bad, good, look as doubt};
use crate::admin::{Client, Grade, Status};
use crate::tls::Step;

pub(super) async fn look(common: &Common) -> (Option<(Client, Status)>, Vec<Step>) {
    let client = match common.running().await {
        Ok(client) => client,
        Err(error) => {
            let usual = "systemctl status gatelodge; journalctl -u gatelodge -n 50";
            let step = bad("running", &error, error.next_step().unwrap_or(usual));
            return (None, vec![step]);
        }
    };
    let status: Status = match client.ask(Method::GET, "/status", None).await {
        Ok(status) => status,
        Err(error) => {
            let next = "systemctl restart gatelodge, and this command of the same version as the box";
            return (None, vec![bad("running", error, next)]);
        }
    };
    let since = status.started.map_or_else(String::new, |at| format!(" since {at:.0}"));
    let mut steps = vec![good(
        "running",
        format_args!("gatelodge {} is {}{since}", status.version, status.state),
    )];
    if status.version != env!("CARGO_PKG_VERSION") {
        let words = format_args!("this command is of version {}", env!("CARGO_PKG_VERSION"));
        steps.push(look_at(words));
    }
    for found in &status.verdict.findings {
        let next = found.next_step.as_deref().unwrap_or_default();
        steps.push(match found.grade {
            Grade::Trouble => bad(&found.part, &found.words, next),
            Grade::Attention | Grade::Well => doubt(&found.part, &found.words, next),
        });
    }
    (Some((client, status)), steps)
}

fn look_at(words: std::fmt::Arguments<'_>) -> Step {
    doubt("version", words, "systemctl restart gatelodge")
}
