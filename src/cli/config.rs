//! `check-config` and `config show`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{CliError, Common, print};
use crate::app::{self, Findings};
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
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        match self {
            Command::Show => show(common),
            Command::Reload => super::status::reload(common),
        }
    }
}

pub(super) fn check(common: &Common) -> Result<(), CliError> {
    let (loaded, mut faults) = config::examine(&common.flags());
    let mut findings = loaded.as_ref().map(app::check).unwrap_or_default();
    faults.append(&mut findings.faults);
    findings.faults = faults;
    if common.json {
        print::json(&in_json(loaded.as_ref(), &findings));
    } else {
        // What is wrong opens nothing.
        let loaded = loaded.filter(|_| findings.faults.is_empty());
        if let Some(loaded) = &loaded {
            print::line(format_args!("{}: the configuration is right", loaded.file.display()));
        }
        for note in &findings.notes {
            print::line(format_args!("  note: {note}"));
        }
        for not in &findings.not_checked {
            print::line(format_args!("  not checked: {not}"));
        }
        if let Some(loaded) = &loaded {
            opened(&loaded.config);
            for why in &loaded.refused {
                print::line(format_args!("  not applied, from the cloud: {why}"));
            }
        }
    }
    CliError::of_faults(findings.faults)
}

fn in_json(loaded: Option<&config::Loaded>, findings: &Findings) -> Value {
    let fault =
        |fault: &config::ConfigError| json!({ "place": fault.place, "message": fault.message, "hint": fault.hint });
    let all = |faults: &[config::ConfigError]| faults.iter().map(fault).collect::<Vec<_>>();
    let mut verdict = json!({
        "ok": findings.faults.is_empty(),
        "file": loaded.map(|loaded| &loaded.file),
        "faults": all(&findings.faults),
        "not_checked": all(&findings.not_checked),
        "notes": findings.notes,
        "not_applied": loaded.map(|loaded| &loaded.refused),
        "opens": loaded.map(|loaded| {
            let open = openings(&loaded.config).filter(|(_, _, is_open)| *is_open);
            open.map(|(kind, name, _)| format!("{kind} {name}")).collect::<Vec<_>>()
        }),
    });
    // The first one stands at the top, too, where it has always been.
    if let (Some(first), Some(verdict)) = (findings.faults.first(), verdict.as_object_mut()) {
        verdict.extend(fault(first).as_object().cloned().unwrap_or_default());
    }
    verdict
}

/// Each door and room, and whether the configuration opens it.
fn openings(config: &config::Config) -> impl Iterator<Item = (&'static str, &'static str, bool)> + use<> {
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
        ("perseus", config.perseus.is_some()),
    ];
    let lines = doors.map(|door| ("door", door)).into_iter();
    let all = lines.chain(rooms.map(|room| ("room", room)));
    all.map(|(kind, (name, is_open))| (kind, name, is_open))
}

/// Says which doors and rooms the configuration opens.
fn opened(config: &config::Config) {
    for (kind, name, is_open) in openings(config) {
        let open = if is_open { "open" } else { "closed (no section)" };
        print::line(format_args!("  {kind} {name:<10} {open}"));
    }
}

fn show(common: &Common) -> Result<(), CliError> {
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
