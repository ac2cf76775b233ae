//! The road to a broker or platform, when one is wanted: walked step by step.

use std::path::PathBuf;

use clap::Args;

use super::super::CliError;
use super::super::doctor::uplink;
use super::super::reach::absolute;
use super::super::steps::{bad, good};
use super::Walk;
use crate::tls::Step;

#[derive(Args)]
pub(super) struct UplinkFlags {
    /// The broker or platform that is told of all: mqtts://host:port
    #[arg(long, value_name = "URL")]
    uplink_url: Option<String>,
    /// What stands there
    #[arg(long, value_name = "KIND", value_parser = ["mqtt", "cumulocity"])]
    uplink_kind: Option<String>,
    /// The tenant, at a platform
    #[arg(long, value_name = "NAME")]
    uplink_tenant: Option<String>,
    /// The user name there
    #[arg(long, value_name = "NAME")]
    uplink_username: Option<String>,
    /// A file with the password, which the service must be able to read
    #[arg(long, value_name = "FILE")]
    uplink_password_file: Option<PathBuf>,
    /// The authority that the broker's certificate is checked by, PEM [default: the system's]
    #[arg(long, value_name = "FILE")]
    uplink_ca_file: Option<PathBuf>,
}

pub(super) async fn walk(walk: &mut Walk<'_>) -> Result<Vec<Step>, CliError> {
    let flags = &walk.flags.uplink;
    let url = match (&flags.uplink_url, &walk.config.uplink) {
        (Some(url), _) => Some(url.clone()),
        (None, Some(_)) => None,
        (None, None) => walk.asker.ask(
            "Is a broker or platform told of all? Its address, such as mqtts://broker.example.org:8883; empty for none.",
            None,
        )?,
    };
    let asked = walk.flags.uplink.uplink_url.is_none();
    if let Some(url) = url {
        let mut username = flags.uplink_username.clone();
        let mut password = flags.uplink_password_file.clone();
        if flags.uplink_url.is_none() && username.is_none() {
            username = walk.asker.ask("The user name there; empty for none.", None)?;
            if username.is_some() && password.is_none() {
                let said = walk
                    .asker
                    .ask("A file with the password, readable by the service.", None)?;
                password = said.map(PathBuf::from);
            }
        }
        settle(walk, &url, username, password);
        match walk.apply().await {
            Err(error) if asked => {
                let next = error.next_step().unwrap_or_default();
                let next = format!("{next}; gatelodge quickstart asks again");
                return Ok(vec![bad("cloud", &error, next.trim_start_matches("; "))]);
            }
            applied => applied?,
        }
    }
    if walk.config.uplink.is_none() {
        let words = "nobody is told; gatelodge quickstart --uplink-url URL changes that";
        return Ok(vec![good("cloud", words)]);
    }
    Ok(uplink::look(&walk.patient().await?).await)
}

fn settle(walk: &mut Walk<'_>, url: &str, username: Option<String>, password: Option<PathBuf>) {
    let flags = &walk.flags.uplink;
    let is_new = walk.config.uplink.is_none();
    let kind = flags.uplink_kind.clone().or_else(|| is_new.then(|| "mqtt".to_owned()));
    let path = |file: PathBuf| absolute(&file).display().to_string();
    let wanted = [
        ("kind", kind),
        ("url", Some(url.to_owned())),
        ("tenant", flags.uplink_tenant.clone()),
        ("username", username),
        ("password_file", password.map(path)),
        ("ca_file", flags.uplink_ca_file.clone().map(path)),
    ];
    for (key, value) in wanted {
        if let Some(value) = value {
            walk.settings.set("uplink", key, value);
        }
    }
}
