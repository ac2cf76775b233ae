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
            Ok(loaded) => json!({ "ok": true, "file": loaded.file, "not_applied": loaded.refused }),
            Err(fault) => json!({ "ok": false, "place": fault.place, "message": fault.message, "hint": fault.hint }),
        });
    }
    let loaded = verdict?;
    if !common.json {
        print::line(format_args!("{}: the configuration is right", loaded.file.display()));
        opened(&loaded.config);
        for why in &loaded.refused {
            print::line(format_args!("  not applied, from the cloud: {why}"));
        }
    }
    Ok(())
}

/// Which doors and rooms the configuration opens.
fn opened(config: &config::Config) {
    let doors = [
        ("http", config.http.is_some()),
        ("https", config.https.is_some()),
        ("mtls", config.mtls.is_some()),
        ("grpc", config.grpc.is_some()),
        ("relay", config.relay.is_some()),
        ("metrics", config.metrics.is_some()),
    ];
    let rooms = [
        ("occupancy", config.occupancy.is_some()),
        ("meters", config.meter_room().is_some()),
        ("relay", config.relay.is_some()),
        ("uplink", config.uplink.is_some()),
    ];
    let lines = doors.map(|door| ("door", door)).into_iter();
    for (kind, (name, is_open)) in lines.chain(rooms.map(|room| ("room", room))) {
        let open = if is_open { "open" } else { "closed (no section)" };
        print::line(format_args!("  {kind} {name:<10} {open}"));
    }
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
