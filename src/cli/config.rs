//! `check-config` and `config show`.

use clap::Subcommand;
use serde_json::json;

use super::{Common, Failure, print};
use crate::config;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show every value in force and where it came from
    #[command(after_help = "Example:\n  gatelodge config show | grep listen")]
    Show,
    /// Make the running box read its configuration anew
    #[command(after_help = "Example:\n  gatelodge config reload")]
    Reload,
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        match self {
            Command::Show => show(common),
            Command::Reload => super::status::reload(common),
        }
    }
}

pub(super) fn check(common: &Common) -> Result<(), Failure> {
    let verdict = config::load(&common.flags());
    if common.json {
        print::json(&match &verdict {
            Ok(loaded) => json!({ "ok": true, "file": loaded.file }),
            Err(fault) => json!({ "ok": false, "place": fault.place, "message": fault.message, "hint": fault.hint }),
        });
    }
    let loaded = verdict?;
    if !common.json {
        print::line(format_args!("{}: the configuration is right", loaded.file.display()));
        for (door, open) in [
            ("http", loaded.config.http.is_some()),
            ("https", loaded.config.https.is_some()),
            ("mtls", loaded.config.mtls.is_some()),
            ("grpc", loaded.config.grpc.is_some()),
            ("metrics", loaded.config.metrics.is_some()),
        ] {
            print::line(format_args!(
                "  door {door:<8} {}",
                if open { "open" } else { "closed (no section)" }
            ));
        }
        for (room, open) in [
            ("occupancy", loaded.config.occupancy.is_some()),
            ("meters", loaded.config.meter_room().is_some()),
        ] {
            let open = if open { "open" } else { "closed (no section)" };
            print::line(format_args!("  room {room} {open}"));
        }
    }
    Ok(())
}

fn show(common: &Common) -> Result<(), Failure> {
    let shown = config::show(&common.load()?);
    if common.json {
        let values: serde_json::Map<_, _> = shown
            .into_iter()
            .map(|shown| (shown.key, json!({ "value": shown.value, "source": shown.source })))
            .collect();
        print::json(&values);
    } else {
        print::table(
            ["key", "value", "from"],
            shown
                .into_iter()
                .map(|shown| [shown.key, shown.value.to_string(), shown.source]),
        );
    }
    Ok(())
}
