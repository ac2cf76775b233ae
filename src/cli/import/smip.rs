//! `import smip`: half-hour files of meters that the box knows (EMOP §15, MOVE §5).

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::report::{Place, Report};
use super::sending::{Ended, Sending, ended};
use super::source::{Folder, Kind};
use super::what::What;
use crate::admin::{ReadingsFile, ReadingsRow};
use crate::cli::reach::block_on;
use crate::cli::{CliError, Common};
use crate::domain::MeterId;
use crate::meter::smip::{self, Name};
use crate::moving::lines::Lines;

/// Bytes of a line at most, and lines of a file.
const LONGEST: usize = 1 << 10;
const ROWS: usize = 200;
/// Files in one piece: half a month of one meter.
const AT_ONCE: usize = 32;
/// Folders in folders.
const DEEPEST: usize = 8;

pub(super) fn run(common: &Common, what: &What) -> Result<ExitCode, CliError> {
    let mut report = Report::new("smip", what.dry_run, common).counting();
    let is_folder = what.path.is_dir();
    let (folder, only) = match (is_folder, what.path.parent(), what.path.file_name()) {
        (false, Some(parent), Some(name)) => {
            let parent = if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            };
            (Folder::open(parent)?, Some(PathBuf::from(name)))
        }
        _ => (Folder::open(&what.path)?, None),
    };
    block_on(async {
        let client = common.running().await?;
        let mut sending = Sending::new(&client, "/import/readings", AT_ONCE)?;
        let sent = match only {
            Some(name) => one(&folder, &name, (&mut sending, &mut report)).await,
            None => all(&folder, (&mut sending, &mut report)).await,
        };
        let sent = match sent {
            Ok(()) => sending.flush(&mut report).await,
            stopped => stopped,
        };
        ended(report, sent)
    })
}

/// Every file beneath the folder, in the order of their names.
async fn all(folder: &Folder, (sending, report): (&mut Sending<'_, ReadingsFile>, &mut Report)) -> Result<(), Ended> {
    let mut waiting = vec![(PathBuf::from("."), 0)];
    let mut others = 0u64;
    while let Some((dir, depth)) = waiting.pop() {
        let mut deeper = Vec::new();
        for name in folder.names(&dir).map_err(CliError::from)? {
            let path = match dir == Path::new(".") {
                true => PathBuf::from(&name),
                false => dir.join(&name),
            };
            match folder.kind(&path).map_err(CliError::from)? {
                Kind::Folder if depth < DEEPEST => deeper.push((path, depth + 1)),
                Kind::Folder => {
                    let why = format!("folders lie more than {DEEPEST} deep in one another");
                    report.refuse(place(folder, &path, None), "a folder", why);
                }
                Kind::Other if path.extension().is_some_and(|kind| kind == "csv") => {
                    one(folder, &path, (&mut *sending, &mut *report)).await?;
                }
                Kind::Other => others += 1,
            }
        }
        waiting.extend(deeper.into_iter().rev());
    }
    if others > 0 {
        report.note(format!("{others} files that are no .csv were passed over"));
    }
    Ok(())
}

async fn one(
    folder: &Folder,
    path: &Path,
    (sending, report): (&mut Sending<'_, ReadingsFile>, &mut Report),
) -> Result<(), Ended> {
    let here = |line| place(folder, path, line);
    match file(folder, path, report) {
        Ok(Some(file)) => {
            let what = format!("{} half-hours of meter {}", file.rows.len(), file.meter);
            sending.add(report, (here(None), what, file)).await
        }
        Ok(None) => Ok(()),
        Err(why) => {
            report.refuse(here(None), "a file", why);
            Ok(())
        }
    }
}

/// What a file holds; lines that are none are refused each by itself. `None`: there is nothing in it.
fn file(folder: &Folder, path: &Path, report: &mut Report) -> Result<Option<ReadingsFile>, String> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or("its name is no text")?;
    let name: Name = name.parse().map_err(|error: smip::NameError| error.to_string())?;
    let meter: MeterId = name
        .serial
        .parse()
        .map_err(|error| format!("`{}` is {error}", name.serial))?;
    let found = folder.file(path).map_err(|error| error.why)?.ok_or("it is gone")?;
    let mut lines = Lines::new(BufReader::new(found), LONGEST);
    let Some(first) = lines.next() else {
        return Err("it is empty".to_owned());
    };
    let first = first.map_err(|error| error.to_string())?;
    let element = name.element.map(|element| format!("-{}", element.letter()));
    let column = format!("{meter}{}", element.unwrap_or_default());
    match smip::heading(&first.text) {
        Some(found) if found == column => {}
        Some(found) => return Err(format!("its heading names {found}, and its name {column}")),
        None => {
            return Err(format!(
                "its first line is no heading \"created_at\",\"{column}\",\"{column}_rev\""
            ));
        }
    }
    let mut file = ReadingsFile {
        meter,
        element: name.element,
        rows: Vec::new(),
    };
    let mut missing = 0;
    for line in lines {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                report.refuse(place(folder, path, error.line()), "a half-hour", &error);
                continue;
            }
        };
        match half_hour(&line.text, name.date) {
            Ok(None) => {}
            Ok(Some(row)) => {
                missing += usize::from(row.import.is_none()) + usize::from(row.export.is_none());
                file.rows.push(ReadingsRow {
                    line: line.number,
                    at: row.at,
                    import: row.import,
                    export: row.export,
                });
            }
            Err(why) => report.refuse(place(folder, path, Some(line.number)), "a half-hour", why),
        }
        if file.rows.len() > ROWS {
            return Err(format!("it has more than {ROWS} lines, and a day has 48"));
        }
    }
    if missing > 0 {
        report.missing(missing as u64);
    }
    Ok((!file.rows.is_empty()).then_some(file))
}

fn half_hour(text: &str, day: Date) -> Result<Option<smip::Written>, String> {
    let Some(row) = smip::line(text).map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    let zoned = row.at.to_zoned(TimeZone::UTC);
    // Midnight at its end is still of the day.
    let ends_it = day.tomorrow().is_ok_and(|next| zoned.datetime() == next.at(0, 0, 0, 0));
    match zoned.date() == day || ends_it {
        true => Ok(Some(row)),
        false => Err(format!("{} is not of the day that the file is named by, {day}", row.at)),
    }
}

fn place(folder: &Folder, path: &Path, line: Option<u64>) -> Place {
    Place {
        file: folder.shown(path).display().to_string(),
        line,
    }
}
