//! `replicas-…`: whether folders of half-hour files are whole and the same (EMOP §14). Nothing is read
//! but names and sizes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use jiff::civil::Date;
use serde_json::json;

use super::{CliError, Common, print};
use crate::meter::arguments;

/// Lines of a whole day: a heading and 48 half hours.
const WHOLE_DAY: usize = 49;

/// Two folders that should be the same.
#[derive(Args)]
pub(super) struct Compare {
    /// One folder
    dir1: PathBuf,
    /// The other
    dir2: PathBuf,
    /// The first day that counts; files without a day do not count then
    #[arg(value_parser = arguments::day)]
    start: Option<Date>,
    /// The last day that counts
    #[arg(value_parser = arguments::day)]
    end: Option<Date>,
}

/// A folder that should have a file for every day.
#[derive(Args)]
pub(super) struct Check {
    /// The folder; those in it are looked at each for itself
    root: PathBuf,
    /// The first day
    #[arg(value_parser = arguments::day)]
    start: Date,
    /// The last day
    #[arg(value_parser = arguments::day)]
    end: Date,
}

/// A folder whose files of 2025 should have all of their lines.
#[derive(Args)]
pub(super) struct Records {
    /// The folder
    dir: PathBuf,
}

impl Compare {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CliError> {
        let counts = |date: Option<Date>| match (self.start, self.end) {
            (None, None) => true,
            (start, end) => {
                date.is_some_and(|date| start.is_none_or(|start| start <= date) && end.is_none_or(|end| date <= end))
            }
        };
        let sizes = |dir: &Path| -> Result<BTreeMap<PathBuf, u64>, CliError> {
            let files = files(dir)?.into_iter().filter(|file| counts(day_of(&file.path)));
            Ok(files.map(|file| (file.path, file.bytes)).collect())
        };
        let (one, other) = (sizes(&self.dir1)?, sizes(&self.dir2)?);
        let only = |a: &BTreeMap<PathBuf, u64>, b: &BTreeMap<PathBuf, u64>| -> Vec<PathBuf> {
            a.keys().filter(|path| !b.contains_key(*path)).cloned().collect()
        };
        let (first, second) = (only(&one, &other), only(&other, &one));
        let differ = one.iter().filter_map(|(path, size)| {
            let there = other.get(path).filter(|there| *there != size)?;
            Some((path.clone(), *size, *there))
        });
        let differ: Vec<(PathBuf, u64, u64)> = differ.collect();
        if common.json {
            print::json(&json!({ "only_first": first, "only_second": second, "differ": differ }));
        } else {
            section(
                &format!("Only in {}", self.dir1.display()),
                first.iter().map(|path| path.display().to_string()),
            );
            section(
                &format!("Only in {}", self.dir2.display()),
                second.iter().map(|path| path.display().to_string()),
            );
            let sizes = differ
                .iter()
                .map(|(path, a, b)| format!("{}: {a} and {b} bytes", path.display()));
            section("Of different size", sizes);
        }
        Ok(verdict(first.is_empty() && second.is_empty() && differ.is_empty()))
    }
}

impl Check {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CliError> {
        let mut folders: BTreeMap<PathBuf, BTreeSet<Date>> = BTreeMap::new();
        for file in files(&self.root)? {
            if let Some(date) = day_of(&file.path) {
                let folder = file.path.parent().unwrap_or(Path::new("")).to_owned();
                folders.entry(folder).or_default().insert(date);
            }
        }
        let mut missing: BTreeMap<PathBuf, Vec<[Date; 2]>> = BTreeMap::new();
        for (folder, dates) in folders {
            let gaps = gaps(&dates, self.start, self.end);
            if !gaps.is_empty() {
                missing.insert(folder, gaps);
            }
        }
        if common.json {
            print::json(&json!({ "missing": missing }));
        } else {
            for (folder, gaps) in &missing {
                let shown = gaps.iter().map(|[from, to]| match from == to {
                    true => from.to_string(),
                    false => format!("{from} to {to}"),
                });
                section(&format!("Missing in {}", self.root.join(folder).display()), shown);
            }
        }
        Ok(verdict(missing.is_empty()))
    }
}

impl Records {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CliError> {
        let mut short = BTreeMap::new();
        for file in files(&self.dir)? {
            let name = file.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.contains("-2025") {
                let path = self.dir.join(&file.path);
                let text = std::fs::read(&path)
                    .map_err(|error| CliError::usage(format_args!("{}: {error}", path.display())))?;
                let lines = text.split_inclusive(|byte| *byte == b'\n').count();
                if lines != WHOLE_DAY {
                    short.insert(file.path, lines);
                }
            }
        }
        if common.json {
            print::json(&short);
        } else {
            for (path, lines) in &short {
                print::line(format_args!("{}: {lines} lines", self.dir.join(path).display()));
            }
        }
        Ok(verdict(short.is_empty()))
    }
}

fn verdict(is_whole: bool) -> ExitCode {
    if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn section(heading: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    print::line(format_args!("{heading}: {}", lines.len()));
    for line in lines {
        print::line(format_args!("  {line}"));
    }
}

/// Days from `start` to `end` that are not there, as ranges.
fn gaps(dates: &BTreeSet<Date>, start: Date, end: Date) -> Vec<[Date; 2]> {
    let mut gaps: Vec<[Date; 2]> = Vec::new();
    let days = start.series(jiff::Span::new().days(1)).take_while(|date| *date <= end);
    for date in days.filter(|date| !dates.contains(date)) {
        match gaps.last_mut() {
            Some([_, last]) if last.tomorrow().ok() == Some(date) => *last = date,
            _ => gaps.push([date, date]),
        }
    }
    gaps
}

struct Found {
    /// Below the folder.
    path: PathBuf,
    bytes: u64,
}

/// Every `.csv` file in and below a folder; links are not followed.
fn files(root: &Path) -> Result<Vec<Found>, CliError> {
    let (mut found, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        let fault = |error: std::io::Error| CliError::usage(format_args!("{}: {error}", folder.display()));
        for entry in std::fs::read_dir(&folder).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(fault)?);
            if kind.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "csv") {
                let bytes = entry.metadata().map_err(fault)?.len();
                let path = path.strip_prefix(root).unwrap_or(&path).to_owned();
                found.push(Found { path, bytes });
            }
        }
    }
    Ok(found)
}

/// The day in a name, `…-YYYYMMDD.csv` or with marks behind it.
fn day_of(path: &Path) -> Option<Date> {
    let stem = path.file_stem()?.to_str()?;
    let (_, day) = stem.rsplit_once('-')?;
    let day = day.split_once('_').map_or(day, |(day, _)| day);
    let formed = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
    formed.then(|| Date::strptime("%Y%m%d", day).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn missing_days_are_told_as_ranges() {
        let there = BTreeSet::from([date(2025, 2, 27), date(2025, 3, 2)]);
        let found = gaps(&there, date(2025, 2, 27), date(2025, 3, 4));
        assert_eq!(
            found,
            [
                [date(2025, 2, 28), date(2025, 3, 1)],
                [date(2025, 3, 3), date(2025, 3, 4)]
            ]
        );
        assert_eq!(
            gaps(&there, date(2025, 3, 2), date(2025, 3, 2)),
            Vec::<[Date; 2]>::new()
        );
    }

    #[test]
    fn days_are_found_in_names() {
        for (name, day) in [
            ("a/EML1-20250102.csv", Some(date(2025, 1, 2))),
            ("EML1-A-20250102_st.csv", Some(date(2025, 1, 2))),
            ("EML1-20251302.csv", None),
            ("notes.csv", None),
        ] {
            assert_eq!(day_of(Path::new(name)), day, "{name}");
        }
    }
}
