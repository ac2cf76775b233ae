//! What goes into a bundle: how the box is, what the doctor says, the configuration, the machine, the log.

use std::path::Path;
use std::process::Command;

use hyper::Method;
use serde_json::{Value, json};

use super::super::doctor;
use super::super::{CliError, Common};
use crate::admin::Client;
use crate::app::Redaction;
use crate::config;

/// Lines of the log that go along.
const LINES: usize = 5_000;
/// Where journald keeps the log of the service.
const UNIT: &str = "gatelodge";
/// Lines of people's deeds, which are the building's own.
const AUDIT: &str = "gatelodge::audit";

/// One file of the bundle.
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) text: String,
}

/// Everything, redacted. What cannot be looked at says why in its place.
pub(super) async fn gather(common: &Common, log: Option<&Path>) -> Result<Vec<Part>, CliError> {
    let client = common.running().await;
    let redaction = match &client {
        Ok(client) => redaction(client).await?,
        Err(_) => of_configuration(common),
    };
    let examined = serde_json::to_value(doctor::examine(common).await).map_err(CliError::failed)?;
    let (status, meters) = match &client {
        Ok(client) => (asked(client, "/status").await, meters(client).await),
        Err(error) => (json!({ "not_running": error.to_string() }), json!([])),
    };
    let parts = [
        ("status.json", "how the running box is", pretty(&status)),
        (
            "doctor.json",
            "what `gatelodge doctor --quick` finds",
            pretty(&examined),
        ),
        (
            "configuration.txt",
            "each value in force and where it came from",
            configuration(common),
        ),
        (
            "meters.json",
            "lines and health of the meters; nothing that they said",
            pretty(&meters),
        ),
        ("machine.txt", "versions, kernel, memory, disks", machine()),
        (
            "log.txt",
            "the newest lines of the log, without the audit",
            match client.is_ok() {
                true => self::log(log),
                false => LEFT_OUT.to_owned(),
            },
        ),
    ];
    Ok(parts
        .into_iter()
        .map(|(name, about, text)| Part {
            name,
            about,
            text: redaction.clean(&text),
        })
        .collect())
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

async fn asked(client: &Client, path: &str) -> Value {
    let asked = client.ask(Method::GET, path, None).await;
    asked.unwrap_or_else(|error| json!({ "could_not_be_asked": error.to_string() }))
}

/// Without the box nobody knows whose names stand in its log.
const LEFT_OUT: &str =
    "the log is left out: the box does not run, and only it knows whose names are to be taken out of it\n";

/// The names that stand in the configuration; nothing else of a bundle without a running box has any.
fn of_configuration(common: &Common) -> Redaction {
    let (loaded, _) = config::examine(&common.flags());
    let meters = loaded.into_iter().flat_map(|loaded| loaded.config.meter);
    let names: Vec<String> = meters.filter_map(|meter| meter.name).collect();
    Redaction::of(&[], &names)
}

/// A box that cannot say whose names are to be taken out gives no bundle.
async fn redaction(client: &Client) -> Result<Redaction, CliError> {
    let people: Vec<Value> = client.ask(Method::GET, "/people", None).await?;
    let status: Value = client.ask(Method::GET, "/status", None).await?;
    let meters: Vec<Value> = match status["meters"].is_null() {
        true => Vec::new(),
        false => client.ask(Method::GET, "/meters", None).await?,
    };
    let names = |rows: &[Value]| -> Vec<String> {
        let names = rows.iter().filter_map(|row| row["name"].as_str());
        names.map(str::to_owned).collect()
    };
    Ok(Redaction::of(&names(&people), &names(&meters)))
}

/// What a supporter needs of meters, and nothing of what happens in a flat.
async fn meters(client: &Client) -> Value {
    const TOLD: [&str; 11] = [
        "serial",
        "link",
        "hardware",
        "firmware",
        "source",
        "duty",
        "health",
        "health_details",
        "answered",
        "identity",
        "half_hours",
    ];
    let all = asked(client, "/meters").await;
    let one = |meter: &Value| {
        let told = TOLD.iter().filter(|key| !meter[**key].is_null());
        Value::Object(told.map(|key| ((*key).to_owned(), meter[*key].clone())).collect())
    };
    json!(all.as_array().into_iter().flatten().map(one).collect::<Vec<_>>())
}

fn configuration(common: &Common) -> String {
    let (loaded, faults) = config::examine(&common.flags());
    let mut text = String::new();
    for fault in faults {
        text.push_str(&format!("fault: {fault}\n"));
    }
    for shown in loaded.as_ref().map(config::show).unwrap_or_default() {
        text.push_str(&format!("{} = {}    # {}\n", shown.key, shown.value, shown.source));
    }
    text
}

fn machine() -> String {
    let about = rustix::system::uname();
    let mut text = format!(
        "gatelodge {}\nkernel {} {}\n",
        env!("CARGO_PKG_VERSION"),
        about.release().to_string_lossy(),
        about.machine().to_string_lossy()
    );
    for file in [
        "/etc/os-release",
        "/proc/meminfo",
        "/proc/loadavg",
        "/proc/mounts",
        "/proc/uptime",
    ] {
        let read = std::fs::read_to_string(file).unwrap_or_else(|error| error.to_string());
        text.push_str(&format!("\n== {file}\n{read}"));
    }
    text
}

fn log(file: Option<&Path>) -> String {
    let read = match file {
        Some(file) if !file.is_file() => Err(format!("{} is no file", file.display())),
        Some(file) => std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display())),
        None => journal(),
    };
    match read {
        Ok(text) => newest(&text),
        Err(error) => format!("the log could not be read: {error}; --log FILE names one\n"),
    }
}

fn journal() -> Result<String, String> {
    let asked = Command::new("journalctl")
        .args([
            "--unit",
            UNIT,
            "--no-pager",
            "--output",
            "short-iso",
            "--lines",
            &(2 * LINES).to_string(),
        ])
        .output();
    let asked = asked.map_err(|error| format!("journalctl: {error}"))?;
    match asked.status.success() {
        true => Ok(String::from_utf8_lossy(&asked.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&asked.stderr).trim().to_owned()),
    }
}

fn newest(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains(AUDIT)).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_go_along_and_no_line_of_the_audit() {
        let line = |at: usize| match at % 10 {
            0 => format!("INFO {AUDIT}: a person was added {at}"),
            _ => format!("INFO gatelodge::meter: {at}"),
        };
        let text: Vec<String> = (0..10_000).map(line).collect();
        let kept = newest(&text.join("\n"));
        assert_eq!(kept.lines().count(), LINES);
        assert!(!kept.contains(AUDIT) && kept.ends_with("9999"));
    }
}
