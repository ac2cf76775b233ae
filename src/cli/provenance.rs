//! `provenance …`: records of where data came from, as everybody can verify them, and what this box knows behind its own.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use data_encoding::HEXLOWER;
use hyper::Method;
use serde_json::{Value, json};

use super::reach::block_on;
use super::{CliError, Common, print};
use crate::files;
use crate::perseus::provenance::{Record, Verified, verify};
use crate::pki::{pem, sha256};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Verify a record, or an answer that has one in it; of this box's own, say what stands behind it
    #[command(
        after_help = "Example:\n  gatelodge provenance verify answer.json\n  gatelodge provenance verify record.json --ca \
                            ./their-signing-root.pem"
    )]
    Verify {
        /// The record, or the whole answer, as JSON
        file: PathBuf,
        /// The root that it is verified by, PEM; absent: this box's own
        #[arg(long, value_name = "FILE")]
        ca: Option<PathBuf>,
        /// The trust framework that it must be of; absent: the configuration's
        #[arg(long, value_name = "URL")]
        framework: Option<String>,
    },
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        let Command::Verify { file, ca, framework } = self;
        let config = common.load_or_default()?;
        let own = config.data_dir.join("pki/signing/root.cert.pem");
        let configured = config.perseus.as_ref().and_then(|room| room.signing_ca_file.clone());
        let ca = ca.or(configured).unwrap_or(own);
        let registry = config.perseus.unwrap_or_default().registry_base;
        let framework = framework.unwrap_or_else(|| format!("{registry}/trust-framework"));
        let (record, data) = read(&file)?;
        let text = files::read(&ca).map_err(CliError::failed)?;
        let roots = pem::certificates(text.as_bytes());
        let roots = roots.map_err(|error| CliError::usage(format_args!("{}: {error}", ca.display())))?;
        let steps = verify(&record, &framework, &roots).map_err(|error| {
            CliError::failed(format_args!("{}: {error}", file.display()))
                .hint("whoever signed may have another root: --ca FILE; another framework: --framework URL")
        })?;
        let behind = block_on(async {
            let Ok(client) = common.running().await else {
                return Ok(None);
            };
            let mut behind = serde_json::Map::new();
            for origin in &record.origins {
                let path = format!("/records/{}", print::segment(origin));
                if let Ok(row) = client.ask::<Value>(Method::GET, &path, None).await {
                    behind.insert(origin.clone(), row);
                }
            }
            Ok(Some(behind))
        })?;
        let behind = behind.map(|behind| ours(&steps, behind));
        say(common, &steps, behind.as_ref());
        let changed = data.is_some_and(|data| {
            let mut rows = behind.iter().flat_map(serde_json::Map::values);
            rows.any(|row| row["sha256"].as_str().is_some_and(|kept| kept != data))
        });
        match changed {
            true => Err(CliError::failed(format_args!(
                "{}: the record is right, and the half-hours beside it are not those that went out with it",
                file.display()
            ))),
            false => Ok(()),
        }
    }
}

/// A record, and of a whole answer the hash of its half-hours as they went out (PER §7.6).
fn read(file: &Path) -> Result<(Record, Option<String>), CliError> {
    let text = files::read(file).map_err(CliError::failed)?;
    let none = |error: serde_json::Error| {
        CliError::failed(format_args!(
            "{} is no record, and no answer with one: {error}",
            file.display()
        ))
    };
    let mut whole: Value = serde_json::from_str(&text).map_err(none)?;
    let record = whole.get_mut("provenance").map(Value::take);
    let data = whole.get("data").map(|data| format!("{{\"data\":{data}"));
    let data = data.map(|data| HEXLOWER.encode(&sha256(data.as_bytes())));
    let record = serde_json::from_value(record.unwrap_or(whole)).map_err(none)?;
    Ok((record, data))
}

/// What this box knows of origin steps that it signed itself: an id alone can be anybody's.
fn ours(steps: &[Verified], behind: serde_json::Map<String, Value>) -> serde_json::Map<String, Value> {
    let signed = |origin: &str, row: &Value| {
        let step = steps.iter().find(|one| one.step["id"] == origin);
        step.is_some_and(|one| row["signer"] == one.serial.as_str())
    };
    behind.into_iter().filter(|(origin, row)| signed(origin, row)).collect()
}

fn say(common: &Common, steps: &[Verified], behind: Option<&serde_json::Map<String, Value>>) {
    if common.json {
        return print::json(&json!({ "steps": steps, "behind": behind }));
    }
    for Verified {
        step,
        signed,
        included_by,
        ..
    } in steps
    {
        let text = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
        print::line(format_args!(
            "{} {} at {}: signed by {} ({}, {})",
            text("type"),
            text("id"),
            text("timestamp"),
            signed.name,
            signed.application,
            signed.member
        ));
        for signer in included_by {
            print::line(format_args!("  passed on by {} ({})", signer.name, signer.application));
        }
    }
    match behind {
        None => print::line(format_args!(
            "what stands behind it is known by the running box that made it"
        )),
        Some(behind) if behind.is_empty() => print::line(format_args!("this box knows none of its origin steps")),
        Some(behind) => {
            for (origin, row) in behind {
                let text = |name: &str| match &row[name] {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                print::line(format_args!(
                    "{origin} is this box's: meter {}, registers {}, {} of {} half-hours from {} to {}, taken {}, not by the meter \
                     itself {}; answer's SHA-256 {}",
                    text("meter"),
                    text("registers"),
                    text("half_hours"),
                    text("asked"),
                    text("from"),
                    text("to"),
                    text("taken"),
                    text("not_measured"),
                    text("sha256"),
                ));
            }
        }
    }
}
