//! `import mediators`: the mediators' registry of meters (MOVE §2).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::report::{Place, Report};
use super::sending::{Ended, Sending, ended};
use super::source::{self, Folder};
use super::what::What;
use crate::admin::NewMeter;
use crate::cli::reach::block_on;
use crate::cli::{CliError, Common};
use crate::domain::{Counts, MeterId};
use crate::meter::{Entry, EntryError};
use crate::moving::lines::{Line, Lines};
use crate::moving::registry::{Heading, Registered, Suppliers};

/// The names that the tables have in a folder.
const METERS: &str = "meter_registry.csv";
const SUPPLIERS: &str = "escos.csv";

/// Bytes of a line at most.
const LONGEST: usize = 16 << 10;
/// Meters in one registry at most.
const MOST: usize = 65_536;
/// Meters in one piece: as many as are asked at once who they are.
const AT_ONCE: usize = 16;

pub(super) fn run(common: &Common, what: &What) -> Result<ExitCode, CliError> {
    let mut report = Report::new("mediators", what.dry_run, common);
    let (file, shown, suppliers) = match what.path.is_dir() {
        true => {
            let folder = Folder::open(&what.path)?;
            let shown = folder.shown(METERS);
            let file = folder.file(METERS)?;
            let file = file.ok_or_else(|| CliError::failed(format_args!("{} is not there", shown.display())))?;
            let suppliers = match folder.file(SUPPLIERS)? {
                Some(file) => suppliers(file, &folder.shown(SUPPLIERS), &mut report)?,
                None => BTreeMap::new(),
            };
            (file, shown, suppliers)
        }
        false => (source::named(&what.path)?, what.path.clone(), BTreeMap::new()),
    };
    block_on(async {
        let client = common.running().await?;
        let mut sending = Sending::new(&client, "/import/meters", AT_ONCE)?;
        let sent = send((file, &shown), &suppliers, (&mut sending, &mut report)).await;
        ended(report, sent)
    })
}

/// Suppliers' codes by their ids.
fn suppliers(file: File, shown: &Path, report: &mut Report) -> Result<BTreeMap<String, String>, CliError> {
    let fault = |error: &dyn std::fmt::Display| CliError::failed(format_args!("{}: {error}", shown.display()));
    let mut lines = Lines::new(BufReader::new(file), LONGEST);
    let first = lines
        .next()
        .ok_or_else(|| fault(&"it is empty"))?
        .map_err(|error| fault(&error))?;
    let columns = Suppliers::read(&first.text).map_err(|error| fault(&error))?;
    let mut codes = BTreeMap::new();
    for line in lines {
        let line = line.map_err(|error| fault(&error))?;
        let place = || place(shown, Some(line.number));
        match columns.row(&line.text) {
            Ok(Some((id, code))) => drop(codes.insert(id, code)),
            Ok(None) if line.text.trim().is_empty() => {}
            Ok(None) => report.refuse(place(), "a supplier", "it has no id or no code"),
            Err(error) => report.refuse(place(), "a supplier", error),
        }
        if codes.len() > MOST {
            return Err(fault(&format_args!("more than {MOST} suppliers")));
        }
    }
    Ok(codes)
}

async fn send(
    (file, shown): (File, &PathBuf),
    suppliers: &BTreeMap<String, String>,
    (sending, report): (&mut Sending<'_, NewMeter>, &mut Report),
) -> Result<(), Ended> {
    let fault = |error: &dyn std::fmt::Display| CliError::failed(format_args!("{}: {error}", shown.display()));
    let mut lines = Lines::new(BufReader::new(file), LONGEST);
    let first = lines.next().ok_or_else(|| fault(&"it is empty"))?;
    let first = first.map_err(|error| fault(&format_args!("line 1: {error}")))?;
    let heading = Heading::read(&first.text).map_err(|error| {
        fault(&format_args!("line 1: {error}")).hint("its first line names the columns: serial,ip_address,…")
    })?;
    for column in &heading.unknown {
        report.note(format!("the column `{column}` is not known and was passed over"));
    }
    let (mut serials, mut links) = (BTreeMap::new(), BTreeMap::new());
    for line in lines {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                report.refuse(place(shown, error.line()), "a meter", &error);
                continue;
            }
        };
        let here = place(shown, Some(line.number));
        let meter = match heading.row(&line.text) {
            Ok(None) => continue,
            Ok(Some(meter)) => meter,
            Err(error) => {
                report.refuse(here, "a meter", error);
                continue;
            }
        };
        let what = format!("meter {} at {}", meter.serial, meter.link);
        if let Some(why) = twice(&meter, &line, (&mut serials, &mut links)) {
            report.refuse(here, what, why);
            continue;
        }
        if serials.len() > MOST {
            return Err(fault(&format_args!("more than {MOST} meters")).into());
        }
        match entry(meter, suppliers) {
            Ok((new, notes)) => {
                for note in notes {
                    report.note(format!("{}:{}: {note}", here.file, line.number));
                }
                sending.add(report, (here, what, new)).await?;
            }
            Err(why) => report.refuse(here, what, why),
        }
    }
    sending.flush(report).await
}

/// Why a meter of the same file stands in its way.
fn twice(
    meter: &Registered,
    line: &Line,
    (serials, links): (&mut BTreeMap<MeterId, u64>, &mut BTreeMap<String, u64>),
) -> Option<String> {
    if let Some(before) = serials.insert(meter.serial.clone(), line.number) {
        return Some(format!("the serial stands in line {before} already"));
    }
    let before = links.insert(meter.link.clone(), line.number)?;
    Some(format!(
        "the address is that of the meter in line {before}: one line leads to one meter"
    ))
}

/// The meter as the box has it, and what of its entry was left behind.
fn entry(meter: Registered, suppliers: &BTreeMap<String, String>) -> Result<(NewMeter, Vec<String>), String> {
    let mut notes = Vec::new();
    let esco = meter.esco.and_then(|esco| match suppliers.get(&esco) {
        Some(code) => Some(code.clone()),
        None if uuid::Uuid::try_parse(&esco).is_ok() => {
            notes.push(format!("its supplier is only known by an id, {esco}: bring {SUPPLIERS} beside {METERS} in a folder, and its code comes along"));
            None
        }
        None => Some(esco),
    });
    let mut entry = Entry {
        serial: meter.serial,
        link: meter.link.parse().map_err(|error| format!("{}: {error}", meter.link))?,
        esco,
        name: meter.name,
        feeder: meter.feeder,
        hardware: meter.hardware,
        datasource: None,
        counts: Counts::Unit,
        space: None,
    };
    if let Err(error @ EntryError::Hardware(_)) = entry.check() {
        notes.push(error.to_string());
        entry.hardware = None;
    }
    entry.check().map_err(|error| error.to_string())?;
    let passive = meter.passive;
    Ok((NewMeter { entry, passive }, notes))
}

fn place(shown: &Path, line: Option<u64>) -> Place {
    Place {
        file: shown.display().to_string(),
        line,
    }
}
