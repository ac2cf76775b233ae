//! The file of groups: Java properties, one group of days a meter (EMOP §14).

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::meter::arguments::{self, ArgumentError};

/// Days back from today when nothing says from when on.
const START_DAYS: i64 = 30;

/// What to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The supplier's code.
    pub(super) esco: String,
    /// Seconds between two days of a meter.
    pub(super) sleep: u64,
    pub(super) groups: Vec<Group>,
}

/// The days of one meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) name: String,
    /// The last part of the meter's name, and of the folder.
    pub(super) meter: String,
    pub(super) folder: PathBuf,
    pub(super) from: Date,
    /// The last day.
    pub(super) to: Date,
    pub(super) overwrite: bool,
}

/// A file that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PlanError {
    /// Something is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A value is not what it should be.
    #[error("`{key}`: {source}")]
    Day {
        /// Its key.
        key: String,
        /// What is wrong.
        source: ArgumentError,
    },
    /// No number.
    #[error("`{0}` is not a whole number")]
    Number(String),
    /// No group is to be downloaded.
    #[error(
        "no group is to be downloaded; `testmode` is on unless it says no, and takes groups with `G.test=yes` only"
    )]
    Nothing,
}

impl Plan {
    /// Reads the file.
    pub(super) fn read(text: &str, today: Date) -> Result<Plan, PlanError> {
        let keys = properties(text);
        let get = |key: &str| keys.get(key).map(String::as_str).filter(|value| !value.is_empty());
        let root = PathBuf::from(get("rootfolder").ok_or(PlanError::Missing("rootfolder"))?);
        let number = |key: &str, preset: u64| {
            get(key).map_or(Ok(preset), |text| {
                text.parse().map_err(|_| PlanError::Number(key.to_owned()))
            })
        };
        let is_test = is_yes(get("testmode").unwrap_or("yes"));
        let back = i64::try_from(number("default.startdays", START_DAYS.unsigned_abs())?).unwrap_or(START_DAYS);
        let day = |key: &str| {
            let read = |text| {
                arguments::day(text).map_err(|source| PlanError::Day {
                    key: key.to_owned(),
                    source,
                })
            };
            get(key).map(read).transpose()
        };
        let first = day("default.startdate")?.unwrap_or_else(|| today.saturating_sub(back.days()));
        let names = keys
            .keys()
            .filter_map(|key| key.strip_suffix(".folder"))
            .filter(|name| *name != "default");
        let mut groups = Vec::new();
        for name in names {
            let of = |what: &str| format!("{name}.{what}");
            if is_test && !get(&of("test")).is_some_and(is_yes) {
                continue;
            }
            let meter = get(&of("folder")).unwrap_or_default().to_owned();
            groups.push(Group {
                name: name.to_owned(),
                folder: root.join(&meter),
                meter,
                from: day(&of("startdate"))?.unwrap_or(first),
                to: day(&of("enddate"))?.unwrap_or_else(|| today.saturating_sub(1.days())),
                overwrite: get(&of("overwrite")).is_some_and(is_yes),
            });
        }
        if groups.is_empty() {
            return Err(PlanError::Nothing);
        }
        Ok(Plan {
            esco: get("esco").unwrap_or_default().to_owned(),
            sleep: number("sleepseconds", 5)?,
            groups,
        })
    }
}

fn is_yes(text: &str) -> bool {
    ["yes", "true", "1"].contains(&text.to_ascii_lowercase().as_str())
}

/// `key=value` or `key: value`; `#` and `!` begin notes.
fn properties(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '!']));
    let pairs = lines.filter_map(|line| line.split_once(['=', ':']));
    pairs
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 2, 10);

    #[test]
    fn a_file_of_groups_is_read_with_its_presets() {
        let text = "# ours\nrootfolder=/data\nesco=HMCE\ntestmode=no\na.folder=flat7\na.startdate=2026-02-01\n\
                    b.folder : flat8\nb.enddate=2026-02-03\nb.overwrite=yes\n";
        let plan = Plan::read(text, TODAY).unwrap();
        assert_eq!((plan.esco.as_str(), plan.sleep, plan.groups.len()), ("HMCE", 5, 2));
        let [a, b] = plan.groups.as_slice() else { panic!() };
        assert_eq!((a.from, a.to, a.overwrite), (date(2026, 2, 1), date(2026, 2, 9), false));
        assert_eq!((b.from, b.to, b.overwrite), (date(2026, 1, 11), date(2026, 2, 3), true));
        assert_eq!(b.folder, PathBuf::from("/data/flat8"));
    }

    #[test]
    fn tests_are_the_rule_and_faults_are_named() {
        let text = "rootfolder=/data\na.folder=x\nb.folder=y\nb.test=yes\n";
        let plan = Plan::read(text, TODAY).unwrap();
        assert_eq!(plan.groups.len(), 1);
        assert_eq!(Plan::read("a.folder=x", TODAY), Err(PlanError::Missing("rootfolder")));
        assert_eq!(Plan::read("rootfolder=/d\na.folder=x", TODAY), Err(PlanError::Nothing));
        assert!(matches!(
            Plan::read("rootfolder=/d\ntestmode=no\na.folder=x\na.startdate=soon", TODAY),
            Err(PlanError::Day { .. })
        ));
    }
}
