//! What the registry knows: `list`, `info`, `clock_drift`, `serial_to_name` (EMOP §13, management).

use std::io::IsTerminal;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::outcome::{Outcome, indented};
use super::place::{Place, There};
use crate::cli::CliError;
use crate::cli::print;

const COLUMNS: [&str; 7] = ["esco", "serial", "name", "signal", "health", "hardware", "feeder"];
/// Which of them has colours.
const SIGNAL: usize = 3;

/// The meters by name.
pub(super) async fn list(place: &dyn Place, esco: &str) -> Result<Vec<Json>, CliError> {
    let mut meters = place.meters(esco).await?;
    meters.sort_by_key(|meter| (cell(&meter["name"]), cell(&meter["serial"])));
    Ok(meters)
}

/// The table, on standard error: standard output is for results that programs read.
pub(super) fn table(meters: &[Json]) {
    let row = |meter: &Json| COLUMNS.map(|column| cell(&meter[if column == "signal" { "csq" } else { column }]));
    let rows: Vec<[String; 7]> = meters.iter().map(row).collect();
    let widest = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([COLUMNS[column].len()]).max().unwrap_or(0)
    };
    let widths: [usize; 7] = std::array::from_fn(widest);
    let has_colours = std::io::stderr().is_terminal();
    let line = |cells: &[String; 7], colour: Option<&str>| {
        let padded = |(column, text): (usize, &String)| {
            let padded = format!("{text:<width$}", width = widths[column]);
            match colour.filter(|_| column == SIGNAL && has_colours) {
                Some(colour) => format!("\x1b[{colour}m{padded}\x1b[0m"),
                None => padded,
            }
        };
        let cells: Vec<String> = cells.iter().enumerate().map(padded).collect();
        print::note(format_args!("{}", cells.join("  ").trim_end()));
    };
    line(&COLUMNS.map(str::to_owned), None);
    for (row, meter) in rows.iter().zip(meters) {
        line(row, Some(colour(meter["csq"].as_i64())));
    }
}

/// The list for programs.
pub(super) fn list_json(meters: Vec<Json>) -> String {
    indented(&Json::Array(meters))
}

/// All that is known of a meter.
pub(super) async fn info(meter: There<'_>) -> Result<Outcome, CliError> {
    Ok(Outcome::Structure(meter.place.info(meter.serial).await?))
}

/// What people call it.
pub(super) async fn name(meter: There<'_>) -> Result<Outcome, CliError> {
    let info = meter.place.info(meter.serial).await?;
    match info["registry"]["name"].as_str() {
        Some(name) => Ok(Outcome::Scalar(name.into())),
        None => Err(CliError::failed(format_args!(
            "{} has no name in the registry",
            meter.serial
        ))),
    }
}

/// By how much its clock was wrong. Both values stand in `shadow` (EMOP §18).
pub(super) async fn clock_drift(meter: There<'_>) -> Result<Outcome, CliError> {
    let info = meter.place.info(meter.serial).await?;
    let shadow = &info["shadow"];
    let at = shadow["clock_time_diff_synced_at"].as_str();
    let at = at.and_then(|text| crate::meter::arguments::moment(text).ok());
    let formatted = at.map(|at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    Ok(Outcome::Structure(json!({
        "serial": meter.serial,
        "clock_time_diff_seconds": shadow["clock_time_diff_seconds"],
        "clock_time_diff_synced_at": shadow["clock_time_diff_synced_at"],
        "clock_time_diff_synced_at_formatted": formatted,
    })))
}

fn cell(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The signal's colour, as terminals count them.
fn colour(csq: Option<i64>) -> &'static str {
    match csq {
        None | Some(..1) => "31",
        Some(23..) => "32",
        Some(18..) => "92",
        Some(13..) => "33",
        Some(8..) => "38;5;214",
        Some(_) => "38;5;208",
    }
}
