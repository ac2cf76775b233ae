//! The survey of month files: which count, which of them are damaged or missing, and how salvage mends them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::block::Part;
use super::lookup::Lookup;
use super::month_file::{self, Check, NAMED, Named, Writer};
use super::series::{Month, Series};
use crate::store::files::{self, Disk};
use crate::store::keep::snapshot::Overlay;
use crate::store::open::loss::{Loss, LossKind};
use crate::store::schema::{MONTH_FILES, READINGS};
use crate::store::{FileError, ReadError};

/// Series that are named one by one in a report; more are summed up.
const NAMED_ONE_BY_ONE: usize = 20;

/// Which month files count, as rows of snapshot and log say.
#[derive(Debug, Default)]
pub(in crate::store) struct Standing(BTreeMap<Month, Named>);

impl Standing {
    /// Of a running book.
    pub(in crate::store) fn live(lookup: &Lookup) -> Result<Standing, ReadError> {
        let rows = NAMED.scan_in(&lookup.table, &[], None, usize::MAX)?;
        let named = rows
            .into_iter()
            .filter_map(|(key, named)| Some((month_file::month_of(&key)?, named)));
        Ok(Standing(named.collect()))
    }

    /// Out of rows by their keys in the table.
    pub(in crate::store) fn of(rows: &Overlay) -> Standing {
        let named = rows.iter().filter_map(|(key, row)| {
            let month = month_file::month_of(key.strip_prefix(&[MONTH_FILES.prefix])?)?;
            Some((month, serde_json::from_slice(row.as_deref()?).ok()?))
        });
        Standing(named.collect())
    }
}

/// How a month file was found that should be there.
#[derive(Debug)]
enum Found {
    Whole,
    Damaged(Check),
    Missing,
}

/// The month files of a generation.
#[derive(Debug, Default)]
pub(in crate::store) struct MonthFiles {
    dir: PathBuf,
    /// Those that count.
    named: BTreeMap<Month, (Named, Found)>,
    /// Those that no row names, by month: versions.
    others: BTreeMap<Month, Vec<u32>>,
}

impl MonthFiles {
    /// Reads those in `dir` that count from end to end.
    pub(in crate::store) fn look(disk: &dyn Disk, dir: &Path, standing: &Standing) -> Result<MonthFiles, FileError> {
        let mut month_files = MonthFiles {
            dir: dir.to_path_buf(),
            ..MonthFiles::default()
        };
        for found in files::list(disk, dir)? {
            let Some((month, version)) = month_file::parse_name(&found.name) else {
                continue;
            };
            match standing.0.get(&month).filter(|named| named.version == version) {
                Some(named) => {
                    let check = month_file::check(disk, &dir.join(&found.name), month)?;
                    let state = if check.whole {
                        Found::Whole
                    } else {
                        Found::Damaged(check)
                    };
                    month_files.named.insert(month, (*named, state));
                }
                None => month_files.others.entry(month).or_default().push(version),
            }
        }
        for (month, named) in &standing.0 {
            month_files.named.entry(*month).or_insert((*named, Found::Missing));
        }
        Ok(month_files)
    }

    /// What of them is damaged or missing.
    pub(in crate::store) fn losses(&self) -> Vec<Loss> {
        let loss = |(month, (named, found)): (&Month, &(Named, Found))| {
            let path = self.dir.join(month_file::name(*month, named.version));
            let (kind, ledgers) = match found {
                Found::Whole => return None,
                Found::Damaged(check) => (LossKind::MonthFile, concerned(*month, &check.lost)),
                Found::Missing => (LossKind::MonthFileMissing, concerned(*month, &[])),
            };
            // A damaged index or end is made again out of the leaves.
            let rows = match found {
                Found::Whole => false,
                Found::Damaged(check) => !loses_nothing(check),
                // A newer one says all that an older one did.
                Found::Missing => !self
                    .others
                    .get(month)
                    .into_iter()
                    .flatten()
                    .any(|other| *other > named.version),
            };
            Some(Loss {
                ledgers,
                rows,
                ..Loss::of(kind, &path)
            })
        };
        self.named.iter().filter_map(loss).collect()
    }

    /// Puts what can be read into the folder `to` of a new generation, and the rows that name it into `rows`. When
    /// `rows_lost`, a file may have lost the row that named it: then the newest whole one of a month counts, which
    /// says nothing that was not written.
    pub(in crate::store) fn mend(
        &self,
        disk: &dyn Disk,
        to: &Path,
        (now, rows_lost): (Timestamp, bool),
        rows: &mut Overlay,
    ) -> Result<(), FileError> {
        for (month, (named, found)) in &self.named {
            let counts = match found {
                Found::Whole => {
                    self.link(disk, to, *month, named.version)?;
                    Some(*named)
                }
                Found::Damaged(check) => Some(self.write_anew(disk, to, (*month, named.version, now), check)?),
                Found::Missing => None,
            };
            put(rows, *month, counts);
        }
        for (month, versions) in &self.others {
            let known = self.named.get(month);
            let wanted = match known {
                None => rows_lost,
                Some((_, Found::Missing)) => true,
                Some((_, Found::Whole | Found::Damaged(_))) => false,
            };
            if let Some(version) = versions.iter().copied().max().filter(|_| wanted)
                && month_file::check(disk, &self.dir.join(month_file::name(*month, version)), *month)?.whole
            {
                self.link(disk, to, *month, version)?;
                put(rows, *month, Some(Named { version, made: now }));
            }
        }
        Ok(())
    }

    fn link(&self, disk: &dyn Disk, to: &Path, month: Month, version: u32) -> Result<(), FileError> {
        let name = month_file::name(month, version);
        let from = self.dir.join(&name);
        disk.link(&from, &to.join(&name))
            .map_err(|source| FileError::new("cannot link", &from, source))
    }

    /// The leaves of a damaged file that can be read, in a new one.
    fn write_anew(
        &self,
        disk: &dyn Disk,
        to: &Path,
        (month, version, now): (Month, u32, Timestamp),
        check: &Check,
    ) -> Result<Named, FileError> {
        let named = Named {
            version: version + 1,
            made: now,
        };
        let mut writer = Writer::begin(disk, to, month, named.version)?;
        debug_assert!(check.readable.is_sorted(), "leaves were written in order");
        month_file::walk(
            disk,
            &self.dir.join(month_file::name(month, version)),
            month,
            |_, part| match part {
                Part::Leaf(series, days) => writer.add(series, days),
                Part::Head(_) | Part::Index(_) | Part::End(_) => Ok(()),
            },
        )?;
        writer.finish()?;
        Ok(named)
    }
}

/// Whether every block that there was can be read.
fn loses_nothing(check: &Check) -> bool {
    check.lost.is_empty() && check.end.leaves == check.readable.len() as u64 && check.end.leaves > 0
}

/// What is concerned by damage to the file of `month`, in words.
fn concerned(month: Month, lost: &[Series]) -> Vec<String> {
    if lost.is_empty() || lost.len() > NAMED_ONE_BY_ONE {
        return vec![format!("{} of {month}", READINGS.name)];
    }
    let one = |series: &Series| format!("{} of {series} in {month}", READINGS.name);
    lost.iter().map(one).collect()
}

fn put(rows: &mut Overlay, month: Month, named: Option<Named>) {
    let key = [&[MONTH_FILES.prefix], &month_file::key(month)[..]].concat();
    let row = named.map(|named| serde_json::to_vec(&named).expect("a plain struct"));
    rows.insert(key, row);
}
